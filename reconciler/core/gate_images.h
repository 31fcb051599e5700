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
size_t gate_waiting(const struct core *c, int slot);

#endif
