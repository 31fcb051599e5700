/*
 * When a status is written, and what the API has of it (behaviour.md 21). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_STATUS_WRITES_H
#define DROP_RECONCILER_CORE_STATUS_WRITES_H

#include "reconciler/core/model.h"

void image_observe(struct core *c, struct image *img, const struct cachedimage *ci);
/* The answer to a write. */
void image_written(struct core *c, struct image *img, enum core_write_result result, uint64_t rv,
		   struct now now);
/* Each image was listed by a list that began after fresh_ms (rules/status_ack.h). */
void writes_listed(struct core *c, int64_t fresh_ms);
/* The lead has ended. */
void image_fence(struct image *img);
void writes_run(struct core *c, struct now now, struct core_room room, struct arena *a,
		struct core_actions *ret);

#endif
