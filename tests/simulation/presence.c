/*
 * What nodes have, and what they say they have: node.status.images as a kubelet writes
 * it, with the change and now and then without one; and how images come and go behind
 * the reconciler's back (behaviour.md 17, 18).
 */
#include "tests/simulation/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* A kubelet looks at its images this often, and writes at least this often. */
#define LOOK_MS   10000
#define REPORT_MS 300000
/* Everywhere, smaller than all others: what proves that others are not there. */
#define BASE_NAME "registry.test/base:1"
#define BASE_SIZE 1000

struct sim_pulled *sim_pulled_find(struct sim *s, const char *node_uid, const char *reference)
{
	for (size_t i = 0; i < s->n_pulled; i++)
		if (strcmp(s->pulled[i].node_uid, node_uid) == 0 &&
		    strcmp(s->pulled[i].reference, reference) == 0)
			return &s->pulled[i];
	return NULL;
}

bool sim_has_pulled(struct sim *s, const char *node_uid, const char *reference)
{
	const struct sim_pulled *p = sim_pulled_find(s, node_uid, reference);
	return p != NULL && !p->gone;
}

bool sim_had_pulled(struct sim *s, const char *node_uid, const char *reference)
{
	return sim_pulled_find(s, node_uid, reference) != NULL;
}

void sim_pulled_add(struct sim *s, const char *node_uid, const char *reference)
{
	struct sim_pulled *p = sim_pulled_find(s, node_uid, reference);
	if (p == NULL) {
		if (s->n_pulled == PULLED_MAX)
			return;
		p = &s->pulled[s->n_pulled++];
		*p = (struct sim_pulled){0};
		sim_text(p->node_uid, NAME, node_uid);
		sim_text(p->reference, TEXT, reference);
	}
	p->gone = false;
	p->version = asked_version(s, reference);
	p->listed_to = 0;
}

/* Two or three of them fit into one pod (42). */
int64_t sim_bytes(const char *reference)
{
	return BASE_SIZE + 1 + (int64_t)(hash_stable_str(HASH_STABLE_START, reference) % 400000000);
}

static int compare(const void *a, const void *b)
{
	const struct sim_listed *x = a, *y = b;
	return x->size > y->size ? -1 : x->size < y->size;
}

static struct sim_report look(struct sim *s, const struct sim_node *n)
{
	struct sim_report r = {0};
	for (size_t i = 0; i < s->n_pulled && r.n + 1 < LISTED_MAX; i++) {
		const struct sim_pulled *p = &s->pulled[i];
		if (p->gone || strcmp(p->node_uid, n->uid) != 0)
			continue;
		sim_text(r.at[r.n].name, NAME, p->reference);
		r.at[r.n].version = p->version;
		r.at[r.n++].size = sim_bytes(p->reference);
	}
	sim_text(r.at[r.n].name, NAME, BASE_NAME);
	r.at[r.n++].size = BASE_SIZE;
	qsort(r.at, r.n, sizeof(r.at[0]), compare);
	while (r.n > n->cap)
		r.at[--r.n] = (struct sim_listed){0};
	return r;
}

static void report(struct sim *s, struct sim_node *n)
{
	struct sim_report r = look(s, n);
	bool same = r.n == n->report.n && memcmp(r.at, n->report.at, sizeof(r.at)) == 0;
	int64_t since = s->run.boot_ms - n->report_ms;
	if (n->report.heartbeat != 0 && since < (same ? REPORT_MS : LOOK_MS))
		return;
	r.heartbeat = sim_now(s).wall_s - s->wall_offset_s;
	n->report = r;
	n->report_ms = s->run.boot_ms;
	sim_say(s, KIND_NODE, false, n);
}

void sim_reports(struct sim *s)
{
	if (s->run.boot_ms % 1000 != 0)
		return;
	for (int i = 0; i < NODES_MAX; i++)
		if (s->nodes[i].exists && s->nodes[i].ready)
			report(s, &s->nodes[i]);
}

bool sim_lists(const struct sim_node *n, const char *reference)
{
	for (size_t i = 0; i < n->report.n; i++)
		if (strcmp(n->report.at[i].name, reference) == 0)
			return true;
	return false;
}

bool sim_proves(const struct sim_node *n)
{
	return n->ready && !n->five_names && n->cap >= LISTED_MAX;
}

void sim_told(struct sim *s, const struct sim_node *n, bool gone)
{
	for (int i = 0; i < NODES_MAX; i++) {
		struct sim_node *t = &s->told[i];
		if (strcmp(s->nodes[i].name, n->name) == 0) {
			if (t->ready != n->ready || strcmp(t->uid, n->uid) != 0 || gone)
				s->nodes[i].turned_ms = s->run.boot_ms;
			*t = *n;
			t->exists = !gone;
		}
	}
	for (int i = 0; !gone && s->read_life == s->life && i < IMAGES_MAX; i++) {
		const struct sim_image *img = &s->images[i];
		char reference[TEXT];
		sim_reference(img, reference);
		struct sim_pulled *p = sim_pulled_find(s, n->uid, reference);
		/* What the core does not know of the image is not held against it. */
		if (img->exists && p != NULL && s->run.boot_ms - img->changed_ms > 20000 &&
		    sim_lists(n, reference))
			p->listed_to = s->life;
	}
}

/* The kubelet's garbage collector, or somebody with crictl. */
void sim_lose_image(struct sim *s)
{
	if (s->jumps || s->n_pulled == 0)
		return;
	struct sim_pulled *p = &s->pulled[sim_random(&s->run, s->n_pulled)];
	sim_trace(&s->run, "%s loses %s", p->node_uid, p->reference);
	p->gone = p->ever_gone = true;
	/* If we die before this is written down, the first attempt is made again. */
	for (size_t i = 0; i < s->n_creates; i++)
		if (strstr(s->creates[i].key, p->node_uid) != NULL &&
		    strstr(s->creates[i].key, p->reference) != NULL)
			s->creates[i].key[0] = '\0';
}

/* Somebody else's pod pulled it. */
void sim_preload_image(struct sim *s)
{
	const struct sim_image *img = &s->images[sim_random(&s->run, IMAGES_MAX)];
	const struct sim_node *n = &s->nodes[sim_random(&s->run, NODES_MAX)];
	char reference[TEXT];
	sim_reference(img, reference);
	if (s->jumps || !img->exists || !n->exists || sim_missing(reference))
		return;
	sim_trace(&s->run, "%s has got %s", n->uid, reference);
	sim_pulled_add(s, n->uid, reference);
}
