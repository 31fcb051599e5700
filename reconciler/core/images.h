/*
 * CachedImages and their place in the queue. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_IMAGES_H
#define DROP_RECONCILER_CORE_IMAGES_H

#include "reconciler/core/model.h"

/* 17. Can a pull of it bring nothing new where it is listed? pull_policy NULL: Always. */
bool reference_fixed(const char *reference, const char *pull_policy);
void image_put(struct core *c, const struct cachedimage *ci, struct now now);
void image_gone(struct core *c, struct image *img, struct now now);
void images_sweep(struct core *c, struct now now);
void image_free(struct core *c, struct image *img);
/* A policy came, changed or went: it applies at once to what has not started (12). */
void images_policy_changed(struct core *c, const struct policy *p, struct now now);
/* A CachedImageSet is suspended, or not any more (50). */
void images_sets_changed(struct core *c, struct now now);

#endif
