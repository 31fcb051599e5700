/*
 * From an image's status back to the model (behaviour.md 16, 19). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_ADOPT_H
#define DROP_RECONCILER_CORE_ADOPT_H

#include "reconciler/core/model.h"

/* Keeps what the status says. */
void image_adopt(struct core *c, struct image *img, const struct cachedimage *ci);
/* Leading: makes sense of it. */
void image_begin(struct core *c, struct image *img, struct now now);

#endif
