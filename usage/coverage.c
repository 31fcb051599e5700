/* See coverage.h. Invariant: gaps are in order, do not overlap, and end before seen_s. */
#include "usage/coverage.h"

#include <string.h>

void coverage_seen(struct coverage *c, int64_t now_s)
{
	if (c->since_s != 0 && now_s > c->seen_s)
		c->seen_s = now_s;
}

void coverage_gap(struct coverage *c, int64_t from_s, int64_t to_s)
{
	if (to_s <= from_s)
		return;
	if (c->n > 0 && c->gaps[c->n - 1].to_s >= from_s) {
		struct coverage_gap *last = &c->gaps[c->n - 1];
		last->to_s = to_s > last->to_s ? to_s : last->to_s;
		return;
	}
	if (c->n == COVERAGE_GAPS_MAX) {
		c->gaps[0].to_s = c->gaps[1].to_s;
		c->n--;
		memmove(&c->gaps[1], &c->gaps[2], (c->n - 1) * sizeof(c->gaps[0]));
	}
	c->gaps[c->n++] = (struct coverage_gap){from_s, to_s};
}

void coverage_listed(struct coverage *c, int64_t began_s, int64_t oldest_s)
{
	if (c->since_s == 0) {
		c->since_s = c->seen_s = began_s;
		return;
	}
	bool proved = oldest_s != 0 && oldest_s <= c->seen_s;
	if (!proved && began_s - c->seen_s > COVERAGE_ASSUMED_S)
		coverage_gap(c, c->seen_s, began_s - COVERAGE_ASSUMED_S);
	coverage_seen(c, began_s);
}

bool coverage_whole(const struct coverage *c, int64_t from_s, int64_t to_s)
{
	if (c->since_s == 0 || c->since_s > from_s || c->seen_s < to_s)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->gaps[i].from_s < to_s && c->gaps[i].to_s > from_s)
			return false;
	return true;
}

void coverage_forget(struct coverage *c, int64_t before_s)
{
	size_t old = 0;
	while (old < c->n && c->gaps[old].to_s <= before_s)
		old++;
	c->n -= old;
	memmove(&c->gaps[0], &c->gaps[old], c->n * sizeof(c->gaps[0]));
}
