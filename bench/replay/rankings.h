/*
 * The rankings that the replay compares: what each learns from starts and pulls, and the images
 * that it would put onto a node that is born now. waitingSaved is the product's code (usage/).
 */
#ifndef DROP_BENCH_REPLAY_RANKINGS_H
#define DROP_BENCH_REPLAY_RANKINGS_H

#include "bench/replay/world.h"
#include "usage/waiting_saved.h"

/* Images of a list. */
#define LIST_MAX 10

enum ranking_kind {
	BY_COUNT,       /* starts in the lookback */
	BY_COUNT_TIME,  /* times the mean time of a pull */
	BY_CONCURRENCY, /* containers that run, mean of the lookback */
	BY_EXPOSURE, /* modelExposure: starts of 9 to 17, those since 0 before, nodes, pull time */
	BY_WAITING,  /* waitingSaved */
};

struct replay_ranking {
	const char *name;
	enum ranking_kind kind;
	int days;      /* of lookback, of all but BY_WAITING */
	bool per_pool; /* of BY_WAITING: a list a pool, else one for all */
	struct waiting_how how;
};

struct learner;

struct learner *learner_new(const struct world *w);
void learner_free(struct learner *l);
/* Forgets all. */
void learner_reset(struct learner *l);
/* A start, in order of time; of an image that was not on the node: with the time of its pull. */
void learner_start(struct learner *l, const struct start *s);
/* Hour `hour` begins: in the one before, a pool had nodes[pool], of these born[pool] new ones. */
void learner_hour(struct learner *l, long hour, const unsigned *nodes, const unsigned *born);
/* Best first; returns how many. */
int learner_list(const struct learner *l, const struct replay_ranking *r, int pool, int *list);

#endif
