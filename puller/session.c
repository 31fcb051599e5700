/* Lease and session as the puller sees them; the rules are in the header. */
#include "puller/session.h"

#include "base/names.h"

#include "ipc/lease_word.h"

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

bool session_lease(struct session *s, int64_t said_us, uint64_t term, int64_t until_ms,
		   int64_t now_ms)
{
	bool open = s->term != 0; /* until a tick or this closes it */
	s->heard_ms = now_ms;
	if (lease_word_counts(&s->said_us, said_us)) {
		s->term = term;
		s->until_ms = until_ms;
	}
	if (session_may_write(s, now_ms))
		return false;
	s->term = 0;
	return open;
}

bool session_tick(struct session *s, int64_t now_ms)
{
	if (s->term == 0 || now_ms < s->until_ms)
		return false;
	s->term = 0;
	return true;
}

bool session_may_write(const struct session *s, int64_t now_ms)
{
	return s->term != 0 && now_ms < s->until_ms;
}

static enum verdict when(const struct session *s, int64_t valid_until_ms, int64_t now_ms)
{
	if (now_ms >= valid_until_ms)
		return VERDICT_LATE;
	return session_may_write(s, now_ms) ? VERDICT_OBEY : VERDICT_NO_LEASE;
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

int64_t session_deadline(const struct session *s, int64_t valid_until_ms)
{
	return valid_until_ms < s->until_ms ? valid_until_ms : s->until_ms;
}
