/*
 * Makes the image list of a policy from the known images of its sources (behaviour.md 26): merges,
 * filters, ranks and cuts them. Two rules keep an unstable source from changing the list too much:
 * an image is dropped only after removeAfter answers without it, and one update shortens the list
 * by at most maxShrinkPercent. Pure.
 */
#ifndef DROP_DISCOVERER_IMAGE_LIST_H
#define DROP_DISCOVERER_IMAGE_LIST_H

#include "api/kinds.h"
#include "base/arena.h"

#include "discoverer/pipeline/ranking.h"
#include "discoverer/regex.h"
#include "discoverer/results.h"

/* Limits besides maxImages: images of a policy, and their bytes in its JSON. */
#define LIST_IMAGES_MAX 4096
#define LIST_BYTES_MAX  (256 * 1024)

struct source_image {
	const char *image;
	double score;          /* an integer, except in the pipeline form */
	const double *numbers; /* one for each signal of its source's spec; NAN: none */
	int64_t missed;        /* complete answers without it since it was last seen */
	size_t part;           /* of its source (discoverer/results.h); PART_UNKNOWN: not known */
};

struct source_images { /* of one source: its last good results. Zeroed: none */
	struct arena mem;
	struct source_image *at;
	size_t n;
	size_t n_numbers; /* of each image */
	bool *counted;    /* for each part: was counted in this round; lives in mem */
	size_t n_counted;
};

/*
 * Applies an answer. whole: the answer is complete, so known images that are not in it count as
 * missing; else images are only added. For a source with parts this is decided for each part: a
 * part that is PART_WHOLE or PART_GONE is complete, the images of a failed part stay as they are.
 * Each part is counted once in a round, so that a source that is asked again early because one part
 * failed does not reach removeAfter sooner for the other parts. keep: take this many images of the
 * answer, the best ranked first.
 */
void source_images_update(struct source_images *known, const struct results *r, bool whole,
			  int64_t remove_after, size_t keep);
/*
 * Sets the images of a source that was not asked yet to those that the status has for sources of
 * this type. missed: the count of missing answers they start with.
 */
void source_images_restore(struct source_images *known, const struct discovered_images *images,
			   const char *type, int64_t missed);
/*
 * The same for a query with signals of these names: takes the images for which the status has a
 * value of one of these signals, or no value at all.
 */
void source_images_restore_signals(struct source_images *known,
				   const struct discovered_images *images, const char *const *names,
				   size_t n);
/* Begins a round: the next answer of each part is counted again. */
void source_images_begin_round(struct source_images *known);
void source_images_done(struct source_images *known);

/* Leaves out images that the filter does not match. */
void results_filter(struct results *r, struct regex *filter);

struct list_source {
	const struct source_images *images;
	const char *type;      /* of the source; borrowed by the list */
	const size_t *signals; /* index in the policy of each of its numbers */
};

struct list_rules {
	struct regex *filter;
	int64_t max_images;
	int64_t max_shrink_percent;
	/* The present list, for maxShrinkPercent; empty: the new list may have any length. */
	struct discovered_images old;
	const struct ranking *ranking; /* NULL: the highest score of a source counts */
	size_t n_signals;              /* of the policy */
	size_t signal_bytes;           /* JSON bytes for the signals of one entry of the status */
};

struct list_image {
	const char *image;
	double score;
	const char *source;    /* type of its source; NULL: taken from the status of a pipeline */
	const double *numbers; /* n_signals; NULL: none, the entry is from the status */
	const struct signal_values *kept; /* what the status had; of entries without numbers */
	bool out;                         /* the ranking leaves it out */
};

struct list {
	struct list_image *at; /* ranked: the first n are the list, the others were cut */
	size_t n, all;
	size_t held;      /* of n: kept only because of maxShrinkPercent */
	size_t too_large; /* cut by LIST_BYTES_MAX and not by maxImages */
};

/* Strings are borrowed from the sources' images and the old list; the rest lives in a. */
struct list list_make(const struct list_source *sources, size_t n, const struct list_rules *rules,
		      struct arena *a);

#endif
