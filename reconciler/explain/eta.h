/*
 * Rough time until pulls of one image are done (behaviour 40): by its bytes and the speed of each
 * node where both are known, else by the mean time of pulls; not sooner than the limits of the
 * policy allow: nodes at a time, the delay between them, bytes a second. Private to explain.
 */
#ifndef DROP_RECONCILER_EXPLAIN_ETA_H
#define DROP_RECONCILER_EXPLAIN_ETA_H

#include "reconciler/core/model.h"
#include "reconciler/explain/explain.h"

struct eta {                     /* zeroed: no pull is to come */
	uint32_t pairs, unsized; /* unsized: of unknown bytes */
	uint64_t bytes;          /* of the others */
	int64_t total_ms;        /* one after the other */
	bool unmeasured;         /* nothing tells how long a pull takes */
};

/* A pull is in flight there or waits. pull_ms: mean of measured pulls; 0: none. */
void eta_add(struct eta *t, const struct core *c, int slot, const struct explain *e,
	     int64_t pull_ms);
/* Seconds; -1: nothing was measured yet. mean: bytes of an image of unknown size. */
int64_t eta_s(const struct eta *t, const struct policy *p, uint64_t mean, int64_t now_ms);

#endif
