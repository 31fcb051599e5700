/*
 * When a pair (image, node) is tried again, and which images changed in this turn. The leaf that
 * pairs, losses and digests share. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PAIR_DELAY_H
#define DROP_RECONCILER_CORE_PAIR_DELAY_H

#include "reconciler/core/model.h"

/* Its status may have changed: looked at at the end of the turn. */
void image_touch(struct core *c, struct image *img);
/* Not before until_ms (CLOCK_BOOTTIME); kept in tenths of a second, rounded up. */
void pair_wait(struct pair *p, int64_t until_ms);
int64_t pair_retry_ms(const struct pair *p); /* 0: it does not wait */
/* Of the jitter of its back-offs: the same after a restart. */
uint64_t pair_seed(const struct core *c, const struct image *img, int slot);

#endif
