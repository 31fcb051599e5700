/*
 * The outside of the core: hands what is observed to the part that owns it, and runs
 * a turn: what time made due, then starts, writes, deletes. Decides nothing itself.
 */
#include "reconciler/core/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/check_answers.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/gate.h"
#include "reconciler/core/held.h"
#include "reconciler/core/images.h"
#include "reconciler/core/leadership.h"
#include "reconciler/core/model.h"
#include "reconciler/core/node_condition.h"
#include "reconciler/core/nodes.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/pod_answers.h"
#include "reconciler/core/pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/policy_windows.h"
#include "reconciler/core/policy_status.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pull_queue.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/status_writes.h"
#include "reconciler/core/suspend.h"
#include "reconciler/core/wall_clock.h"

struct core *core_new(void)
{
	struct core *c = xcalloc(1, sizeof(*c));
	policy_init(&c->fallback);
	list_init(&c->touched);
	list_init(&c->touched_policies);
	list_init(&c->asks);
	list_init(&c->deletes);
	list_init(&c->shown);
	list_init(&c->resolves);
	list_init(&c->checks);
	list_init(&c->held_touched);
	list_init(&c->removals);
	list_init(&c->conditions);
	return c;
}

void core_free(struct core *c)
{
	struct now never = {0};
	struct pull_pod *pod;
	if (c == NULL)
		return;
	lead_end(c);
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL; i = 0)
		pod_free(c, pod, never);
	while (c->n_queue != 0)
		image_free(c, c->queue[c->n_queue - 1]);
	policies_done(c);
	windows_forget_zones(c);
	suspend_done(c);
	slots_done(c);
	map_done(&c->images);
	map_done(&c->registries);
	map_done(&c->pods);
	texts_done(&c->texts);
	map_done(&c->node_pods);
	map_done(&c->pulled_images);
	free(c->queue);
	free(c->excluded_taints);
	free((char *)(uintptr_t)c->startup.remove);
	free((char *)(uintptr_t)c->startup.tolerate);
	for (size_t i = 0; i < c->n_platforms; i++)
		free(c->platforms[i]);
	timers_done(&c->timers);
	timers_done(&c->writes);
	timers_done(&c->policy_writes);
	facts_done(c);
	arena_done(&c->scratch);
	free(c);
}

void core_exclude_taints(struct core *c, const char *keys)
{
	free(c->excluded_taints);
	c->excluded_taints = xstrdup(keys);
}

static char *keys_or_none(const char *keys)
{
	return keys != NULL && *keys != '\0' ? xstrdup(keys) : NULL;
}

void core_hold_nodes(struct core *c, const char *remove, const char *tolerate, int64_t deadline_ms)
{
	c->startup = (struct startup_keys){keys_or_none(remove), keys_or_none(tolerate)};
	c->startup_deadline_ms = deadline_ms;
}

/* What is written to its status comes back as an observation, and concerns no image. */
static void pullpolicy_put(struct core *c, const struct pullpolicy *pp, struct now now)
{
	bool changed;
	struct policy *p = policy_put(c, pp, &changed);
	policy_status_observe(c, p, pp);
	if (changed)
		images_policy_changed(c, p, now);
}

void core_put(struct core *c, enum kind kind, const void *obj, struct now now)
{
	wall_clock_follow(c, now);
	switch (kind) {
	case KIND_NODE:
		node_put(c, obj, now);
		break;
	case KIND_POD:
		pod_put(c, obj, now);
		break;
	case KIND_CACHEDIMAGE:
		image_put(c, obj, now);
		break;
	case KIND_PULLPOLICY:
		pullpolicy_put(c, obj, now);
		break;
	case KIND_CACHEDIMAGESET: /* of which only that it suspends its images */
		if (suspend_set_put(c, obj))
			images_sets_changed(c, now);
		break;
	default: /* kinds that are not read for decisions about images */
		break;
	}
	arena_reset(&c->scratch);
}

static void policy_gone(struct core *c, struct policy *p, struct now now)
{
	p->n_images++; /* until all images have looked at it */
	p->present = false;
	images_policy_changed(c, p, now);
	policy_release(c, p);
}

static void policies_sweep(struct core *c, struct now now)
{
	struct policy *p;
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; !again && (p = map_next(&c->policies, &i)) != NULL;)
			if (p->present && p->read != c->read) {
				policy_gone(c, p, now);
				again = true; /* the table may have moved */
			}
	}
}

void core_gone(struct core *c, enum kind kind, const char *name, struct now now)
{
	struct policy *policy;
	struct image *img;
	struct pull_pod *pod;
	int slot;
	wall_clock_follow(c, now);
	switch (kind) {
	case KIND_NODE:
		if ((slot = node_find(c, name)) >= 0 && c->nodes[slot].present)
			node_gone(c, slot, now);
		break;
	case KIND_POD:
		if ((pod = map_get(&c->pods, name)) != NULL)
			pod_gone(c, pod, now);
		break;
	case KIND_CACHEDIMAGE:
		if ((img = map_get(&c->images, name)) != NULL)
			image_gone(c, img, now);
		break;
	case KIND_PULLPOLICY:
		if ((policy = map_get(&c->policies, name)) != NULL && policy->present)
			policy_gone(c, policy, now);
		break;
	case KIND_CACHEDIMAGESET:
		if (suspend_set_gone(c, name))
			images_sets_changed(c, now);
		break;
	default:
		break;
	}
	arena_reset(&c->scratch);
}

void core_mark(struct core *c)
{
	c->read++;
}

void core_sweep(struct core *c, struct now now)
{
	wall_clock_follow(c, now);
	policies_sweep(c, now);
	if (suspend_sets_sweep(c))
		images_sets_changed(c, now);
	images_sweep(c, now);
	nodes_sweep(c, now);
	pods_sweep(c, now);
	c->synced = true;
	arena_reset(&c->scratch);
}

void core_listed(struct core *c, int64_t fresh_ms, struct now now)
{
	if (fresh_ms <= c->listed_ms)
		return;
	wall_clock_follow(c, now);
	c->listed_ms = fresh_ms;
	writes_listed(c, fresh_ms);
	policy_statuses_listed(c, fresh_ms);
	pods_listed(c, now);
	arena_reset(&c->scratch);
}

void core_lead(struct core *c, bool lead, struct now now)
{
	wall_clock_follow(c, now);
	if (lead && !c->leading) {
		lead_begin(c, now);
		gate_begin(c);
		policy_statuses_begin(c);
	}
	if (!lead && c->leading) {
		lead_end(c);
		policy_statuses_end(c);
	}
	arena_reset(&c->scratch);
}

void core_started(struct core *c, const char *pod_name, enum core_start_result result,
		  const char *text, struct now now)
{
	struct pull_pod *pod = map_get(&c->pods, pod_name);
	if (pod != NULL)
		pod_started(c, pod, result, text, now);
	arena_reset(&c->scratch);
}

void core_deleted(struct core *c, const char *pod_name, bool done, struct now now)
{
	struct pull_pod *pod = map_get(&c->pods, pod_name);
	if (pod != NULL && done)
		pod->deleted_ms = now.boot_ms;
	else if (pod != NULL)
		pod_not_deleted(c, pod, now);
}

void core_written(struct core *c, const char *image_name, const char *image_uid,
		  enum core_write_result result, uint64_t rv, struct now now)
{
	struct image *img = map_get(&c->images, image_name);
	if (img != NULL && strcmp(img->uid, image_uid) == 0)
		image_written(c, img, result, rv, now);
}

void core_policy_written(struct core *c, const char *name, const char *uid,
			 enum core_write_result result, uint64_t rv, struct now now)
{
	struct policy *p = map_get(&c->policies, name);
	if (p != NULL && p->uid != NULL && strcmp(p->uid, uid) == 0)
		policy_status_written(c, p, result, rv, now);
}

void core_resolved(struct core *c, const char *image_name, const char *image_uid,
		   const char *reference, bool answered, const char *digest)
{
	struct image *img = map_get(&c->images, image_name);
	if (img != NULL && strcmp(img->uid, image_uid) == 0)
		digest_read(c, img, reference, answered, digest);
}

void core_opened(struct core *c, const char *node, const char *node_uid,
		 enum core_open_result result, struct now now)
{
	int slot = node_find(c, node);
	if (c->leading && slot >= 0 && c->nodes[slot].present &&
	    strcmp(c->nodes[slot].uid, node_uid) == 0)
		gate_opened(c, slot, result, now);
	arena_reset(&c->scratch);
}

void core_node_conditions(struct core *c, bool on)
{
	c->node_conditions = on;
}

void core_condition_written(struct core *c, const char *node, const char *node_uid, bool done,
			    int64_t again_ms, struct now now)
{
	int slot = node_find(c, node);
	if (c->leading && slot >= 0 && c->nodes[slot].present &&
	    strcmp(c->nodes[slot].uid, node_uid) == 0)
		node_condition_written(c, slot, done, again_ms, now);
}

int core_order_open(struct core *c, const char *node)
{
	int n = 0, only = node != NULL ? node_find(c, node) : -1;
	if (node != NULL && (only < 0 || !c->nodes[only].present))
		return -1;
	if (node != NULL)
		return gate_order(c, only);
	for (size_t slot = 0; slot < c->n_slots; slot++)
		n += gate_order(c, (int)slot);
	return n;
}

void core_know_zone(struct core *c, const char *name, const struct zone *zone)
{
	windows_know(c, name, zone);
}

bool core_knows_zone(const struct core *c, const char *name)
{
	return map_get(&c->zones, name) != NULL;
}

void core_gate_wait(struct core *c, bool wait)
{
	c->gate_wait = wait;
}

void core_allow_checks(struct core *c, bool allow)
{
	c->checks_allowed = allow;
}

void core_told(struct core *c, const char *image_name, const char *image_uid, const char *reference,
	       const struct core_told *told, struct now now)
{
	struct image *img = map_get(&c->images, image_name);
	wall_clock_follow(c, now);
	if (c->leading && img != NULL && strcmp(img->uid, image_uid) == 0 &&
	    strcmp(img->reference, reference) == 0)
		check_told(c, img, told, now);
	arena_reset(&c->scratch);
}

static void run_timers(struct core *c, struct now now)
{
	struct timer *t;
	while ((t = timers_due(&c->timers, now.boot_ms)) != NULL) {
		switch (t->owner) {
		case TIMER_POD:
			pod_due(c, LIST_MEMBER(t, struct pull_pod, timer), now);
			break;
		case TIMER_IMAGE:
			pairs_due(c, LIST_MEMBER(t, struct image, retry), now);
			break;
		case TIMER_POLICY:
			LIST_MEMBER(t, struct policy, wake)->dirty = true;
			timer_stop(&c->timers, t);
			break;
		case TIMER_HELD:
			gate_due(c, LIST_MEMBER(t, struct held, timer));
			break;
		case TIMER_CONDITION:
			timer_stop(&c->timers, t);
			held_touch(c, LIST_MEMBER(t, struct held, say_timer)->slot);
			break;
		case TIMER_WINDOWS: /* windows_run() looks */
			timer_stop(&c->timers, t);
			break;
		case TIMER_STATUS: /* these live in other heaps */
		case TIMER_POLICY_STATUS:
			timer_stop(&c->timers, t);
			break;
		}
	}
}

static void run_deletes(struct core *c, size_t room, struct arena *a, struct core_actions *ret)
{
	ret->deletes = arena_array(a, room, sizeof(*ret->deletes));
	while (ret->n_deletes < room && !list_alone(&c->deletes)) {
		struct pull_pod *pod = LIST_MEMBER(c->deletes.next, struct pull_pod, queued);
		list_remove(&pod->queued);
		pod->deleting = true;
		ret->deletes[ret->n_deletes++] = (struct core_delete){
			.pod_name = arena_strdup(a, pod->name),
			.pod_uid = arena_strdup(a, pod->uid),
		};
	}
}

int64_t core_turn(struct core *c, struct now now, struct core_room room, struct arena *a,
		  struct core_actions *ret)
{
	*ret = (struct core_actions){0};
	int64_t next = CLOCK_NEVER;
	wall_clock_follow(c, now);
	if (c->leading) {
		run_timers(c, now);
		if (windows_run(c, now))
			held_touch_all(c);
		gate_run(c, now, room.opens, a, ret);
		node_conditions_run(c, now, room.conditions, a, ret);
		pods_shown_yield(c);
		queue_run(c, now, room, a, ret);
		writes_run(c, now, room, a, ret);
		policy_statuses_run(c, now, room.policy_writes, a, ret);
		run_deletes(c, room.deletes, a, ret);
		digests_run(c, room.resolves, a, ret);
		checks_run(c, now, room.checks, a, ret);
		/* What is due now and found no room waits for room, not for time. */
		int64_t writes_ms[] = {timers_next_ms(&c->writes),
				       timers_next_ms(&c->policy_writes)};
		next = timers_next_ms(&c->timers);
		for (size_t i = 0; i < 2; i++)
			if (writes_ms[i] > now.boot_ms && writes_ms[i] < next)
				next = writes_ms[i];
	}
	facts_take(c, ret);
	avoided_take(c, ret);
	arena_reset(&c->scratch);
	return next;
}

size_t core_facts(struct core *c, size_t least, const struct core_fact **ret)
{
	struct core_actions told = {0};
	if (c->facts.n < least)
		return 0;
	facts_take(c, &told);
	*ret = told.facts;
	return told.n_facts;
}
