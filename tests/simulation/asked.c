/*
 * The registry in the pretend cluster (behaviour 35, 37, 38, 39): tags move, answers are late, of
 * before the move, or none; a question is lost with the leader who asked. Of every third image the
 * tag means, in turn, an index without arm64 and one with it. What must hold is in check.c: in the
 * end each node has what the tag means, and only nodes without a platform are left out.
 */
#include "tests/simulation/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest that an answer takes, or its absence. */
#define LATE_MS 5000

void asked_core_new(struct sim *s)
{
	core_allow_checks(s->core, s->checks);
}

void asked_digest(unsigned version, char out[80])
{
	snprintf(out, 80, "sha256:%064x", version);
}

/* "registry.test/image-3:1": 3. */
static int number_of(const char *reference)
{
	const char *dash = strstr(reference, "image-");
	return dash != NULL ? (int)strtol(dash + 6, NULL, 10) : 0;
}

unsigned asked_version(const struct sim *s, const char *reference)
{
	return s->checks ? s->versions[number_of(reference) % IMAGES_MAX] + 1 : 0;
}

static bool narrow(int image, unsigned version)
{
	return image % 3 == 2 && version % 2 == 1;
}

bool asked_may_skip(const struct sim *s, const char *reference, const struct sim_node *n)
{
	return s->checks && n->arm && number_of(reference) % 3 == 2;
}

bool asked_nothing_for(const struct sim *s, const char *reference, const struct sim_node *n)
{
	return asked_may_skip(s, reference, n) &&
	       narrow(number_of(reference), asked_version(s, reference));
}

size_t asked_room(const struct sim *s)
{
	size_t n = 0;
	for (int i = 0; i < ASKED_MAX; i++)
		n += !s->questions[i].used;
	return n;
}

void asked_act(struct sim *s, const struct core_check *k)
{
	int i = 0;
	while (i < ASKED_MAX - 1 && s->questions[i].used)
		i++;
	struct asked_question *q = &s->questions[i];
	bool silent = s->run.boot_ms < s->registry_down_ms || sim_missing(k->reference) ||
		      (s->faults && sim_chance(&s->run, 100));
	if (q->used)
		sim_fail(&s->run, "asks more than there is room for");
	*q = (struct asked_question){.used = true,
				     .known = !silent,
				     .version = asked_version(s, k->reference),
				     .platforms = k->platforms && !sim_chance(&s->run, 100)};
	char digest[80];
	asked_digest(q->version, digest);
	if (k->have != NULL && strcmp(k->have, digest) == 0)
		q->platforms = false;
	q->answer_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, s->faults ? LATE_MS : 500);
	sim_text(q->image, NAME, k->image_name);
	sim_text(q->uid, NAME, k->image_uid);
	sim_text(q->reference, TEXT, k->reference);
	sim_trace(&s->run, "ASK %s: version %u, known %d", q->reference, q->version, q->known);
}

void asked_answers(struct sim *s)
{
	for (int i = 0; i < ASKED_MAX; i++) {
		struct asked_question *q = &s->questions[i];
		int64_t bytes = sim_bytes(q->reference);
		struct image_platform platforms[] = {{"linux/amd64", bytes},
						     {"linux/arm64", bytes}};
		char digest[80];
		if (!q->used || s->run.boot_ms < q->answer_ms)
			continue;
		asked_digest(q->version, digest);
		const struct core_told told = {
			.known = q->known,
			.digest = digest,
			.is_public = true,
			.platforms = {platforms,
				      !q->platforms                              ? 0
				      : narrow(number_of(q->reference), q->version) ? 1
										    : 2},
			.text = "it is down",
		};
		q->used = false;
		s->touched = true;
		core_told(s->core, q->image, q->uid, q->reference, &told, sim_now(s));
	}
}

void asked_drop(struct sim *s)
{
	memset(s->questions, 0, sizeof(s->questions));
}

void asked_trouble(struct sim *s)
{
	if (!s->checks)
		return;
	if (sim_chance(&s->run, 3)) {
		int i = (int)sim_random(&s->run, IMAGES_MAX);
		s->versions[i]++;
		sim_trace(&s->run, "the tags of image-%d move to version %u", i,
			  s->versions[i] + 1);
	}
	if (sim_chance(&s->run, 2))
		s->registry_down_ms = s->run.boot_ms + (int64_t)sim_random(&s->run, 20000);
}
