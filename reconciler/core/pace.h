/*
 * What a policy allows at this moment: how many nodes pull, and when the last start was
 * (behaviour.md 11, 12, 40, 46). With concurrencyScope Image, maxConcurrentNodes and
 * minDelayBetweenPulls are counted for each image alone (55). Private to the core and to explain.
 */
#ifndef DROP_RECONCILER_CORE_PACE_H
#define DROP_RECONCILER_CORE_PACE_H

#include "reconciler/core/model.h"

/* What keeps a pull on the node from starting, as far as the policy is concerned. */
enum pace {
	PACE_FREE,
	PACE_PULLS,      /* maxConcurrentPulls */
	PACE_BYTES,      /* maxBytesPerSecond (40) */
	PACE_DELAY,      /* minDelayBetweenPulls: only the last node may go on */
	PACE_NODES,      /* maxConcurrentNodes: only nodes that pull already */
	PACE_NODE_PULLS, /* maxPullsPerNode */
	PACE_HELD_NODES, /* maxHeldNodes (46) */
	PACE_SHUT,       /* pullWindows (51) */
};

/* Pulls that count under the policy: those in flight and pods that leave. */
int64_t pace_pulls(const struct policy *p);
/* Nodes with one: of the policy, or of the image where that is what it counts. */
int64_t pace_nodes(const struct core *c, const struct policy *p, const struct image *img);
/* The last start, the same way. */
const struct last_start *pace_last(const struct policy *p, const struct image *img);
/* Boot ms from which another node may be started; in the past, or 0: now. */
int64_t pace_next_ms(const struct policy *p, const struct image *img);
enum pace pace_of(const struct core *c, const struct policy *p, const struct image *img, int slot,
		  int64_t now_ms);
/* 46. The same for a pull that a held node waits for. */
enum pace pace_apart(const struct core *c, const struct policy *p, int slot, int64_t now_ms);
/* A pod was asked for under the policy. */
void pace_started(struct core *c, struct policy *p, const struct pull_pod *pod, int64_t now_ms);
/* The start at that moment is what is counted from, unless a later one is known. */
void pace_remember(struct last_start *last, int64_t at_ms, int slot);

#endif
