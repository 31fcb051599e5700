/*
 * The heap of timers. Invariant: at[t->place - 1] == t for every running timer, and no
 * timer is earlier than its parent.
 */
#include "base/timers.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

static void put(struct timers *h, size_t i, struct timer *t)
{
	h->at[i] = t;
	t->place = i + 1;
}

static void rise(struct timers *h, size_t i)
{
	struct timer *t = h->at[i];
	for (size_t up; i > 0 && h->at[up = (i - 1) / 2]->at_ms > t->at_ms; i = up)
		put(h, i, h->at[up]);
	put(h, i, t);
}

static void sink(struct timers *h, size_t i)
{
	struct timer *t = h->at[i];
	for (size_t down; (down = 2 * i + 1) < h->n; i = down) {
		if (down + 1 < h->n && h->at[down + 1]->at_ms < h->at[down]->at_ms)
			down++;
		if (h->at[down]->at_ms >= t->at_ms)
			break;
		put(h, i, h->at[down]);
	}
	put(h, i, t);
}

void timer_stop(struct timers *h, struct timer *t)
{
	if (t->place == 0)
		return;
	size_t i = t->place - 1;
	t->place = 0;
	struct timer *last = h->at[--h->n];
	if (last == t)
		return;
	put(h, i, last);
	rise(h, i);
	sink(h, last->place - 1);
}

void timer_set(struct timers *h, struct timer *t, int64_t at_ms)
{
	if (t->place != 0 && t->at_ms == at_ms)
		return;
	timer_stop(h, t);
	t->at_ms = at_ms;
	if (at_ms == CLOCK_NEVER)
		return;
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 64;
		h->at = xreallocarray(h->at, h->cap, sizeof(*h->at));
	}
	put(h, h->n, t);
	rise(h, h->n++);
}

struct timer *timers_due(const struct timers *h, int64_t now_ms)
{
	return h->n != 0 && h->at[0]->at_ms <= now_ms ? h->at[0] : NULL;
}

int64_t timers_next_ms(const struct timers *h)
{
	return h->n != 0 ? h->at[0]->at_ms : CLOCK_NEVER;
}

void timers_done(struct timers *h)
{
	free(h->at);
	*h = (struct timers){0};
}
