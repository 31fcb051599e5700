/*
 * Signals: one number for each image, made of the samples of one query (behaviour.md 55). The
 * room's files:
 *
 *   signal    folds samples into states, and a state into its number
 *   ranking   from the numbers of all images to a score for each
 *   nodes     which nodes a core/v1 NodeSelector matches
 *   decimal   numbers as the shortest text that means them
 *
 * Samples are folded as they arrive and not kept; only a percentile keeps its values, which the
 * number of log lines of a sync bounds. All of the room is pure.
 */
#ifndef DROP_DISCOVERER_PIPELINE_SIGNAL_H
#define DROP_DISCOVERER_PIPELINE_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

/* Windows of one timeWeightedAggregate; a state of signals is that large at most. */
#define SIGNAL_WINDOWS_MAX 24

enum series { SERIES_VALUES, SERIES_PULL_SECONDS, SERIES_IMAGE_BYTES };

struct sample {
	int64_t time_ms; /* since 1970 */
	double value;    /* finite */
};

enum signal_method {
	METHOD_SUM,
	METHOD_COUNT,
	METHOD_AVG,
	METHOD_MAX,
	METHOD_MIN,
	METHOD_PERCENTILE
};

enum signal_span {
	WINDOW_NONE,
	WINDOW_SINCE, /* time_ms >= since_ms */
	WINDOW_DAILY /* local time of day in [from_s, to_s), of any day; from > to: past midnight */
};

struct weight_window { /* local hours [from, to); from > to: past midnight */
	int from, to;
	double weight;
};

struct signal_rule {
	enum series series;
	enum signal_method method;
	double percentile; /* 0..1 */
	const struct zone *zone;
	enum signal_span window;
	int64_t since_ms, from_s, to_s;
	bool weighted;
	double default_weight;
	struct weight_window windows[SIGNAL_WINDOWS_MAX];
	size_t n_windows;
};

struct signal_state { /* zeroed: no sample yet */
	double sum, max, min;
	uint64_t n;
	double *values; /* of METHOD_PERCENTILE: n of them */
	size_t cap;
};

/* Of series s; ignored if the rule is about another, or the sample in none of its windows. */
void signal_fold(const struct signal_rule *r, struct signal_state *state, enum series s,
		 const struct sample *sample);
/* The same for n equal samples. */
void signal_fold_many(const struct signal_rule *r, struct signal_state *state, enum series s,
		      const struct sample *sample, uint64_t n);
/* What `from` has goes to `into`; from is empty then. */
void signal_merge(struct signal_state *into, struct signal_state *from);
/* The number; NAN: there is no sample. A count of none is missing, too: the image was not seen. */
double signal_number(const struct signal_rule *r, const struct signal_state *state);
/* Empties it for reuse. */
void signal_clear(struct signal_state *state);

#endif
