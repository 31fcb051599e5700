/* See cluster_uses.h. Invariant: an image that no node was seen to have is never found. */
#include "discoverer/cluster_uses.h"

#include <string.h>

#include "base/map.h"
#include "usage/waiting_saved.h"

#define HOUR_S 3600
#define MS     1000
/* Until its value is known an image is ranked by its uses, behind those with a value. */
#define VALUE_OF_USE 1e-6
/* Events of the last minutes may still be on their way. */
#define FRESH_S 600

bool cluster_name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *again = NULL;
	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			again = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) { /* the last star takes one more */
			pattern = star + 1;
			name = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool any_matches(const struct api_strings *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (cluster_name_matches(patterns->at[i], name))
			return true;
	return false;
}

static bool wanted(const struct cluster_source *spec, const char *ns)
{
	return (spec->namespaces.n == 0 || any_matches(&spec->namespaces, ns)) &&
	       !any_matches(&spec->exclude_namespaces, ns);
}

/* The share of the wanted namespaces in the image's uses; 0: too few namespaces, or no use. */
static double share_of(const struct cluster_source *spec, const struct usage_image *image)
{
	double in = 0, all = image->elsewhere;
	int64_t namespaces = 0;
	for (size_t i = 0; i < image->n_in; i++) {
		bool counts = wanted(spec, image->in[i].name);
		all += image->in[i].uses;
		in += counts ? image->in[i].uses : 0;
		namespaces += counts;
	}
	/* Which namespaces these are is not known: they count where any does. */
	if (spec->namespaces.n == 0)
		in += image->elsewhere;
	return namespaces >= spec->min_namespaces && all > 0 ? in / all : 0;
}

static void add_samples(const struct usage *u, const struct usage_image *image, int64_t from,
			double share, struct results *r)
{
	const struct results_image *at = results_find(r, image->reference);
	for (int64_t h = from; at != NULL && h <= u->images.hour; h++) {
		double uses = image->hours[h % USAGE_HOURS] * share;
		struct sample use = {.time_ms = (h * HOUR_S + HOUR_S / 2) * MS, .value = 1};
		results_fold(r, at, SERIES_VALUES, &use, (uint64_t)(uses + 0.5));
	}
	for (size_t b = 0; at != NULL && b < USAGE_BUCKETS; b++) {
		struct sample pull = {.time_ms = u->images.hour * HOUR_S * MS,
				      .value = usage_bucket_seconds(b)};
		results_fold(r, at, SERIES_PULL_SECONDS, &pull, image->pulls[b]);
	}
	struct sample size = {.time_ms = u->images.hour * HOUR_S * MS, .value = image->bytes};
	if (at != NULL && image->bytes > 0)
		results_fold(r, at, SERIES_IMAGE_BYTES, &size, 1);
}

static void values_by_name(const struct usage *u, struct map *by_name, struct arena *a)
{
	struct waiting_saved *saved;
	const struct waiting_how how = {.young_hours = WAITING_YOUNG_HOURS};
	size_t n = waiting_saved_rank(u->demand, NULL, &how, a, &saved);
	for (size_t i = 0; i < n; i++)
		map_put(by_name, saved[i].image, &saved[i]);
}

static void note_coverage(const struct usage *u, int64_t from, int64_t now_s, struct results *r,
			  bool *ret_whole)
{
	const struct coverage *c = &u->coverage;
	*ret_whole = now_s - c->seen_s < FRESH_S && coverage_whole(c, from * HOUR_S, c->seen_s);
	results_parts(r, 1);
	r->parts[0] = *ret_whole ? PART_WHOLE : PART_ADDED;
}

uint64_t cluster_uses(const struct usage *u, const struct cluster_source *spec, int64_t now_s,
		      struct results *r, bool *ret_whole)
{
	static const struct cluster_source nothing;
	struct arena scratch = ARENA_INIT;
	struct map by_name = {0};
	uint64_t total = 0;
	if (spec == NULL)
		spec = &nothing;
	int64_t lookback_ms = spec->lookback > 0 ? spec->lookback : CLUSTER_LOOKBACK_MS;
	int64_t from = (now_s - lookback_ms / MS) / HOUR_S,
		oldest = u->images.hour - USAGE_HOURS + 1;
	from = from > oldest ? from : oldest;
	note_coverage(u, from, now_s, r, ret_whole);
	values_by_name(u, &by_name, &scratch);
	for (size_t i = 0; i < u->images.n; i++) {
		const struct usage_image *image = u->images.at[i];
		uint64_t uses = usage_image_uses(&u->images, image, from);
		double share = image->real && uses > 0 ? share_of(spec, image) : 0;
		if (share <= 0)
			continue;
		const struct waiting_saved *saved = map_get(&by_name, image->reference);
		double value = (saved != NULL ? saved->value : 0) + (double)uses * VALUE_OF_USE;
		results_add(r, image->reference, strlen(image->reference),
			    value * share * (r->fractions ? 1 : MS));
		add_samples(u, image, from, share, r);
		total += uses;
	}
	map_done(&by_name);
	arena_done(&scratch);
	return total;
}
