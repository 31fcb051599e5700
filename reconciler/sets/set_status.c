/*
 * The status a set should have, and when it is written (behaviour.md 21, 24): at once for
 * a phase change, else at most once in two seconds, one in flight, none that changes
 * nothing. It is small, so it is always written whole and remembered as a hash.
 */
#include <inttypes.h>
#include <string.h>

#include "api/tables.h"
#include "reconciler/sets/sets_model.h"

#define STATUS_PACE_MS 2000
/* The object of a write was not there, or the API server will not have it. */
#define STATUS_GONE_MS (30 * 1000)
/* Names in a message that lists failing children; the rest is counted. */
#define STATUS_NAMES_MAX 5

static const char *const phases[SET_PHASES] = {
	[SET_PENDING] = "Pending",
	[SET_READY] = "Ready",
	[SET_DEGRADED] = "Degraded",
};

static uint32_t n_images(const struct set *set)
{
	return (uint32_t)set->n_wanted + set->tally.kept;
}

/*
 * 24. In this order: a missing DiscoveryPolicy, a Degraded child, one not synced, all Ready. 59. A
 * set that wants nothing is Ready, unless nobody knows what its DiscoveryPolicy would find.
 */
static enum set_phase phase_of(const struct set *set)
{
	if (set->discovered == DISCOVERY_MISSING || set->tally.degraded != 0)
		return SET_DEGRADED;
	if (set->discovered == DISCOVERY_WAITED_FOR)
		return SET_PENDING;
	if (n_images(set) == 0 && set->discovered == DISCOVERY_FAILING)
		return SET_PENDING;
	return set->tally.ready == n_images(set) ? SET_READY : SET_PENDING;
}

static bool is_degraded(const struct child *c)
{
	return c->counted_degraded;
}

static bool is_stalled(const struct child *c)
{
	return c->counted_stalled;
}

/* "a, b, ... (7 in all)": the first by name, so that the text is always the same. */
static const char *child_names(const struct set *set, bool (*which)(const struct child *c),
			       uint32_t all, struct arena *a)
{
	const char *first[STATUS_NAMES_MAX];
	size_t n = 0;
	for (const struct link *l = set->family->children.next; l != &set->family->children;
	     l = l->next) {
		const struct child *c = LIST_MEMBER(l, struct child, of_family);
		if (!which(c) || (c->role != CHILD_WANTED && c->role != CHILD_KEPT))
			continue;
		names_first(first, &n, STATUS_NAMES_MAX, c->name);
	}
	return names_text(first, n, all, a);
}

static const char *first_trouble(const struct set *set)
{
	for (const struct link *l = set->listed.next; l != &set->listed; l = l->next) {
		const struct entry *e = LIST_MEMBER(l, struct entry, of_set);
		if (e->trouble != NULL && e->child == NULL && e->build == set->build)
			return e->trouble;
	}
	return NULL;
}

/* What the counts do not say. */
static const char *add_remarks(const struct set *set, const char *message, struct arena *a)
{
	enum discovery_state state = set->discovered;
	const char *name = set->discovery != NULL ? set->discovery->name : "";
	const char *trouble = first_trouble(set);
	if (state == DISCOVERY_WAITED_FOR)
		message = arena_printf(a, "%s; waiting for DiscoveryPolicy %s to be synced",
				       message, name);
	if (state == DISCOVERY_FAILING)
		message = arena_printf(a, "%s; DiscoveryPolicy %s is failing: %s", message, name,
				       set->discovery->reason != NULL ? set->discovery->reason
								      : "no reason given");
	if (set->n_skipped != 0)
		message = arena_printf(a, "%s; %zu discovered images skipped", message,
				       set->n_skipped);
	if (trouble != NULL)
		message = arena_printf(a, "%s; cannot create a child: %.512s", message, trouble);
	return message;
}

static struct api_condition ready_condition(struct set *set, struct now now, struct arena *a)
{
	enum set_phase phase = phase_of(set);
	uint32_t ready = set->tally.ready, all = n_images(set);
	const char *status = phase == SET_READY ? "True" : "False";
	struct api_condition cond = {
		.type = "Ready",
		.status = status,
		.observed_generation = set->generation,
	};
	if (phase == SET_READY) {
		cond.reason = "Ready";
		cond.message = all != 0 ? arena_printf(a, "All %" PRIu32 " images are cached", all)
					: "0 of 0 images are cached";
	} else if (set->discovered == DISCOVERY_MISSING) {
		cond.reason = "DiscoveryPolicyNotFound";
		cond.message = arena_printf(
			a, "DiscoveryPolicy %s not found; %" PRIu32 "/%" PRIu32 " images cached",
			set->discovery->name, ready, all);
	} else if (phase == SET_DEGRADED) {
		cond.reason = "Degraded";
		cond.message = arena_printf(
			a, "%" PRIu32 "/%" PRIu32 " images cached, failing: %" PRIu32 " (%s)",
			ready, all, set->tally.degraded,
			child_names(set, is_degraded, set->tally.degraded, a));
	} else {
		cond.reason = "Progressing";
		cond.message = arena_printf(a, "%" PRIu32 "/%" PRIu32 " images cached", ready, all);
	}
	cond.message = add_remarks(set, cond.message, a);
	/* 20. lastTransitionTime moves only with status. */
	if (strcmp(set->ready_status, status) != 0) {
		memset(set->ready_status, 0, sizeof(set->ready_status));
		memcpy(set->ready_status, status, strlen(status));
		set->ready_since = now.wall_s;
	}
	cond.last_transition = set->ready_since;
	return cond;
}

/* 58. There only while something is left alone: doubtful objects are named, not touched. */
static bool children_condition(struct set *set, struct now now, struct arena *a,
			       struct api_condition *ret)
{
	size_t n;
	const char *names = orphans_left(set, &n, a);
	if (n == 0) {
		set->left_since = 0;
		return false;
	}
	if (set->left_since == 0)
		set->left_since = now.wall_s;
	*ret = (struct api_condition){
		.type = "Children",
		.status = "False",
		.reason = "Ambiguous",
		.observed_generation = set->generation,
		.last_transition = set->left_since,
		.message = arena_printf(
			a,
			"%zu CachedImages have the label of this set and no controller, and are "
			"left "
			"alone: another child has the reference, or no entry (%s). Delete them, or "
			"remove the label " SET_LABEL,
			n, names),
	};
	return true;
}

/* 59. What does not heal by itself; its reason and message in why, which is Ready as it is. */
static enum health health_now(const struct set *set, struct arena *a, struct api_condition *why)
{
	if (phase_of(set) == SET_READY)
		return HEALTH_CURRENT;
	if (set->discovered == DISCOVERY_MISSING)
		return HEALTH_STALLED;
	if (set->tally.stalled != 0) {
		why->reason = "ImagesStalled";
		why->message = arena_printf(a,
					    "%" PRIu32 " of %" PRIu32
					    " images do not become Ready by themselves: %s",
					    set->tally.stalled, n_images(set),
					    child_names(set, is_stalled, set->tally.stalled, a));
		return HEALTH_STALLED;
	}
	if (first_trouble(set) != NULL) {
		why->reason = "CreateRefused";
		return HEALTH_STALLED;
	}
	return HEALTH_RECONCILING;
}

static bool add_health(struct set *set, const struct api_condition *ready, struct now now,
		       struct arena *a, struct api_condition *ret)
{
	struct api_condition why = *ready;
	enum health health = health_now(set, a, &why);
	return health_condition(&set->health, health, &why, now.wall_s, ret);
}

/* 50. */
static bool add_suspended(struct set *set, struct now now, struct api_condition *ret)
{
	if (!set->suspend || set->suspended_since == 0)
		set->suspended_since = set->suspend ? now.wall_s : 0;
	*ret = (struct api_condition){
		.type = "Suspended",
		.status = "True",
		.reason = "Suspended",
		.message = "No pull of an image of this set starts",
		.observed_generation = set->generation,
		.last_transition = set->suspended_since,
	};
	return set->suspend;
}

static enum set_phase phase_named(const char *name)
{
	for (int i = SET_PENDING; i < SET_PHASES; i++)
		if (name != NULL && strcmp(name, phases[i]) == 0)
			return (enum set_phase)i;
	return SET_NO_PHASE;
}

static struct set_status_hash hash_of(const struct cachedimageset_status *st)
{
	return (struct set_status_hash){desc_hash(&cachedimageset_status_desc, st),
					phase_named(st->phase)};
}

/* What the API has now; false: as before. */
static bool take(struct set *set, enum ack_copy copy)
{
	if (copy == ACK_SEEN)
		set->known = set->seen;
	else if (copy == ACK_SENT)
		set->known = set->sent;
	else if (copy == ACK_NONE)
		set->known = (struct set_status_hash){0};
	return copy != ACK_KEEP;
}

void status_observe(struct set *set, const struct cachedimageset *obj)
{
	const struct api_condition *ready = api_condition_find(&obj->status.conditions, "Ready");
	const struct api_condition *left = api_condition_find(&obj->status.conditions, "Children");
	set->seen = hash_of(&obj->status);
	if (!set->ack.ever_written && ready != NULL && ready->status != NULL &&
	    strlen(ready->status) < sizeof(set->ready_status)) {
		memset(set->ready_status, 0, sizeof(set->ready_status));
		memcpy(set->ready_status, ready->status, strlen(ready->status));
		set->ready_since = ready->last_transition;
	}
	const struct api_condition *suspended =
		api_condition_find(&obj->status.conditions, "Suspended");
	if (!set->ack.ever_written)
		set->suspended_since = suspended != NULL ? suspended->last_transition : 0;
	if (!set->ack.ever_written && left != NULL)
		set->left_since = left->last_transition;
	if (!set->ack.ever_written)
		set->health = health_of(&obj->status.conditions);
	take(set, ack_observed(&set->ack, obj->meta.rv));
}

void status_touch(struct sets *s, struct set *set, struct now now)
{
	if (!s->leading || set->deleting || set->ack.writing || set->build == 0)
		return;
	timer_set(
		&s->statuses, &set->timer,
		ack_due(&set->ack, set->known.phase != phase_of(set), STATUS_PACE_MS, now.boot_ms));
}

void status_forget(struct sets *s, struct set *set)
{
	timer_stop(&s->statuses, &set->timer);
	take(set, ack_fence(&set->ack));
	set->ack.ever_written = false;
}

bool status_write(struct sets *s, struct set *set, struct now now, struct arena *a,
		  struct set_write *ret)
{
	struct cachedimageset_status *st = arena_alloc(a, sizeof(*st));
	timer_stop(&s->statuses, &set->timer);
	st->observed_generation = set->generation;
	st->phase = phases[phase_of(set)];
	st->images_managed = set->tally.managed;
	st->images_ready = set->tally.ready;
	st->conditions = (struct api_conditions){arena_array(a, 4, sizeof(*st->conditions.at)), 1};
	st->conditions.at[0] = ready_condition(set, now, a);
	st->conditions.n += children_condition(set, now, a, &st->conditions.at[1]);
	st->conditions.n += add_health(set, &st->conditions.at[0], now, a,
				       &st->conditions.at[st->conditions.n]);
	st->conditions.n += add_suspended(set, now, &st->conditions.at[st->conditions.n]);
	struct set_status_hash want = hash_of(st);
	if (set->known.phase != SET_NO_PHASE && set->known.hash == want.hash)
		return false;
	set->sent = want;
	ack_sent(&set->ack, now.boot_ms);
	*ret = (struct set_write){
		.verb = SET_STATUS,
		.set = arena_strdup(a, set->name),
		.name = arena_strdup(a, set->name),
		.uid = arena_strdup(a, set->uid),
		.status = st,
	};
	return true;
}

void status_answered(struct sets *s, struct set *set, enum set_result result, uint64_t rv,
		     struct now now)
{
	if (!set->ack.writing)
		return;
	take(set, ack_answered(&set->ack, result == SET_DONE, rv, now.boot_ms));
	if (result != SET_DONE)
		set->ack.again_ms =
			now.boot_ms + (result == SET_FAILED ? STATUS_PACE_MS : STATUS_GONE_MS);
	status_touch(s, set, now);
}

void status_listed(struct sets *s, struct set *set, int64_t fresh_ms, struct now now)
{
	if (take(set, ack_listed(&set->ack, fresh_ms)))
		status_touch(s, set, now);
}
