/*
 * Which gating images a node has and lacks (behaviour 45). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_GATE_IMAGES_H
#define DROP_RECONCILER_CORE_GATE_IMAGES_H

#include "reconciler/core/model.h"

/* 45. Does the image keep the node shut? false: it is there, or can not come. */
bool gate_missing(const struct core *c, const struct image *img, int slot);
/* Gating images that target the node, and how many of them are there. */
void gate_count(const struct core *c, int slot, size_t *ret_all, size_t *ret_there);
bool gate_any_missing(const struct core *c, int slot);
/* 46. Images that keep the node shut and whose pulls there wait for their turn. */
struct gate_waiting {
	size_t n;
	int64_t limit; /* the lowest maxPullsPerNode of their policies */
};
struct gate_waiting gate_waiting(struct core *c, int slot);
/* The node has no pull left for other images, once those have theirs. */
bool gate_reserves(const struct core *c, int slot, const struct gate_waiting *w);

#endif
