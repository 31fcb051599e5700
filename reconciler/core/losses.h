/*
 * How often a node has removed an image after it was pulled (behaviour.md 9, 18). Private to the
 * core.
 *
 * One removal is followed by a pull at once, under pacing. When it happens again and again, the
 * image and others do not fit the node's disk together: then each pull waits for the policy's
 * failureBackoff, doubling, and the count stays in status.failedNodes (reason Evicting). An image
 * that stayed for LOSS_FORGET_S begins anew; a pull that succeeds does not.
 */
#ifndef DROP_RECONCILER_CORE_LOSSES_H
#define DROP_RECONCILER_CORE_LOSSES_H

#include "reconciler/core/model.h"

/* An image that stayed so long on the node fits there: earlier losses are forgotten. */
#define LOSS_FORGET_S (60 * 60)
#define LOSS_REASON   "Evicting"

/* The pair was pulled, and is lost: counts it, says it, and delays the next pull if it recurs. */
void loss_add(struct core *c, struct image *img, int slot, struct now now);
/* Losses worth telling: 0 until the second. */
uint32_t loss_count(const struct image *img, int slot, struct now now);
int64_t loss_at(const struct image *img, int slot); /* unix seconds of the last one */
char *loss_text(uint32_t count, struct arena *a);
void loss_clear(struct image *img, int slot);
/* From status.failedNodes, after a restart. */
void loss_adopt(const struct core *c, struct image *img, int slot, int64_t count, int64_t at_s);
/* After a restart: until when (unix seconds) the next pull waits; 0: it does not. */
int64_t loss_wait_until(struct core *c, const struct image *img, int slot);

#endif
