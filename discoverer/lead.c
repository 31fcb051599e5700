/* See lead.h. */
#include "discoverer/lead.h"

void lead_lease(struct lead *l, uint64_t term, int64_t until_ms, int64_t now_ms)
{
	if (term == 0 || now_ms >= until_ms) {
		l->term = 0;
		return;
	}
	if (term != l->term) { /* whatever was read before may be older than another's writes */
		l->term = term;
		l->demand_ms = now_ms;
		l->read = false;
	}
	l->until_ms = until_ms;
}

void lead_tick(struct lead *l, int64_t now_ms)
{
	if (now_ms >= l->until_ms)
		l->term = 0;
}

void lead_read(struct lead *l, int64_t fresh_ms)
{
	if (l->term != 0 && fresh_ms >= l->demand_ms)
		l->read = true;
}

int64_t lead_demand(const struct lead *l)
{
	return l->term != 0 && !l->read ? l->demand_ms : 0;
}

bool lead_may(const struct lead *l, int64_t now_ms)
{
	return l->term != 0 && l->read && now_ms < l->until_ms;
}
