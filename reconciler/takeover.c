/*
 * The steps to leadership, one function per event. A step is only reached from the one before it;
 * any loss leads back to STANDBY or PULLER.
 */
#include "reconciler/takeover.h"

#include "base/names.h"

static const char *const step_names[] = {
	[TAKEOVER_STANDBY] = "standby",
	[TAKEOVER_PULLER] = "announcing",
	[TAKEOVER_READ] = "reading",
	[TAKEOVER_LEAD] = "leading",
};

const char *takeover_step_name(enum takeover_step step)
{
	return name_of(NAMES(step_names), step);
}

void takeover_lease(struct takeover *s, int64_t said_us, uint64_t term, int64_t until_ms,
		    uint64_t id, int64_t now_ms)
{
	switch (leader_heard(&s->lease, said_us, term, until_ms, now_ms)) {
	case LEADER_BEGAN:
		s->step = TAKEOVER_PULLER;
		s->id = id;
		break;
	case LEADER_ENDED:
		s->step = TAKEOVER_STANDBY;
		break;
	case LEADER_SAME:
		break;
	}
}

void takeover_tick(struct takeover *s, int64_t now_ms)
{
	if (leader_lapsed(&s->lease, now_ms))
		s->step = TAKEOVER_STANDBY;
}

void takeover_puller_synced(struct takeover *s, uint64_t id, int64_t at_ms)
{
	if (s->step != TAKEOVER_PULLER || id != s->id)
		return;
	s->step = TAKEOVER_READ;
	s->demand_ms = at_ms;
}

void takeover_puller_lost(struct takeover *s, uint64_t id)
{
	if (s->step == TAKEOVER_STANDBY)
		return;
	s->step = TAKEOVER_PULLER;
	s->id = id;
}

void takeover_read(struct takeover *s, int64_t fresh_ms)
{
	if (s->step == TAKEOVER_READ && fresh_ms >= s->demand_ms)
		s->step = TAKEOVER_LEAD;
}

int64_t takeover_deadline(const struct takeover *s, int64_t now_ms)
{
	return leader_deadline(&s->lease, now_ms + REQUEST_MS);
}
