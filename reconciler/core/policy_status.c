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
#include "reconciler/core/suspend.h"

#define PACE_MS (60 * 1000)
/* Refused, or not there: a CRD or a role of an older release, which may never be updated. */
static const struct backoff failed_backoff = {2 * 1000, 10 * 60 * 1000};

static void touch(struct core *c, struct policy *p)
{
	if (c->leading && p->present)
		list_append(&c->touched_policies, &p->touched);
}

/* What the API has now; false: as before. */
static bool take(struct policy_status *s, enum ack_copy copy)
{
	if (copy == ACK_SEEN)
		s->known = s->seen;
	else if (copy == ACK_SENT)
		s->known = s->sent;
	else if (copy == ACK_NONE)
		s->known = (struct policy_status_hash){0};
	return copy != ACK_KEEP;
}

static struct policy_status_hash hash_of(const struct pullpolicy_status *st)
{
	return (struct policy_status_hash){true, desc_hash(&pullpolicy_status_desc, st),
					   st->observed_generation};
}

void policy_status_observe(struct core *c, struct policy *p, const struct pullpolicy *pp)
{
	struct policy_status *s = &p->status;
	const struct api_condition *ready = api_condition_find(&pp->status.conditions, "Ready");
	const struct api_condition *suspended =
		api_condition_find(&pp->status.conditions, CONDITION_SUSPENDED);
	s->seen = hash_of(&pp->status);
	if (!s->ack.ever_written) {
		s->suspended_s = suspended != NULL ? suspended->last_transition : 0;
		s->ready = ready != NULL && ready->status != NULL &&
			   strcmp(ready->status, "True") == 0;
		s->since = ready != NULL ? ready->last_transition : 0;
		s->health = health_of(&pp->status.conditions);
	}
	take(s, ack_observed(&s->ack, pp->meta.rv));
	touch(c, p);
}

static int64_t due_ms(const struct policy *p, struct now now)
{
	const struct policy_status *s = &p->status;
	bool at_once = !s->known.known || s->known.generation != p->generation;
	return ack_due(&s->ack, at_once, PACE_MS, now.boot_ms);
}

/* 50. */
static size_t add_suspended(struct policy *p, struct now now, struct api_condition *ret)
{
	struct policy_status *s = &p->status;
	if (!p->suspend || s->suspended_s == 0)
		s->suspended_s = p->suspend ? now.wall_s : 0;
	if (!p->suspend)
		return 0;
	*ret = (struct api_condition){
		.type = CONDITION_SUSPENDED,
		.status = "True",
		.reason = "Suspended",
		.message = "No pull of an image of this policy starts",
		.observed_generation = p->generation,
		.last_transition = s->suspended_s,
	};
	return 1;
}

static struct pullpolicy_status *build(struct policy *p, struct now now, struct arena *a)
{
	struct policy_status *s = &p->status;
	struct pullpolicy_status *st = arena_alloc(a, sizeof(*st));
	bool ready = p->invalid == NULL && p->no_zone == NULL;
	if (s->ready != ready || s->since == 0) {
		s->ready = ready;
		s->since = now.wall_s;
	}
	struct api_condition cond = {
		.type = "Ready",
		.status = ready ? "True" : "False",
		.reason = ready                ? "Valid"
			  : p->invalid != NULL ? "InvalidSpec"
					       : "UnknownTimeZone",
		.observed_generation = p->generation,
		.last_transition = s->since,
	};
	const char *wrong = p->invalid;
	if (wrong == NULL && p->no_zone != NULL)
		wrong = arena_printf(a, "Unknown time zone %s: no pull starts", p->no_zone);
	cond.message = ready ? arena_printf(a, "Used by %" PRIu32 " image%s", p->n_images,
					    p->n_images == 1 ? "" : "s")
			     : arena_strdup(a, wrong);
	st->observed_generation = p->generation;
	st->conditions.at = arena_array(a, 3, sizeof(cond));
	st->conditions.at[0] = cond;
	st->conditions.n = 1 + health_condition(&s->health, ready ? HEALTH_CURRENT : HEALTH_STALLED,
						&cond, now.wall_s, &st->conditions.at[1]);
	st->conditions.n += add_suspended(p, now, &st->conditions.at[st->conditions.n]);
	return st;
}

/* false: the API has it already. */
static bool write_one(struct policy *p, struct now now, struct arena *a,
		      struct core_policy_write *ret)
{
	struct policy_status *s = &p->status;
	struct pullpolicy_status *st = build(p, now, a);
	struct policy_status_hash want = hash_of(st);
	if (s->known.known && s->known.hash == want.hash)
		return false;
	s->sent = want;
	ack_sent(&s->ack, now.boot_ms);
	*ret = (struct core_policy_write){
		.name = arena_strdup(a, p->name), .uid = arena_strdup(a, p->uid), .status = st};
	return true;
}

void policy_status_written(struct core *c, struct policy *p, enum core_write_result result,
			   uint64_t rv, struct now now)
{
	struct policy_status *s = &p->status;
	if (!s->ack.writing)
		return;
	take(s, ack_answered(&s->ack, result == WRITE_MADE, rv, now.boot_ms));
	if (s->ack.failures != 0)
		s->ack.again_ms = now.boot_ms + backoff_delay(failed_backoff, s->ack.failures, 0);
	touch(c, p);
}

void policy_statuses_listed(struct core *c, int64_t fresh_ms)
{
	struct policy *p;
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;) {
		if (take(&p->status, ack_listed(&p->status.ack, fresh_ms)))
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
		take(s, ack_fence(&s->ack));
		s->ack.ever_written = false;
	}
}

void policy_statuses_run(struct core *c, struct now now, size_t room, struct arena *a,
			 struct core_actions *ret)
{
	struct timer *t;
	while (!list_alone(&c->touched_policies)) {
		struct policy *p = LIST_MEMBER(c->touched_policies.next, struct policy, touched);
		list_remove(&p->touched);
		if (p->present && !p->status.ack.writing)
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
