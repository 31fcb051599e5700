/*
 * The deadlines of one client in a binary heap: requests, retries and reflectors arm
 * timers here, kube_wait() sleeps until the first and fires what is due. Times are
 * boot ms (base/clock.h), so a deadline that passed while the machine slept is seen
 * first thing on waking. A timer is embedded in its owner and never allocated.
 */
#ifndef DROP_KUBE_TIMERS_H
#define DROP_KUBE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	void (*fire)(void *ctx); /* set by the owner, once */
	void *ctx;
	int64_t at_ms;
	size_t slot; /* place in the heap, from 1; 0: not armed */
};

struct timers { /* zeroed: ready */
	struct timer **heap;
	size_t n, cap;
};

/* Arms, or moves what is armed. */
void timer_set(struct timers *all, struct timer *t, int64_t at_ms);
void timer_stop(struct timers *all, struct timer *t);
/* CLOCK_NEVER when none is armed. */
int64_t timers_next(const struct timers *all);
/*
 * Fires what is due, disarmed first, so that it may arm itself again; at most as many
 * as were armed at the start, so that a timer armed for "now" waits for the next call.
 */
void timers_run(struct timers *all, int64_t now_ms);
void timers_done(struct timers *all);

#endif
