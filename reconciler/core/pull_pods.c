/*
 * Pods as carriers: made, counted, deleted. Invariant: `policy` is set exactly while n_live is not
 * 0, and then the pod is counted once in that policy (unless it is idle) and in its node.
 */
#include "reconciler/core/pull_pods.h"

#include <stdlib.h>

#include "api/pullpod.h"
#include "base/xalloc.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_pods.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pulled_images.h"
#include "reconciler/core/stale_pods.h"

struct pull_pod *pod_new(struct core *c, const char *name, uint32_t n_pulls)
{
	struct pull_pod *pod = xcalloc(1, sizeof(*pod) + n_pulls * sizeof(pod->pulls[0]));
	pod->name = xstrdup(name);
	pod->slot = -1;
	pod->timer.owner = TIMER_POD;
	pod->n_pulls = n_pulls;
	list_init(&pod->queued);
	list_init(&pod->of_node);
	for (uint32_t i = 0; i < n_pulls; i++) {
		struct pull *p = &pod->pulls[i];
		p->pod = pod;
		p->slot = -1;
		p->container = (int8_t)(n_pulls == 1 ? PULLPOD_ONLY : (int)i);
		list_init(&p->of_image);
	}
	map_put(&c->pods, pod->name, pod);
	return pod;
}

static struct kept_outcome hold_outcome(struct core *c, const struct outcome *o)
{
	struct kept_outcome kept = {.kind = o->kind,
				    .fault = o->fault,
				    .untaken = o->untaken,
				    .contained = o->contained};
	if (o->kind == OUTCOME_PULLED) {
		kept.digest = text_hold(&c->texts, o->digest);
		kept.took_s = o->took_s;
	} else {
		kept.reason = text_hold(&c->texts, o->reason);
		kept.message = text_hold(&c->texts, o->message);
		kept.due_ms = o->due_ms;
	}
	return kept;
}

void pull_set_outcome(struct core *c, struct pull *p, const struct outcome *o)
{
	struct outcome old = pull_outcome(p); /* o may be made of its strings */
	p->outcome = hold_outcome(c, o);
	text_drop(&c->texts, old.reason);
	text_drop(&c->texts, old.message);
	text_drop(&c->texts, old.digest);
}

struct outcome pull_outcome(const struct pull *p)
{
	const struct kept_outcome *kept = &p->outcome;
	struct outcome o = {.kind = kept->kind,
			    .fault = kept->fault,
			    .untaken = kept->untaken,
			    .contained = kept->contained};
	if (kept->kind == OUTCOME_PULLED) {
		o.digest = kept->digest;
		o.took_s = kept->took_s;
	} else {
		o.reason = kept->reason;
		o.message = kept->message;
		o.due_ms = kept->due_ms;
	}
	return o;
}

static void pull_clear(struct core *c, struct pull *p, struct now now)
{
	static const struct outcome none;
	list_remove(&p->of_image);
	stale_pod_end(c, p, now);
	pull_set_outcome(c, p, &none);
	pulled_image_drop(c, p->of);
}

static void shown_end(struct core *c, struct pull_pod *pod)
{
	c->n_shown -= pod->shown;
	pod->shown = false;
}

void pod_free(struct core *c, struct pull_pod *pod, struct now now)
{
	shown_end(c, pod);
	list_remove(&pod->queued);
	timer_stop(&c->timers, &pod->timer);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		stale_pod_end(c, &pod->pulls[i], now);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		pull_clear(c, &pod->pulls[i], now);
	node_pods_take(c, pod, NULL);
	map_del(&c->pods, pod->name);
	free(pod->name);
	free(pod->uid);
	text_drop(&c->texts, pod->node_uid);
	free(pod);
}

void pod_hold(struct core *c, struct pull_pod *pod, const struct pull *p)
{
	if (pod->n_live++ != 0)
		return;
	if (pod->uid != NULL) { /* shown, or to be deleted: what it carries is wanted again */
		shown_end(c, pod);
		list_remove(&pod->queued);
		timer_stop(&c->timers, &pod->timer);
	}
	leaving_settle(c, pod); /* before another policy paces it */
	pod->slot = p->slot;
	pod->policy = pod->paced_by = policy_of_pair(c, p->image, p->slot);
	pod->apart = held_wants(c, p->image, p->slot);
	policy_count(c, pod->policy, pod, 1);
	c->nodes[pod->slot].n_live++;
}

void pod_release(struct core *c, struct pull_pod *pod)
{
	if (--pod->n_live != 0)
		return;
	if (!pod->idle)
		policy_count(c, pod->policy, pod, -1);
	pod->idle = false;
	pod->policy = NULL;
	c->nodes[pod->slot].n_live--;
	pod->slot = -1;
}

static bool over(const struct pull *p)
{
	if (p->state != PULL_DONE)
		return p->state == PULL_DOOMED;
	return p->image != NULL && p->image->durable >= p->outcomes;
}

void pod_settle(struct core *c, struct pull_pod *pod)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (!over(&pod->pulls[i]))
			return;
	if (pod->uid == NULL || pod->asked || pod->deleting || pod->timer.place != 0)
		return;
	shown_end(c, pod);
	list_append(&c->deletes, &pod->queued);
}

void pod_show(struct core *c, struct pull_pod *pod, struct now now)
{
	if (!pod->shows || pod->uid == NULL || c->n_shown >= PODS_SHOWN_MAX)
		return;
	pod->shown = true;
	c->n_shown++;
	list_append(&c->shown, &pod->queued);
	timer_set(&c->timers, &pod->timer, now.boot_ms + POD_SHOWN_MS);
}

static bool in_the_way(const struct pull_pod *pod)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		const struct pull *p = &pod->pulls[i];
		if (p->image != NULL && pair_held_back(p->image, p->slot))
			return true;
	}
	return false;
}

void pods_shown_yield(struct core *c)
{
	bool all = c->quota_full;
	if (!all && !c->held_back)
		return;
	c->held_back = c->quota_full = false;
	for (struct link *l = c->shown.next, *next; l != &c->shown; l = next) {
		struct pull_pod *pod = LIST_MEMBER(l, struct pull_pod, queued);
		next = l->next;
		if (!all && !in_the_way(pod))
			continue;
		timer_stop(&c->timers, &pod->timer);
		list_remove(&pod->queued);
		pod_settle(c, pod);
	}
}

void pod_not_deleted(struct core *c, struct pull_pod *pod, struct now now)
{
	if (!pod->deleting)
		return;
	pod->deleting = false;
	pod->deleted_ms = 0;
	timer_set(&c->timers, &pod->timer, now.boot_ms + POD_AGAIN_MS);
}

struct pull *pod_live(struct pull_pod *pod)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (pod->pulls[i].state == PULL_LIVE)
			return &pod->pulls[i];
	return NULL;
}
