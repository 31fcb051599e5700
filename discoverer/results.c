/* See results.h. */
#include "discoverer/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#include "discoverer/score.h"

#define NAME(name, doc) [DROP_##name] = #name,
#define TEXT(name, doc) [DROP_##name] = doc,
static const char *const reason_names[] = {[DROP_none] = "", DROP_REASONS(NAME)};
static const char *const reason_texts[] = {[DROP_none] = "", DROP_REASONS(TEXT)};

const char *drop_reason_name(enum drop_reason reason)
{
	return name_of(NAMES(reason_names), reason);
}

const char *drop_reason_text(enum drop_reason reason)
{
	return name_of(NAMES(reason_texts), reason);
}

struct results_index {
	size_t at;
};

static bool usable(const char *image, size_t len)
{
	if (len == 0 || len > RESULTS_IMAGE_MAX || strlen(image) != len)
		return false;
	for (const char *p = image; *p != '\0'; p += utf8_len(p))
		if ((unsigned char)*p <= ' ' || *p == 0x7f || utf8_len(p) == 0)
			return false;
	return true;
}

void results_drop(struct results *r, const char *image, enum drop_reason why)
{
	r->counts[why]++;
	if (!r->keep_dropped || r->n_dropped == RESULTS_DROPPED_MAX)
		return;
	if (r->dropped == NULL)
		r->dropped = arena_array(&r->mem, RESULTS_DROPPED_MAX, sizeof(*r->dropped));
	size_t n = utf8_cut(image, RESULTS_IMAGE_MAX);
	r->dropped[r->n_dropped++] =
		(struct results_dropped){arena_strndup(&r->mem, image, n), why};
}

void results_parts(struct results *r, size_t n)
{
	r->parts = arena_array(&r->mem, n, sizeof(*r->parts));
	r->n_parts = n;
}

static size_t most_images(const struct results *r)
{
	size_t most = r->n_rules > 0 ? RESULTS_STATES_MAX / r->n_rules : RESULTS_MAX;
	return most < RESULTS_MAX ? most : RESULTS_MAX;
}

static void grow(struct results *r)
{
	size_t was = r->cap, most = most_images(r);
	r->cap = r->cap != 0 ? 2 * r->cap : 16;
	r->cap = r->cap < most ? r->cap : most;
	r->at = xreallocarray(r->at, r->cap, sizeof(*r->at));
	if (r->n_rules == 0)
		return;
	r->states = xreallocarray(r->states, r->cap * r->n_rules, sizeof(*r->states));
	memset(r->states + was * r->n_rules, 0, (r->cap - was) * r->n_rules * sizeof(*r->states));
}

/* The image among the results, perhaps as a new one; NULL: it is left out. */
static struct results_image *take(struct results *r, const char *image, size_t len, double score)
{
	if (!usable(image, len)) {
		results_drop(r, image, DROP_unusable);
		return NULL;
	}
	const struct results_index *known = map_get(&r->by_image, image);
	if (known != NULL) {
		double *was = &r->at[known->at].score;
		if (r->sum)
			*was = score_clamp(*was + score);
		else if (score > *was)
			*was = score;
		return &r->at[known->at];
	}
	if (r->n == most_images(r) || r->mem.used > RESULTS_BYTES) {
		results_drop(r, image, DROP_too_many);
		return NULL;
	}
	if (r->n == r->cap)
		grow(r);
	struct results_index *index = arena_alloc(&r->mem, sizeof(*index));
	*index = (struct results_index){r->n};
	r->at[r->n] = (struct results_image){arena_strdup(&r->mem, image), score, r->part, r->n};
	map_put(&r->by_image, r->at[r->n].image, index);
	r->n_rows++;
	return &r->at[r->n++];
}

struct signal_state *results_states(const struct results *r, const struct results_image *image)
{
	return r->states != NULL ? r->states + image->row * r->n_rules : NULL;
}

void results_add(struct results *r, const char *image, size_t len, double score)
{
	take(r, image, len, score);
}

void results_merge(struct results *r, const char *image, size_t len, double score,
		   struct signal_state *states)
{
	const struct results_image *at = take(r, image, len, score);
	for (size_t i = 0; states != NULL && i < r->n_rules; i++)
		if (at != NULL)
			signal_merge(&results_states(r, at)[i], &states[i]);
		else
			signal_clear(&states[i]);
}

void results_sample(struct results *r, const char *image, size_t len, enum series s,
		    const struct sample *sample)
{
	/* Bytes are no seconds: they don't count as its value. */
	const struct results_image *at =
		take(r, image, len, s == SERIES_IMAGE_BYTES ? 0 : sample->value);
	for (size_t i = 0; at != NULL && i < r->n_rules; i++)
		signal_fold(&r->rules[i], &results_states(r, at)[i], s, sample);
}

void results_fold(struct results *r, const struct results_image *image, enum series s,
		  const struct sample *sample, uint64_t n)
{
	for (size_t i = 0; i < r->n_rules; i++)
		signal_fold_many(&r->rules[i], &results_states(r, image)[i], s, sample, n);
}

const struct results_image *results_find(const struct results *r, const char *image)
{
	const struct results_index *known = map_get(&r->by_image, image);
	return known != NULL ? &r->at[known->at] : NULL;
}

bool results_has(const struct results *r, const char *image)
{
	return map_get(&r->by_image, image) != NULL;
}

void results_why_none(const struct results *r, char *text, size_t size)
{
	size_t all = 0, most = 0;
	enum drop_reason why = DROP_none;
	for (int i = DROP_none + 1; r->n == 0 && i < DROP_REASONS_COUNT; i++) {
		all += r->counts[i];
		if (r->counts[i] > most) {
			most = r->counts[i];
			why = (enum drop_reason)i;
		}
	}
	if (most > 0)
		snprintf(text, size, "all %zu names were left out; %zu: %s", all, most,
			 drop_reason_text(why));
}

void results_done(struct results *r)
{
	map_done(&r->by_image);
	for (size_t i = 0; i < r->n_rows * r->n_rules; i++)
		signal_clear(&r->states[i]);
	free(r->states);
	free(r->at);
	arena_done(&r->mem);
	*r = (struct results){0};
}
