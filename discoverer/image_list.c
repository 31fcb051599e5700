/* See image_list.h. */
#include "discoverer/image_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "discoverer/score.h"

/* {"image":"","score":-9007199254740992,"source":"prometheus"}, and some for escapes. */
#define ENTRY_BYTES 72

static int by_rank(double a_score, const char *a, double b_score, const char *b)
{
	if (a_score != b_score)
		return a_score > b_score ? -1 : 1;
	return strcmp(a, b);
}

static int source_order(const void *a, const void *b)
{
	const struct source_image *x = a, *y = b;
	return by_rank(x->score, x->image, y->score, y->image);
}

static int list_order(const void *a, const void *b)
{
	const struct list_image *x = a, *y = b;
	if (x->out != y->out)
		return x->out ? 1 : -1;
	return by_rank(x->score, x->image, y->score, y->image);
}

/* ---- known images of a source ---- */

void source_images_done(struct source_images *known)
{
	arena_done(&known->mem);
	*known = (struct source_images){0};
}

/* Texts and numbers are copied. */
static void add_image(struct source_images *known, const struct source_image *image)
{
	struct source_image *at = &known->at[known->n++];
	*at = *image;
	at->image = arena_strdup(&known->mem, image->image);
	if (known->n_numbers > 0)
		at->numbers = arena_memdup(&known->mem, image->numbers,
					   known->n_numbers * sizeof(*image->numbers));
}

void source_images_begin_round(struct source_images *known)
{
	for (size_t i = 0; i < known->n_counted; i++)
		known->counted[i] = false;
}

/* ---- parts ---- */

static size_t n_parts(const struct results *r)
{
	return r->parts != NULL ? r->n_parts : 1;
}

static enum part_state part_state(const struct results *r, size_t part, bool whole)
{
	if (r->parts == NULL)
		return whole ? PART_WHOLE : PART_ADDED;
	return r->parts[part];
}

/* Do known images that are not in the answer of such a part count as missing? */
static bool tells(enum part_state state)
{
	return state == PART_WHOLE || state == PART_GONE;
}

struct absence {    /* of a known image that is not in the answer */
	bool told;  /* the answer is complete, so the image is missing */
	bool fresh; /* and this is the first such answer of the round */
};

static struct absence absence(const struct source_images *known, const struct results *r,
			      const struct source_image *old, bool whole)
{
	struct absence a = {false, false};
	size_t part = r->parts == NULL ? 0 : old->part;
	if (part == PART_UNKNOWN && r->part_of != NULL)
		part = r->part_of(r->part_ctx, old->image);
	/* An image of no known part is missing if any part answered completely. */
	for (size_t i = 0; i < n_parts(r); i++) {
		if ((part < n_parts(r) && part != i) || !tells(part_state(r, i, whole)))
			continue;
		a.told = true;
		a.fresh |= i >= known->n_counted || !known->counted[i];
	}
	return a;
}

static void mark_counted(struct source_images *next, const struct source_images *known,
			 const struct results *r, bool whole)
{
	next->n_counted = n_parts(r);
	next->counted = arena_array(&next->mem, next->n_counted, sizeof(*next->counted));
	for (size_t i = 0; i < next->n_counted; i++)
		next->counted[i] = (i < known->n_counted && known->counted[i]) ||
				   tells(part_state(r, i, whole));
}

static const double *numbers_of(const struct results *r, const struct results_image *image,
				struct arena *a)
{
	double *numbers = arena_array(a, r->n_rules, sizeof(*numbers));
	for (size_t i = 0; i < r->n_rules; i++)
		numbers[i] = signal_number(&r->rules[i], &results_states(r, image)[i]);
	return numbers;
}

/* The results, the best first. */
static struct source_image *ranked(const struct results *r, struct arena *a)
{
	struct source_image *best = arena_array(a, r->n, sizeof(*best));
	for (size_t i = 0; i < r->n; i++) {
		const struct results_image *image = &r->at[i];
		best[i] = (struct source_image){
			.image = image->image,
			.score = r->fractions ? score_clamp(image->score)
					      : (double)score_integer(image->score),
			.numbers = r->n_rules > 0 ? numbers_of(r, image, a) : NULL,
			.part = image->part,
		};
	}
	if (r->n > 0)
		qsort(best, r->n, sizeof(*best), source_order);
	return best;
}

void source_images_update(struct source_images *known, const struct results *r, bool whole,
			  int64_t remove_after, size_t keep)
{
	struct source_images next = {.n_numbers = r->n_rules};
	struct arena scratch = ARENA_INIT;
	struct source_image *best = ranked(r, &scratch);
	size_t n = r->n < keep ? r->n : keep;
	next.at = arena_array(&next.mem, n + known->n, sizeof(*next.at));
	for (size_t i = 0; i < n; i++)
		add_image(&next, &best[i]);
	/* Bounded: at most LIST_IMAGES_MAX images that are not in the answer are kept. */
	for (size_t i = 0; i < known->n && next.n < n + LIST_IMAGES_MAX; i++) {
		struct source_image old = known->at[i];
		if (results_has(r, old.image) || known->n_numbers != r->n_rules)
			continue;
		struct absence a = absence(known, r, &old, whole);
		old.missed += a.told && a.fresh ? 1 : 0;
		if (!a.told || (old.missed < remove_after && remove_after > 1))
			add_image(&next, &old);
	}
	mark_counted(&next, known, r, whole);
	arena_done(&scratch);
	source_images_done(known);
	*known = next;
}

/* The score of an entry of the status, in either form. Others may have written any text there. */
static double score_of(const struct discovered_image *image)
{
	return image->source == NULL && image->final_score != NULL
		       ? score_finite(strtod(image->final_score, NULL))
		       : (double)image->score;
}

/* Does the entry come from a source of this type? Unknown types (written by others) match any. */
static bool of_type(const char *source, const char *type)
{
	if (source == NULL || type == NULL)
		return true;
	bool known = strncmp(source, "prometheus", 10) == 0 ||
		     strncmp(source, "registry", 8) == 0 || strncmp(source, "cluster", 7) == 0;
	return !known || strncmp(source, type, strlen(type)) == 0;
}

void source_images_restore(struct source_images *known, const struct discovered_images *images,
			   const char *type, int64_t missed)
{
	source_images_done(known);
	known->at = arena_array(&known->mem, images->n, sizeof(*known->at));
	for (size_t i = 0; i < images->n; i++) {
		const struct discovered_image *image = &images->at[i];
		if (image->image == NULL || !of_type(image->source, type))
			continue;
		add_image(known,
			  &(struct source_image){.image = image->image,
						 .score = (double)score_integer(score_of(image)),
						 .missed = missed,
						 .part = PART_UNKNOWN});
	}
}

static double number_named(const struct discovered_image *image, const char *name)
{
	for (size_t i = 0; i < image->signals.n; i++) {
		const struct signal_value *v = &image->signals.at[i];
		if (v->name != NULL && v->value != NULL && strcmp(v->name, name) == 0)
			return score_finite(strtod(v->value, NULL));
	}
	return NAN;
}

void source_images_restore_signals(struct source_images *known,
				   const struct discovered_images *images, const char *const *names,
				   size_t n)
{
	struct arena scratch = ARENA_INIT;
	double *numbers = arena_array(&scratch, n, sizeof(*numbers));
	source_images_done(known);
	known->n_numbers = n;
	known->at = arena_array(&known->mem, images->n, sizeof(*known->at));
	for (size_t i = 0; i < images->n; i++) {
		const struct discovered_image *image = &images->at[i];
		bool has = image->signals.n == 0; /* then it may be of any query */
		for (size_t k = 0; k < n; k++) {
			numbers[k] = number_named(image, names[k]);
			has |= !isnan(numbers[k]);
		}
		if (image->image != NULL && has)
			add_image(known, &(struct source_image){.image = image->image,
								.score = score_of(image),
								.numbers = numbers,
								.part = PART_UNKNOWN});
	}
	arena_done(&scratch);
}

void results_filter(struct results *r, struct regex *filter)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->n; i++) {
		enum regex_answer answer = regex_match(filter, r->at[i].image);
		if (answer == REGEX_YES)
			r->at[kept++] = r->at[i];
		else
			results_drop(r, r->at[i].image,
				     answer == REGEX_OVER ? DROP_filter_limit : DROP_image_filter);
	}
	r->n = kept;
}

/* ---- the list ---- */

struct merge {
	const struct list_rules *rules;
	struct arena *mem;
	struct map by_image;
	struct list_image *at;
	size_t n;
};

static struct list_image *merged(struct merge *m, const char *image)
{
	struct list_image *known = map_get(&m->by_image, image);
	if (known != NULL)
		return known;
	double *numbers = arena_array(m->mem, m->rules->n_signals, sizeof(*numbers));
	for (size_t i = 0; i < m->rules->n_signals; i++)
		numbers[i] = NAN;
	known = &m->at[m->n++];
	*known = (struct list_image){.image = image, .numbers = numbers};
	map_put(&m->by_image, image, known);
	return known;
}

static void merge_in(struct merge *m, const struct source_image *image,
		     const struct list_source *source)
{
	struct list_image *known = merged(m, image->image);
	bool counts = m->rules->ranking == NULL ||
		      m->rules->ranking->strategy != RANK_WAITING_SAVED ||
		      strcmp(source->type, "cluster") == 0;
	double score = counts ? image->score : 0;
	if (known->source == NULL || score > known->score) {
		known->score = score;
		known->source = source->type;
	}
	double *numbers = (double *)(uintptr_t)known->numbers;
	for (size_t i = 0; i < source->images->n_numbers; i++)
		if (source->signals[i] < m->rules->n_signals)
			numbers[source->signals[i]] = image->numbers[i];
}

static void rank(struct merge *m)
{
	struct ranked *all = arena_array(m->mem, m->n, sizeof(*all));
	for (size_t i = 0; i < m->n; i++)
		all[i] = (struct ranked){.numbers = m->at[i].numbers, .raw = m->at[i].score};
	ranking_score(m->rules->ranking, all, m->n);
	for (size_t i = 0; i < m->n; i++) {
		m->at[i].score = all[i].score;
		m->at[i].out = all[i].out;
	}
}

static size_t fitting(const struct list_image *at, size_t n, size_t more)
{
	size_t bytes = 0, i = 0;
	for (; i < n; i++) {
		bytes += strlen(at[i].image) + ENTRY_BYTES + more;
		if (bytes > LIST_BYTES_MAX)
			break;
	}
	return i;
}

/* Adds the best images of the old list again until maxShrinkPercent is kept. */
static void hold(struct merge *m, const struct list_rules *rules, struct list *list)
{
	size_t old = rules->old.n;
	int64_t percent = rules->max_shrink_percent;
	if (percent >= 100 || old == 0)
		return;
	/* Rounded up, so that with any percentage but 0 the list can still shrink to nothing. */
	size_t least = old - (old * (size_t)(percent < 0 ? 0 : percent) + 99) / 100;
	/* The old list is ranked: the best are first. */
	for (size_t i = 0; i < old && list->n < least; i++) {
		const struct discovered_image *image = &rules->old.at[i];
		if (image->image == NULL || map_get(&m->by_image, image->image) != NULL ||
		    regex_match(rules->filter, image->image) != REGEX_YES)
			continue;
		m->at[m->n++] = m->at[list->n]; /* moves an image that was left out to the end */
		m->at[list->n] = (struct list_image){.image = image->image,
						     .score = score_of(image),
						     .source = image->source,
						     .kept = &image->signals};
		list->n++;
		list->held++;
	}
	qsort(m->at, list->n, sizeof(*m->at), list_order);
	list->all = m->n;
}

struct list list_make(const struct list_source *sources, size_t n, const struct list_rules *rules,
		      struct arena *a)
{
	struct merge m = {.rules = rules, .mem = a};
	size_t all = rules->old.n;
	for (size_t i = 0; i < n; i++)
		all += sources[i].images->n;
	m.at = arena_array(a, all + 1, sizeof(*m.at));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sources[i].images->n; k++) {
			const struct source_image *image = &sources[i].images->at[k];
			if (map_get(&m.by_image, image->image) != NULL ||
			    regex_match(rules->filter, image->image) == REGEX_YES)
				merge_in(&m, image, &sources[i]);
		}
	if (rules->ranking != NULL)
		rank(&m);
	if (m.n > 0)
		qsort(m.at, m.n, sizeof(*m.at), list_order);
	struct list list = {.at = m.at, .all = m.n};
	while (list.n < m.n && !m.at[list.n].out)
		list.n++;
	size_t ranked = list.n;
	if ((int64_t)list.n > rules->max_images)
		list.n = (size_t)(rules->max_images > 0 ? rules->max_images : 0);
	if (list.n > LIST_IMAGES_MAX)
		list.n = LIST_IMAGES_MAX;
	size_t fit = fitting(list.at, list.n, rules->signal_bytes);
	list.too_large = list.n - fit;
	list.n = fit;
	if (list.n == ranked) /* nothing was cut */
		hold(&m, rules, &list);
	map_done(&m.by_image);
	return list;
}
