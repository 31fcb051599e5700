/* See found.h. */
#include "discoverer/found.h"

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

struct found_index {
	size_t at;
};

static bool usable(const char *image, size_t len)
{
	if (len == 0 || len > FOUND_IMAGE_MAX || strlen(image) != len)
		return false;
	for (const char *p = image; *p != '\0'; p += utf8_len(p))
		if ((unsigned char)*p <= ' ' || *p == 0x7f || utf8_len(p) == 0)
			return false;
	return true;
}

void found_drop(struct found *f, const char *image, enum drop_reason why)
{
	f->counts[why]++;
	if (!f->remember || f->n_dropped == FOUND_DROPPED_MAX)
		return;
	if (f->dropped == NULL)
		f->dropped = arena_array(&f->mem, FOUND_DROPPED_MAX, sizeof(*f->dropped));
	size_t n = utf8_cut(image, FOUND_IMAGE_MAX);
	f->dropped[f->n_dropped++] = (struct found_dropped){arena_strndup(&f->mem, image, n), why};
}

void found_parts(struct found *f, size_t n)
{
	f->parts = arena_array(&f->mem, n, sizeof(*f->parts));
	f->n_parts = n;
}

static void grow(struct found *f)
{
	size_t was = f->cap;
	f->cap = f->cap != 0 ? 2 * f->cap : 16;
	f->at = xreallocarray(f->at, f->cap, sizeof(*f->at));
	if (f->n_rules == 0)
		return;
	f->states = xreallocarray(f->states, f->cap * f->n_rules, sizeof(*f->states));
	memset(f->states + was * f->n_rules, 0, (f->cap - was) * f->n_rules * sizeof(*f->states));
}

/* The image among those found, perhaps as a new one; NULL: it is left out. */
static struct found_image *take(struct found *f, const char *image, size_t len, double score)
{
	if (!usable(image, len)) {
		found_drop(f, image, DROP_unusable);
		return NULL;
	}
	const struct found_index *known = map_get(&f->by_image, image);
	if (known != NULL) {
		double *was = &f->at[known->at].score;
		if (f->sum)
			*was = score_clamp(*was + score);
		else if (score > *was)
			*was = score;
		return &f->at[known->at];
	}
	if (f->n == FOUND_MAX || f->mem.used > FOUND_BYTES) {
		found_drop(f, image, DROP_too_many);
		return NULL;
	}
	if (f->n == f->cap)
		grow(f);
	struct found_index *index = arena_alloc(&f->mem, sizeof(*index));
	*index = (struct found_index){f->n};
	f->at[f->n] = (struct found_image){arena_strdup(&f->mem, image), score, f->part, f->n};
	map_put(&f->by_image, f->at[f->n].image, index);
	f->n_rows++;
	return &f->at[f->n++];
}

struct signal_state *found_states(const struct found *f, const struct found_image *image)
{
	return f->states != NULL ? f->states + image->row * f->n_rules : NULL;
}

void found_add(struct found *f, const char *image, size_t len, double score)
{
	take(f, image, len, score);
}

void found_merge(struct found *f, const char *image, size_t len, double score,
		 struct signal_state *states)
{
	const struct found_image *at = take(f, image, len, score);
	for (size_t i = 0; states != NULL && i < f->n_rules; i++)
		if (at != NULL)
			signal_merge(&found_states(f, at)[i], &states[i]);
		else
			signal_clear(&states[i]);
}

void found_sample(struct found *f, const char *image, size_t len, enum series s,
		  const struct sample *sample)
{
	/* Bytes are no seconds: they don't count as its value. */
	const struct found_image *at =
		take(f, image, len, s == SERIES_IMAGE_BYTES ? 0 : sample->value);
	for (size_t i = 0; at != NULL && i < f->n_rules; i++)
		signal_fold(&f->rules[i], &found_states(f, at)[i], s, sample);
}

bool found_has(const struct found *f, const char *image)
{
	return map_get(&f->by_image, image) != NULL;
}

void found_why_none(const struct found *f, char *text, size_t size)
{
	size_t all = 0, most = 0;
	enum drop_reason why = DROP_none;
	for (int i = DROP_none + 1; f->n == 0 && i < DROP_REASONS_COUNT; i++) {
		all += f->counts[i];
		if (f->counts[i] > most) {
			most = f->counts[i];
			why = (enum drop_reason)i;
		}
	}
	if (most > 0)
		snprintf(text, size, "all %zu names were left out; %zu: %s", all, most,
			 drop_reason_text(why));
}

void found_done(struct found *f)
{
	map_done(&f->by_image);
	for (size_t i = 0; i < f->n_rows * f->n_rules; i++)
		signal_clear(&f->states[i]);
	free(f->states);
	free(f->at);
	arena_done(&f->mem);
	*f = (struct found){0};
}
