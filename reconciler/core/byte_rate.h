/*
 * maxBytesPerSecond of a policy (behaviour 40): the bytes of pulls that start, never ahead of the
 * rate by more than one pull. Private to the core.
 *
 * The next pull may start once the last one is paid for: bytes / rate after the moment from which
 * it counts, which is when the one before was paid for, or its own start, if that was later. So
 * what started since any start is at most rate x time and one pull, whatever the order of sizes,
 * and an idle policy gathers no credit: only lateness of up to BYTE_RATE_LATE_US is made up for.
 * The last start alone tells when the next may be, so a new leader, which knows that start (11),
 * goes on where the former one stopped.
 */
#ifndef DROP_RECONCILER_CORE_BYTE_RATE_H
#define DROP_RECONCILER_CORE_BYTE_RATE_H

#include "reconciler/core/model.h"

/* A start that comes this late, as loops and timers are, loses nothing of the rate. */
#define BYTE_RATE_LATE_US (50 * 1000)

/* Boot ms from which a pull may start; 0: the policy has no limit, or nothing has started. */
int64_t byte_rate_free_ms(const struct policy *p);
/* A pull of these bytes starts, or is asked for again. */
void byte_rate_pay(struct policy *p, uint64_t bytes, int64_t now_ms);
/* An earlier leader started a pull of these bytes at at_ms (boot). */
void byte_rate_remember(struct policy *p, uint64_t bytes, int64_t at_ms);

#endif
