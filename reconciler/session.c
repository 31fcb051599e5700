/*
 * The steps to leadership, one function an event. A step is only ever reached from
 * the one before it; every doubt leads back to STANDBY or PULLER.
 */
#include "reconciler/session.h"

#include "base/names.h"

static const char *const step_names[] = {
	[SESSION_STANDBY] = "standby",
	[SESSION_PULLER] = "announcing",
	[SESSION_READ] = "reading",
	[SESSION_LEAD] = "leading",
};

const char *session_step_name(enum session_step step)
{
	return name_of(NAMES(step_names), step);
}

static void stand_by(struct session *s)
{
	*s = (struct session){.step = SESSION_STANDBY};
}

void session_lease(struct session *s, uint64_t term, int64_t until_ms, uint64_t id, int64_t now_ms)
{
	session_tick(s, now_ms);
	if (term == 0 || until_ms <= now_ms) {
		stand_by(s);
		return;
	}
	if (s->step == SESSION_STANDBY || term != s->term)
		*s = (struct session){.step = SESSION_PULLER, .id = id, .term = term};
	s->until_ms = until_ms;
}

void session_tick(struct session *s, int64_t now_ms)
{
	if (s->step != SESSION_STANDBY && now_ms >= s->until_ms)
		stand_by(s);
}

void session_puller_synced(struct session *s, uint64_t id, int64_t at_ms)
{
	if (s->step != SESSION_PULLER || id != s->id)
		return;
	s->step = SESSION_READ;
	s->demand_ms = at_ms;
}

void session_puller_lost(struct session *s, uint64_t id)
{
	if (s->step == SESSION_STANDBY)
		return;
	s->step = SESSION_PULLER;
	s->id = id;
}

void session_read(struct session *s, int64_t fresh_ms)
{
	if (s->step == SESSION_READ && fresh_ms >= s->demand_ms)
		s->step = SESSION_LEAD;
}
