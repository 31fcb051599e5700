/*
 * Moments at which time alone makes something due: a binary heap of timers that live
 * inside their owners (a pull, an image, a policy). Setting, moving and stopping one
 * costs O(log n). Boot ms.
 */
#ifndef DROP_RECONCILER_TIMERS_H
#define DROP_RECONCILER_TIMERS_H

#include <stddef.h>
#include <stdint.h>

enum timer_owner { TIMER_PULL, TIMER_IMAGE, TIMER_POLICY, TIMER_STATUS };

struct timer { /* zeroed but for owner: stopped */
	int64_t at_ms;
	size_t place; /* in the heap, from 1; 0: stopped */
	enum timer_owner owner;
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
