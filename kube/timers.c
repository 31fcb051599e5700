/*
 * A binary heap ordered by at_ms; each timer knows its slot, so that stopping one
 * is as cheap as arming it.
 */
#include "kube/timers.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

static void place(struct timers *all, size_t slot, struct timer *t)
{
	all->heap[slot - 1] = t;
	t->slot = slot;
}

static void sift_up(struct timers *all, struct timer *t)
{
	size_t slot = t->slot;
	while (slot > 1 && all->heap[slot / 2 - 1]->at_ms > t->at_ms) {
		place(all, slot, all->heap[slot / 2 - 1]);
		slot /= 2;
	}
	place(all, slot, t);
}

static void sift_down(struct timers *all, struct timer *t)
{
	size_t slot = t->slot;
	for (size_t child; (child = slot * 2) <= all->n; slot = child) {
		if (child < all->n && all->heap[child]->at_ms < all->heap[child - 1]->at_ms)
			child++;
		if (all->heap[child - 1]->at_ms >= t->at_ms)
			break;
		place(all, slot, all->heap[child - 1]);
	}
	place(all, slot, t);
}

void timer_set(struct timers *all, struct timer *t, int64_t at_ms)
{
	t->at_ms = at_ms;
	if (t->slot == 0) {
		if (all->n == all->cap) {
			all->cap = all->cap ? all->cap * 2 : 16;
			all->heap = xreallocarray(all->heap, all->cap, sizeof(all->heap[0]));
		}
		place(all, ++all->n, t);
	}
	sift_up(all, t);
	sift_down(all, t);
}

void timer_stop(struct timers *all, struct timer *t)
{
	if (t->slot == 0)
		return;
	struct timer *last = all->heap[--all->n];
	size_t hole = t->slot;
	t->slot = 0;
	if (last == t)
		return;
	place(all, hole, last);
	sift_up(all, last);
	sift_down(all, last);
}

int64_t timers_next(const struct timers *all)
{
	return all->n ? all->heap[0]->at_ms : CLOCK_NEVER;
}

void timers_run(struct timers *all, int64_t now_ms)
{
	for (size_t left = all->n; left > 0 && timers_next(all) <= now_ms; left--) {
		struct timer *t = all->heap[0];
		timer_stop(all, t);
		t->fire(t->ctx);
	}
}

void timers_done(struct timers *all)
{
	free(all->heap);
	*all = (struct timers){0};
}
