/*
 * From the numbers of all images to the score of each (behaviour.md 55). An image has a number for
 * each signal; NAN: none. Pure.
 */
#ifndef DROP_DISCOVERER_PIPELINE_RANKING_H
#define DROP_DISCOVERER_PIPELINE_RANKING_H

#include <stdbool.h>
#include <stddef.h>

enum ranking_strategy {
	RANK_RAW, /* no ranking: the highest value of a sample */
	RANK_SIGNAL,
	RANK_WEIGHTED_SUM,
	RANK_WAITING_SAVED, /* the value of queries of type cluster; other queries count for 0 */
	RANK_MODEL_EXPOSURE
};

struct ranking_part {
	size_t signal; /* index */
	double weight; /* of RANK_WEIGHTED_SUM */
};

/*
 * parts: RANK_SIGNAL has one; RANK_MODEL_EXPOSURE has the uses before the window, those in it and
 * the seconds of a pull, in this order.
 */
struct ranking {
	enum ranking_strategy strategy;
	const struct ranking_part *parts;
	size_t n;
	bool drop_missing; /* of RANK_WEIGHTED_SUM: images that lack a signal are left out */
	double nodes;      /* of RANK_MODEL_EXPOSURE */
};

struct ranked {                /* an image */
	const double *numbers; /* one a signal; NAN: missing */
	double raw;
	double score; /* the result */
	bool out;     /* it is left out: it lacks a signal */
};

/* images[i] are borrowed; scores are finite. */
void ranking_score(const struct ranking *r, struct ranked *images, size_t n);

#endif
