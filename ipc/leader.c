/* Follows the lease; see leader.h. */
#include "ipc/leader.h"

bool leader_lapsed(struct leader *l, int64_t now_ms)
{
	if (l->term == 0 || now_ms < l->until_ms)
		return false;
	l->term = 0;
	return true;
}

enum leader_change leader_heard(struct leader *l, int64_t said_us, uint64_t term, int64_t until_ms,
				int64_t now_ms)
{
	enum leader_change change = leader_lapsed(l, now_ms) ? LEADER_ENDED : LEADER_SAME;
	if (said_us < l->said_us)
		return change;
	l->said_us = said_us;
	if (term == 0 || until_ms <= now_ms) {
		if (l->term != 0)
			change = LEADER_ENDED;
		l->term = 0;
		return change;
	}
	if (term != l->term)
		change = LEADER_BEGAN;
	l->term = term;
	l->until_ms = until_ms;
	return change;
}

bool leader_may_write(const struct leader *l, int64_t now_ms)
{
	return l->term != 0 && now_ms < l->until_ms;
}

int64_t leader_deadline(const struct leader *l, int64_t at_ms)
{
	return at_ms < l->until_ms ? at_ms : l->until_ms;
}
