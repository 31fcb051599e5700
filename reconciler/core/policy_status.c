/*
 * The status of PullPolicies: is it valid, and how many CachedImages name it (behaviour.md 59). The
 * number follows the images, so it is written rarely: at once for another generation or another
 * verdict, else at most once a minute and policy, one in flight, none that changes nothing. It is
 * small, so it is written whole and remembered as a hash.
 */
#include "reconciler/core/policy_status.h"

#include <inttypes.h>
#include <string.h>

#include "api/tables.h"

#define PACE_MS (60 * 1000)
/* Refused, or not there: a CRD or a role of an older release, which nobody may ever renew. */
static const struct backoff failed_backoff = {2 * 1000, 10 * 60 * 1000};

static void touch(struct core *c, struct policy *p)
{
	if (c->leading && p->present)
		list_append(&c->touched_policies, &p->touched);
}

static void take_seen(struct policy_status *s)
{
	s->known = true;
	s->known_hash = s->seen_hash;
	s->known_generation = s->seen_generation;
}

void policy_status_observe(struct core *c, struct policy *p, const struct pullpolicy *pp)
{
	struct policy_status *s = &p->status;
	const struct api_condition *ready = api_condition_find(&pp->status.conditions, "Ready");
	s->seen_hash = desc_hash(&pullpolicy_status_desc, &pp->status);
	s->seen_generation = pp->status.observed_generation;
	s->seen_rv = pp->meta.rv;
	if (!s->ever_written) {
		s->ready = ready != NULL && ready->status != NULL &&
			   strcmp(ready->status, "True") == 0;
		s->since = ready != NULL ? ready->last_transition : 0;
		s->health = health_of(&pp->status.conditions);
	}
	/* A late echo says what the API had before our last write. */
	if (!s->writing && s->seen_rv >= s->written_rv)
		take_seen(s);
	touch(c, p);
}

static int64_t due_ms(const struct policy *p, struct now now)
{
	const struct policy_status *s = &p->status;
	int64_t at = now.boot_ms;
	if (s->failures != 0)
		at = s->again_ms;
	else if (s->ever_written && s->known && s->known_generation == p->generation)
		at = s->written_ms + PACE_MS;
	return at > now.boot_ms ? at : now.boot_ms;
}

static struct pullpolicy_status *build(struct policy *p, struct now now, struct arena *a)
{
	struct policy_status *s = &p->status;
	struct pullpolicy_status *st = arena_alloc(a, sizeof(*st));
	bool ready = p->invalid == NULL;
	if (s->ready != ready || s->since == 0) {
		s->ready = ready;
		s->since = now.wall_s;
	}
	struct api_condition cond = {
		.type = "Ready",
		.status = ready ? "True" : "False",
		.reason = ready ? "Valid" : "InvalidSpec",
		.observed_generation = p->generation,
		.last_transition = s->since,
	};
	cond.message = ready ? arena_printf(a, "Used by %" PRIu32 " image%s", p->n_images,
					    p->n_images == 1 ? "" : "s")
			     : arena_strdup(a, p->invalid);
	st->observed_generation = p->generation;
	st->conditions.at = arena_array(a, 2, sizeof(cond));
	st->conditions.at[0] = cond;
	st->conditions.n = 1 + health_condition(&s->health, ready ? HEALTH_CURRENT : HEALTH_STALLED,
						&cond, now.wall_s, &st->conditions.at[1]);
	return st;
}

/* false: the API has it already. */
static bool write_one(struct policy *p, struct now now, struct arena *a,
		      struct core_policy_write *ret)
{
	struct policy_status *s = &p->status;
	struct pullpolicy_status *st = build(p, now, a);
	uint64_t hash = desc_hash(&pullpolicy_status_desc, st);
	if (s->known && s->known_hash == hash)
		return false;
	s->sent_hash = hash;
	s->sent_generation = p->generation;
	s->writing = s->ever_written = true;
	s->written_ms = now.boot_ms;
	*ret = (struct core_policy_write){
		.name = arena_strdup(a, p->name), .uid = arena_strdup(a, p->uid), .status = st};
	return true;
}

void policy_status_written(struct core *c, struct policy *p, enum core_write_result result,
			   uint64_t rv, struct now now)
{
	struct policy_status *s = &p->status;
	if (!s->writing)
		return;
	s->writing = false;
	if (result == WRITE_MADE) {
		s->failures = 0;
		s->known = true;
		s->known_hash = s->sent_hash;
		s->known_generation = s->sent_generation;
		if (rv != 0) {
			s->written_rv = rv;
			s->acked_ms = now.boot_ms;
		}
		/* What was seen meanwhile is what came of it, or what somebody wrote later. */
		if (s->seen_rv >= s->written_rv)
			take_seen(s);
	} else {
		s->known = false;
		s->failures++;
		s->again_ms = now.boot_ms + backoff_delay(failed_backoff, s->failures, 0);
	}
	touch(c, p);
}

void policy_statuses_listed(struct core *c, int64_t fresh_ms)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;) {
		struct policy_status *s = &p->status;
		if (s->written_rv == 0 || s->acked_ms >= fresh_ms)
			continue;
		bool lost = s->seen_rv < s->written_rv;
		s->written_rv = 0;
		if (!lost || s->writing)
			continue;
		take_seen(s);
		touch(c, p);
	}
}

void policy_statuses_begin(struct core *c)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		touch(c, p);
}

void policy_statuses_end(struct core *c)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;) {
		struct policy_status *s = &p->status;
		list_remove(&p->touched);
		timer_stop(&c->policy_writes, &s->timer);
		/* A write in flight may have arrived or not. */
		if (s->writing)
			s->known = false;
		s->writing = s->ever_written = false;
		s->failures = 0;
	}
}

void policy_statuses_run(struct core *c, struct now now, size_t room, struct arena *a,
			 struct core_actions *ret)
{
	struct timer *t;
	while (!list_alone(&c->touched_policies)) {
		struct policy *p = LIST_MEMBER(c->touched_policies.next, struct policy, touched);
		list_remove(&p->touched);
		if (p->present && !p->status.writing)
			timer_set(&c->policy_writes, &p->status.timer, due_ms(p, now));
	}
	ret->policy_writes = arena_array(a, room, sizeof(*ret->policy_writes));
	while (ret->n_policy_writes < room &&
	       (t = timers_due(&c->policy_writes, now.boot_ms)) != NULL) {
		struct policy *p = LIST_MEMBER(t, struct policy, status.timer);
		timer_stop(&c->policy_writes, t);
		if (p->present && write_one(p, now, a, &ret->policy_writes[ret->n_policy_writes]))
			ret->n_policy_writes++;
	}
}
