/* See lead.h. */
#include "discoverer/lead.h"

void lead_changed(struct lead *l, enum leader_change change, int64_t now_ms)
{
	if (change != LEADER_BEGAN)
		return;
	/* Whatever was read before may be older than another's writes. */
	l->demand_ms = now_ms;
	l->read = false;
}

void lead_read(struct lead *l, int64_t fresh_ms)
{
	if (l->lease.term != 0 && fresh_ms >= l->demand_ms)
		l->read = true;
}

int64_t lead_demand(const struct lead *l)
{
	return l->lease.term != 0 && !l->read ? l->demand_ms : 0;
}

bool lead_may(const struct lead *l, int64_t now_ms)
{
	return l->read && leader_may_write(&l->lease, now_ms);
}
