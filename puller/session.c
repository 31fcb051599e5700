/* Lease and session as the puller sees them; the rules are in the header. */
#include "puller/session.h"

#include "base/names.h"

static const char *const verdict_texts[] = {
	[VERDICT_OBEY] = "obeyed",
	[VERDICT_STRANGER] = "asked in another session",
	[VERDICT_LATE] = "asked too late",
	[VERDICT_NO_LEASE] = "the lease is not held here",
};

const char *verdict_text(enum verdict v)
{
	return name_of(NAMES(verdict_texts), v);
}

static enum verdict when(const struct session *s, int64_t valid_until_ms, int64_t now_ms)
{
	if (now_ms >= valid_until_ms)
		return VERDICT_LATE;
	return leader_may_write(&s->lease, now_ms) ? VERDICT_OBEY : VERDICT_NO_LEASE;
}

enum verdict session_start(const struct session *s, uint64_t id, int64_t valid_until_ms,
			   int64_t now_ms)
{
	if (s->id == 0 || id != s->id)
		return VERDICT_STRANGER;
	return when(s, valid_until_ms, now_ms);
}

enum verdict session_delete(const struct session *s, uint64_t id, int64_t valid_until_ms,
			    int64_t now_ms)
{
	if (s->id != 0 && id != s->id)
		return VERDICT_STRANGER;
	return when(s, valid_until_ms, now_ms);
}
