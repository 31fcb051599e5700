/*
 * Pods as they are wanted: made from images, and told to the puller. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PULL_STARTS_H
#define DROP_RECONCILER_CORE_PULL_STARTS_H

#include "reconciler/core/model.h"

/*
 * A pod of these images for the node, its pulls live. NULL: the pod of this very name is still
 * going away.
 */
struct pull_pod *pull_pod_make(struct core *c, struct image *const *images, size_t n, int slot,
			       struct now now);
/* The request for it, in a. All its pulls are live. */
struct core_start pull_pod_start(struct core *c, const struct pull_pod *pod, struct arena *a);

#endif
