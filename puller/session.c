/* Admission by lease and session; the rules are in the header. */
#include "puller/session.h"

#include "base/names.h"

static const char *const admission_texts[] = {
	[ADMIT_OK] = "accepted",
	[ADMIT_OTHER_SESSION] = "request of another session",
	[ADMIT_LATE] = "request is too late",
	[ADMIT_NO_LEASE] = "this replica does not hold the lease",
};

const char *admission_text(enum admission v)
{
	return name_of(NAMES(admission_texts), v);
}

static enum admission when(const struct session *s, int64_t valid_until_ms, int64_t now_ms)
{
	if (now_ms >= valid_until_ms)
		return ADMIT_LATE;
	return leader_may_write(&s->lease, now_ms) ? ADMIT_OK : ADMIT_NO_LEASE;
}

enum admission session_start(const struct session *s, uint64_t id, int64_t valid_until_ms,
			     int64_t now_ms)
{
	if (s->id == 0 || id != s->id)
		return ADMIT_OTHER_SESSION;
	return when(s, valid_until_ms, now_ms);
}

enum admission session_delete(const struct session *s, uint64_t id, int64_t valid_until_ms,
			      int64_t now_ms)
{
	if (s->id != 0 && id != s->id)
		return ADMIT_OTHER_SESSION;
	return when(s, valid_until_ms, now_ms);
}
