/*
 * The status an image should have (behaviour.md 4, 16, 19, 20). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_IMAGE_STATUS_H
#define DROP_RECONCILER_CORE_IMAGE_STATUS_H

#include "reconciler/core/model.h"

enum phase image_phase(const struct image *img);
/* ret_size: rough bytes of it as JSON. */
struct cachedimage_status *status_build(struct core *c, struct image *img, struct now now,
					struct arena *a, size_t *ret_size);

#endif
