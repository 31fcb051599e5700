/*
 * The steps to leadership, one function an event. A step is only ever reached from
 * the one before it; every doubt leads back to STANDBY or PULLER.
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

static void stand_by(struct takeover *s)
{
	*s = (struct takeover){.step = TAKEOVER_STANDBY};
}

void takeover_lease(struct takeover *s, uint64_t term, int64_t until_ms, uint64_t id,
		    int64_t now_ms)
{
	takeover_tick(s, now_ms);
	if (term == 0 || until_ms <= now_ms) {
		stand_by(s);
		return;
	}
	if (s->step == TAKEOVER_STANDBY || term != s->term)
		*s = (struct takeover){.step = TAKEOVER_PULLER, .id = id, .term = term};
	s->until_ms = until_ms;
}

void takeover_tick(struct takeover *s, int64_t now_ms)
{
	if (s->step != TAKEOVER_STANDBY && now_ms >= s->until_ms)
		stand_by(s);
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
	return s->until_ms < now_ms + REQUEST_MS ? s->until_ms : now_ms + REQUEST_MS;
}
