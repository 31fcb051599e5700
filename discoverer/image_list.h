/*
 * From what each source is known to have to the list of a policy (behaviour.md 26): merged,
 * filtered, ranked, cut; and what keeps a source that flaps from churning the cache: images
 * that an answer lacks are dropped after removeAfter answers, and a list gets shorter by at
 * most maxShrinkPercent at once. Pure.
 */
#ifndef DROP_DISCOVERER_IMAGE_LIST_H
#define DROP_DISCOVERER_IMAGE_LIST_H

#include "api/kinds.h"
#include "base/arena.h"

#include "discoverer/pipeline/ranking.h"
#include "discoverer/regex.h"
#include "discoverer/results.h"

/* Images of a policy, whatever maxImages says; bytes of them in the object's JSON. */
#define LIST_IMAGES_MAX 4096
#define LIST_BYTES_MAX  (256 * 1024)

struct source_image {
	const char *image;
	double score;          /* an integer, but in the pipeline form */
	const double *numbers; /* of its source's signals, in the order of the spec; NAN: none */
	int64_t missed;        /* whole answers since that did not have it */
	size_t part;           /* of its source (discoverer/results.h); PART_UNKNOWN: not known */
};

struct source_images { /* of one source: its last good results. Zeroed: none */
	struct arena mem;
	struct source_image *at;
	size_t n;
	size_t n_numbers; /* of each image */
	bool *counted;    /* of each part: an answer of this round has counted; lives in mem */
	size_t n_counted;
};

/*
 * An answer came. whole: what it lacks is missing; else it only adds. Of an answer with parts each
 * is judged for itself: what a whole or gone one lacks is missing, what a failed one had stays.
 * An answer counts once a round: a source that is asked again soon because of one of its parts
 * does not use up removeAfter of the others. keep: so many of the answer, the best ranked.
 */
void source_images_update(struct source_images *known, const struct results *r, bool whole,
			  int64_t remove_after, size_t keep);
/*
 * What status says of sources of this type, for one of which nothing better is known. missed:
 * so many answers have lacked them already.
 */
void source_images_restore(struct source_images *known, const struct discovered_images *images,
			   const char *type, int64_t missed);
/*
 * The same for a query with signals of these names: an image is its if the status has a value of
 * one of them, or no value at all.
 */
void source_images_restore_signals(struct source_images *known,
				   const struct discovered_images *images, const char *const *names,
				   size_t n);
/* A round begins: each part's next answer counts. */
void source_images_begin_round(struct source_images *known);
void source_images_done(struct source_images *known);

/* Leaves out what the filter does not match. */
void results_filter(struct results *r, struct regex *filter);

struct list_source {
	const struct source_images *images;
	const char *type;      /* of the source; borrowed by the list */
	const size_t *signals; /* for each of its numbers: which signal of the policy that is */
};

struct list_rules {
	struct regex *filter;
	int64_t max_images;
	int64_t max_shrink_percent;
	/* The list as it is now; no images: nothing to hold on to. */
	struct discovered_images old;
	const struct ranking *ranking; /* NULL: the highest score of a source counts */
	size_t n_signals;              /* of the policy */
	size_t signal_bytes;           /* in JSON, of those that an entry of the status names */
};

struct list_image {
	const char *image;
	double score;
	const char *source;    /* type; NULL: it was in the status of a pipeline */
	const double *numbers; /* n_signals; NULL: none; it was in the status already: held */
	bool out;              /* the ranking leaves it out */
};

struct list {
	struct list_image *at; /* ranked: the first n are the list, then what was cut */
	size_t n, all;
	size_t held;      /* of n, kept against maxShrinkPercent */
	size_t too_large; /* cut by LIST_BYTES_MAX and not by maxImages */
};

/* Strings are borrowed from the sources' images and the old list; the rest lives in a. */
struct list list_make(const struct list_source *sources, size_t n, const struct list_rules *rules,
		      struct arena *a);

#endif
