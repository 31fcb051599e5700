/*
 * What one query returned: each image once, with its score and, in the pipeline form, the states of
 * its signals. Pure.
 *
 * Bounded: RESULTS_MAX images, RESULTS_STATES_MAX states of their signals and RESULTS_BYTES of
 * text; what comes beyond is counted. A name that cannot be an image reference (control characters,
 * too long, empty) is counted and left out.
 */
#ifndef DROP_DISCOVERER_RESULTS_H
#define DROP_DISCOVERER_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"

#include "discoverer/pipeline/signal.h"

#define RESULTS_MAX   20000
#define RESULTS_BYTES (4 * 1024 * 1024)
/* Images times signals: 19 MB. */
#define RESULTS_STATES_MAX 400000
/* Maximum bytes of an image reference in status. */
#define RESULTS_IMAGE_MAX 1024
/* Dropped references that are kept, for dropctl discover. */
#define RESULTS_DROPPED_MAX 500

/* Why an image is not in the list: name, sentence for people. */
#define DROP_REASONS(X)                                                                            \
	X(unusable, "not a valid image reference: empty, too long or with control characters")     \
	X(tag_filter, "tag does not match tagFilter")                                              \
	X(tag_seek, "not after tagSeek")                                                           \
	X(top_x, "not among the last topX tags of its repository")                                 \
	X(image_filter, "does not match imageFilter")                                              \
	X(filter_limit, "the filter exceeded its match limits")                                    \
	X(missing_signal, "has no value of a signal of the ranking (missingSignal: drop)")         \
	X(max_images, "ranked below the first maxImages")                                          \
	X(too_many, "the source returned more images than the limit")                              \
	X(too_large, "the list would exceed the size limit of an object")

#define DROP_REASON_ENUM(name, doc) DROP_##name,
enum drop_reason { DROP_none, DROP_REASONS(DROP_REASON_ENUM) DROP_REASONS_COUNT };
const char *drop_reason_name(enum drop_reason reason);
const char *drop_reason_text(enum drop_reason reason);

/*
 * A source may have parts that succeed or fail independently: the repositories of a registry.
 * A source without parts counts as one part.
 */
enum part_state {
	PART_FAILED, /* no results */
	PART_ADDED,  /* results, but not all: an image that is not among them is not missing */
	PART_WHOLE,  /* all results */
	PART_GONE,   /* the server says that this part does not exist */
};
#define PART_UNKNOWN SIZE_MAX

struct results_image {
	const char *image;
	double score;
	size_t part;
	size_t row; /* index of its signal states: states + row * n_rules */
};

struct results_dropped {
	const char *image;
	enum drop_reason why;
};

struct results { /* zeroed: ready */
	struct arena mem;
	struct map by_image; /* struct results_index */
	struct results_image *at;
	size_t n, cap;
	bool sum;       /* scores of the same image are added; else the highest is taken */
	bool fractions; /* scores need not be integers (the pipeline form) */
	const struct signal_rule *rules; /* its signals; borrowed */
	size_t n_rules;
	struct signal_state *states; /* n_rules for each row */
	size_t n_rows;
	bool keep_dropped;      /* in `dropped` */
	enum part_state *parts; /* NULL: the source has no parts; lives in mem */
	size_t n_parts, part;   /* part: the one that added images belong to, from now on */
	/* Returns the part of an image for which it was not recorded, or PART_UNKNOWN. NULL: always
	 * PART_UNKNOWN. */
	size_t (*part_of)(const void *ctx, const char *image);
	const void *part_ctx;
	size_t counts[DROP_REASONS_COUNT]; /* images left out, by reason */
	struct results_dropped *dropped;
	size_t n_dropped;
};

/* The source has n parts; each is PART_FAILED until it is set. */
void results_parts(struct results *r, size_t n);
/* image is NUL-terminated and len bytes long. */
void results_add(struct results *r, const char *image, size_t len, double score);
/*
 * The same, with the states of one series of samples, n_rules of them, which are empty after it;
 * NULL: it has none.
 */
void results_merge(struct results *r, const char *image, size_t len, double score,
		   struct signal_state *states);
/* Folds one sample of series s into the states of the image, and results_add()s its value. */
void results_sample(struct results *r, const char *image, size_t len, enum series s,
		    const struct sample *sample);
/* Folds n samples into the states of the image, which is in at, without counting their value. */
void results_fold(struct results *r, const struct results_image *image, enum series s,
		  const struct sample *sample, uint64_t n);
/* The image, or NULL. */
const struct results_image *results_find(const struct results *r, const char *image);
/* The states of an image that is in at. */
struct signal_state *results_states(const struct results *r, const struct results_image *image);
/* Leaves an image out, for that reason. */
void results_drop(struct results *r, const char *image, enum drop_reason why);
/* Is the image among the results? */
bool results_has(const struct results *r, const char *image);
/*
 * If no image is left because filters or limits left all of them out: writes the most frequent
 * reason to text. Else text is unchanged.
 */
void results_why_none(const struct results *r, char *text, size_t size);
void results_done(struct results *r);

#endif
