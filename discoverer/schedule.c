/* See schedule.h. */
#include "discoverer/schedule.h"

static int64_t at_least(int64_t interval_ms)
{
	return interval_ms < SYNC_MIN_MS ? SYNC_MIN_MS : interval_ms;
}

static int64_t jitter(int64_t ms, uint64_t random)
{
	int64_t tenth = ms / 10;
	return ms - tenth + (int64_t)(random % (uint64_t)(2 * tenth + 1));
}

int64_t schedule_interval(int64_t interval_ms, uint64_t random)
{
	return jitter(at_least(interval_ms), random);
}

int64_t schedule_retry(int fails, int64_t interval_ms, int64_t asked_ms, uint64_t random)
{
	int64_t most = at_least(interval_ms), wait = RETRY_FIRST_MS;
	while (--fails > 0 && wait < most)
		wait *= 2;
	if (wait > most)
		wait = most;
	wait = jitter(wait, random);
	if (asked_ms > most)
		asked_ms = most;
	return wait > asked_ms ? wait : asked_ms;
}

int64_t schedule_resume(int64_t last_sync_s, bool healthy, int64_t interval_ms, int64_t now_s,
			uint64_t random)
{
	int64_t wait = schedule_interval(interval_ms, random);
	int64_t since_s = now_s - last_sync_s;
	if (healthy && since_s >= 0 && since_s < wait / 1000)
		return wait - since_s * 1000;
	int64_t spread = at_least(interval_ms) / 10;
	if (spread > SPREAD_MS)
		spread = SPREAD_MS;
	return (int64_t)(random % (uint64_t)(spread + 1));
}
