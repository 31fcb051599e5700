/*
 * The seven rules, in the order of the header.
 */
#include "kube/lease_decide.h"

#include <string.h>

#include "kube/lease.h"

static struct lease_decision at(enum lease_action action, int64_t at_ms, int64_t transitions)
{
	return (struct lease_decision){
		.action = action, .at_ms = at_ms, .transitions = transitions};
}

static bool is_ours(const struct lease_state *s, const char *identity)
{
	return s->known && s->seen.exists && strcmp(s->seen.holder, identity) == 0;
}

/* A Lease that was restored from a backup counts from where it was then: terms are not given twice.
 */
static int64_t next_transitions(const struct lease_state *s)
{
	int64_t last = s->seen.transitions;
	return (s->top_transitions > last ? s->top_transitions : last) + 1;
}

/* When the next request may go out: at once, unless the last one failed. */
static int64_t soon(const struct lease_state *s)
{
	if (!s->failed)
		return s->last_ms;
	return s->last_ms + (s->term != 0 || s->releasing ? LEASE_RETRY_MS : s->poll_ms);
}

static int64_t expires_ms(const struct lease_state *s)
{
	int64_t duration = s->seen.duration_s;
	if (duration < LEASE_DURATION_S)
		duration = LEASE_DURATION_S;
	if (duration > LEASE_DURATION_MAX_S)
		duration = LEASE_DURATION_MAX_S;
	return s->seen_ms + duration * 1000;
}

static struct lease_decision hold(const struct lease_state *s)
{
	if (s->term != 0) /* rule 5 */
		return at(LEASE_RENEW, s->failed ? soon(s) : s->last_ms + LEASE_RENEW_MS,
			  s->seen.transitions);
	if (!s->ever_led)
		return at(LEASE_RENEW, soon(s), s->seen.transitions);
	return at(LEASE_TAKE, soon(s), next_transitions(s));
}

static struct lease_decision stand_by(const struct lease_state *s, int64_t now_ms)
{
	int64_t expires = expires_ms(s);
	if (now_ms >= expires) /* rule 7 */
		return at(s->seen.exists ? LEASE_TAKE : LEASE_CREATE, soon(s), next_transitions(s));
	int64_t poll = s->last_ms + s->poll_ms;
	/* At the expiry there is no need to read: a version that moved refuses our write. */
	return poll < expires ? at(LEASE_READ, poll, 0) : at(LEASE_WAIT, expires, 0);
}

static struct lease_decision next(const struct lease_state *s, const char *identity, int64_t now_ms)
{
	if (!s->known || s->stale) /* rule 2 */
		return at(LEASE_READ, soon(s), 0);
	if (s->releasing) /* rule 3 */
		return is_ours(s, identity) ? at(LEASE_RELEASE, soon(s), s->seen.transitions)
					    : at(LEASE_DONE, now_ms, 0);
	bool others = s->seen.holder[0] != '\0' && strcmp(s->seen.holder, identity) != 0;
	if (!s->seen.exists && !others) /* rule 4 */
		return at(LEASE_CREATE, soon(s), s->ever_known ? next_transitions(s) : 0);
	if (is_ours(s, identity))
		return hold(s);
	if (!others) /* rule 6 */
		return at(LEASE_TAKE, soon(s), next_transitions(s));
	return stand_by(s, now_ms);
}

struct lease_decision lease_decide(const struct lease_state *s, const char *identity,
				   int64_t now_ms)
{
	bool other = s->known && s->seen.exists && !is_ours(s, identity);
	bool lost = s->term != 0 && (now_ms >= s->until_ms || other); /* rule 1 */
	struct lease_state rest = *s;
	if (lost)
		rest.term = 0;
	struct lease_decision v = next(&rest, identity, now_ms);
	v.lost = lost;
	if (v.at_ms > now_ms && v.action != LEASE_DONE) {
		/* Not yet: the caller sleeps until then, or until the term ends. */
		v.action = LEASE_WAIT;
		if (rest.term != 0 && v.at_ms > rest.until_ms)
			v.at_ms = rest.until_ms;
	}
	return v;
}

void lease_observe(struct lease_state *s, const struct lease_record *record, int64_t now_ms)
{
	bool same = s->known && s->seen.exists && record->exists && s->seen.rv == record->rv;
	if (!record->exists) { /* what is known of it stays: who held it, and since when */
		s->seen.exists = false;
	} else {
		if (!same)
			s->seen_ms = now_ms;
		s->seen = *record;
		s->ever_known = true;
		if (record->transitions > s->top_transitions)
			s->top_transitions = record->transitions;
	}
	s->known = true;
	s->stale = false;
}
