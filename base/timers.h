/*
 * Timers: a binary heap of timers that are embedded in their owners (a request, a pull, a policy).
 * Setting, moving and stopping one costs O(log n). Times are boot ms (base/clock.h), so that a
 * timer that expired while the machine was suspended fires on wake-up.
 */
#ifndef DROP_BASE_TIMERS_H
#define DROP_BASE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer { /* zeroed but for owner: stopped */
	int64_t at_ms;
	size_t place; /* in the heap, from 1; 0: stopped */
	int owner;    /* what it lives in, an enum of its user */
};

struct timers {
	struct timer **at;
	size_t n, cap;
};

/* Sets or moves it; CLOCK_NEVER stops it. */
void timer_set(struct timers *h, struct timer *t, int64_t at_ms);
void timer_stop(struct timers *h, struct timer *t);
/* The earliest if it is due at now_ms, else NULL. It stays until set or stopped. */
struct timer *timers_due(const struct timers *h, int64_t now_ms);
int64_t timers_next_ms(const struct timers *h);
void timers_done(struct timers *h);

#endif
