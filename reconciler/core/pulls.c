/*
 * The life of one pull, from live to done or doomed. Its outcome is recorded once, becomes durable
 * with a status write, and only then is its pod deleted (behaviour.md 10). Invariant: while it is
 * live it is counted in its pod, the image, the registry and its pair.
 */
#include "reconciler/core/pulls.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/sizes.h"
#include "reconciler/rules/batch.h"

/* 3, 9. What bounds it, as policy and node are now. */
static struct outcome_limits limits_of(struct core *c, const struct pull *p,
				       const struct image *img, int slot)
{
	const struct node_slot *s = &c->nodes[slot];
	const struct target_state_info *info = &target_states[s->state];
	uint32_t n = p->pod->n_pulls;
	struct outcome_limits l = {
		.timeout_ms = batch_timeout_ms(policy_of_image(c, img)->timeout_ms, n),
		.shared = n > 1,
	};
	if (s->present && !s->eligible) {
		l.node_reason = info->reason;
		l.node_message = info->message;
		l.node_due_ms = info->at_once ? s->away_ms : s->away_ms + TARGET_GRACE_MS;
	}
	return l;
}

struct outcome pull_in_time(struct core *c, const struct pull *p, const struct image *img, int slot)
{
	struct outcome_limits limits = limits_of(c, p, img, slot);
	struct outcome seen = pull_outcome(p);
	return outcome_in_time(&seen, p->pod->seen_ms, &limits);
}

bool pull_is_kept(struct core *c, const struct pull *p, const char **reason, const char **message)
{
	struct outcome_limits limits = limits_of(c, p, p->image, p->slot);
	struct outcome o = pull_outcome(p);
	bool by_node = limits.node_reason != NULL;
	*reason = by_node ? limits.node_reason : o.reason;
	*message = by_node ? limits.node_message : o.message;
	return *reason != NULL;
}

static void hold(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	stale_pod_end(c, p, now);
	p->began_ms = now.boot_ms;
	p->stuck = false;
	p->state = PULL_LIVE;
	pod_hold(c, p->pod, p);
	policy_count_pull(c, p);
	if (img->n_live++ == 0 || img->slow_ms == 0)
		img->slow_ms = now.boot_ms;
	img->registry->n_live++;
	img->pairs[p->slot].flags |= PAIR_LIVE;
	pair_settle(c, img, p->slot, now);
	image_touch(c, img);
}

/* It becomes what the state says, and is not live any more. */
static void release(struct core *c, struct pull *p, enum pull_state state, struct now now)
{
	struct image *img = p->image;
	bool was_live = p->state == PULL_LIVE;
	p->state = state;
	if (!was_live)
		return;
	policy_count_pull(c, p);
	pod_release(c, p->pod);
	img->n_live--;
	img->registry->n_live--;
	img->pairs[p->slot].flags &= (uint8_t)~PAIR_LIVE;
	pair_settle(c, img, p->slot, now);
	image_wake(c, img);
	image_touch(c, img);
	/* Others may have waited for room on the node, or for the probe of the registry. */
	if (img->registry->gate.failures != 0 || c->nodes[p->slot].fault.failures != 0)
		policies_wake(c);
	policies_wake_full(c);
	stale_pod_settle(c, p, now);
}

void pull_attach(struct core *c, struct pull *p, struct image *img, int slot, struct now now)
{
	p->image = img;
	p->slot = slot;
	list_append(&img->pulls, &p->of_image);
	hold(c, p, now);
}

void pull_detach(struct core *c, struct pull *p, struct now now)
{
	struct pull_pod *pod = p->pod;
	if (p->image == NULL)
		return;
	release(c, p, PULL_LOOSE, now);
	list_remove(&p->of_image);
	if (pod->n_live == 0) {
		list_remove(&pod->queued);
		timer_stop(&c->timers, &pod->timer);
	}
	p->image = NULL;
	p->slot = -1;
}

/* 11. Its start failed, and the pod is there all the same if only the answer was lost. */
static bool perhaps_made(const struct pull_pod *pod, struct now now)
{
	return pod->state == POD_ASK && now.boot_ms - pod->started_ms < POD_PERHAPS_MS;
}

void pull_doom(struct core *c, struct pull *p, struct now now)
{
	struct pull_pod *pod = p->pod;
	bool there = pod->uid != NULL || pod->asked || pod->made;
	pull_detach(c, p, now);
	p->state = PULL_DOOMED;
	if (!there && pod->n_live == 0 && !perhaps_made(pod, now)) {
		pod_free(c, pod, now);
		return;
	}
	if (pod->n_live == 0)
		timer_stop(&c->timers, &pod->timer);
	if (!there && pod->n_live == 0) {
		pod->made = true;
		pod->state = POD_MADE;
		timer_set(&c->timers, &pod->timer, pod->started_ms + POD_PERHAPS_MS);
	} else if (pod->n_live == 0 && pod->uid == NULL && pod->made)
		timer_set(&c->timers, &pod->timer,
			  now.boot_ms + (pod->vanished ? POD_AGAIN_MS : POD_UNSEEN_MS));
	stale_pod_settle(c, p, now);
	pod_settle(c, pod);
}

static void tell(struct core *c, enum core_fact_kind kind, const struct pull *p, const char *reason,
		 const char *message, int64_t took_ms)
{
	struct core_fact f = {
		.reference = p->of->reference != NULL ? p->of->reference : p->image->reference,
		.fault = kind == FACT_POD_REFUSED ? FAULT_NONE : p->outcome.fault,
		.kind = kind,
		.image = p->image->name,
		.image_uid = p->image->uid,
		.node = c->nodes[p->slot].name,
		.reason = reason,
		.message = message,
		.took_ms = took_ms,
	};
	if (kind == FACT_PULL_SUCCEEDED) {
		f.kubelet_s = p->outcome.took_s;
		f.bytes = size_charged(c, p->image, p->slot, 0);
	}
	fact_add(c, &f);
}

/* A mean that follows: an eighth of each new one. */
static void measure(int64_t *mean, int64_t took_ms)
{
	*mean = *mean == 0 ? took_ms : *mean + (took_ms - *mean) / 8;
}

static void succeeded(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	struct pair *pair = &img->pairs[p->slot];
	pair_cached(pair, now);
	img->pulled_at = now.wall_s;
	check_pulled(img, p->slot, p->outcome.digest, now);
	digest_pulled(img, p->outcome.digest, p->repull_s != 0);
	fault_success(c, img, p->slot);
	int64_t took_ms = now.boot_ms - p->pod->started_ms;
	/* The kubelet pulls the images of a pod one after another. */
	measure(&img->pull_ms, took_ms / p->pod->n_pulls);
	measure(&c->pull_ms, took_ms / p->pod->n_pulls);
	if (p->pod->n_pulls == 1)
		size_pulled(c, img, p->slot, took_ms);
	tell(c, FACT_PULL_SUCCEEDED, p, NULL, NULL, took_ms);
	node_settle_warm(c, p->slot, now);
}

static void failed(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	struct pair *pair = &img->pairs[p->slot];
	tell(c, FACT_PULL_FAILED, p, p->outcome.reason, p->outcome.message, 0);
	if (cause_concerns_node(p->outcome.fault, p->outcome.reason))
		node_fault_add(c, p->slot, policy_of_image(c, img)->backoff, p->outcome.reason,
			       p->outcome.message, p->pod->started_ms, now);
	/* A pod of an earlier attempt was counted when the next one began. */
	if (p->repull_s == 0 && pair->attempts > p->attempt)
		return;
	if (pair->attempts < UINT16_MAX)
		pair->attempts++;
	pair->failed_s = (uint32_t)now.wall_s;
	pair_failed(c, img, p->slot, p->outcome.fault, p->outcome.reason, p->outcome.message);
	fault_failure(c, img, p->slot, p, now);
}

/* 37. It was made for the kubelet to see that the image is used, and can be seen. */
static bool shows_use(struct core *c, const struct pull *p)
{
	return p->repull_s != 0 && p->outcome.kind == OUTCOME_PULLED && p->outcome.contained &&
	       check_possible(c, p->image) && check_pod_due(c, p->image, p->slot, p->repull_at_s);
}

void pull_done(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	p->pod->shows |= shows_use(c, p);
	if (p->outcome.kind == OUTCOME_PULLED)
		succeeded(c, p, now);
	else
		failed(c, p, now);
	p->outcomes = ++img->outcomes;
	release(c, p, PULL_DONE, now);
	if (p->pod->n_live == 0) {
		timer_stop(&c->timers, &p->pod->timer);
		list_remove(&p->pod->queued);
		pod_show(c, p->pod, now);
	}
	image_touch(c, img);
}

void pod_lost(struct core *c, struct pull_pod *pod, const struct outcome *o, struct now now)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		struct pull *p = &pod->pulls[i];
		if (p->state != PULL_LIVE)
			continue;
		pull_set_outcome(c, p, o);
		pull_done(c, p, now);
	}
	pod_free(c, pod, now);
}

void pod_deleted(struct core *c, struct pull_pod *pod, struct now now)
{
	static const struct outcome deleted = {.kind = OUTCOME_FAILED,
					       .fault = FAULT_NODE,
					       .reason = "PodDeleted",
					       .message =
						       "the pull pod was deleted before it ended"};
	pod_lost(c, pod, &deleted, now);
}

/* 3, 11. Returns when its policy stops counting it, if that is to come. */
static int64_t settle_idle(struct core *c, struct pull *p, struct now now)
{
	struct pull_pod *pod = p->pod;
	int64_t at_ms = pod->seen_ms + PULL_UNTAKEN_MS;
	bool idle = p->outcome.untaken && now.boot_ms >= at_ms;
	if (idle != pod->idle)
		policy_count(c, pod->policy, pod, idle ? -1 : 1);
	pod->idle = idle;
	policy_count_pulls(c, pod);
	return p->outcome.untaken && !idle ? at_ms : CLOCK_NEVER;
}

/* 20. What keeps it is said once that is a while: returns when, if it is to come. */
static int64_t settle_stuck(struct core *c, struct pull *p, struct now now)
{
	const char *reason, *message;
	int64_t at_ms = p->began_ms + PULL_STUCK_MS;
	bool kept = pull_is_kept(c, p, &reason, &message);
	bool stuck = kept && now.boot_ms >= at_ms;
	if (stuck || p->stuck)
		image_touch(c, p->image);
	p->stuck = stuck;
	return kept && !stuck ? at_ms : CLOCK_NEVER;
}

/* The timer is of all pulls of the pod: that it fires too soon for one does no harm. */
static void judge_by(struct core *c, struct pull_pod *pod, int64_t at_ms)
{
	if (pod->timer.place == 0 || at_ms < pod->timer.at_ms)
		timer_set(&c->timers, &pod->timer, at_ms);
}

void pull_judge(struct core *c, struct pull *p, struct now now)
{
	struct outcome o = pull_in_time(c, p, p->image, p->slot);
	if (o.kind == OUTCOME_RUNNING && now.boot_ms < o.due_ms) {
		int64_t stuck_ms = settle_stuck(c, p, now), idle_ms = settle_idle(c, p, now);
		int64_t at_ms = stuck_ms < idle_ms ? stuck_ms : idle_ms;
		judge_by(c, p->pod, o.due_ms < at_ms ? o.due_ms : at_ms);
		return;
	}
	if (o.kind == OUTCOME_RUNNING)
		o.kind = OUTCOME_FAILED;
	pull_set_outcome(c, p, &o);
	pull_done(c, p, now);
}

void pod_judge(struct core *c, struct pull_pod *pod, const struct policy *policy, struct now now)
{
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		struct pull *p = &pod->pulls[i];
		if (p->state == PULL_LIVE && (policy == NULL || p->image->policy == policy))
			pull_judge(c, p, now);
	}
}

void pull_refused(struct core *c, struct pull *p, const char *text, struct now now)
{
	tell(c, FACT_POD_REFUSED, p, "PodRejected", text, 0);
	fault_refused(c, p->image, p, text, now);
	pull_detach(c, p, now);
}

void pull_not_made(struct core *c, struct pull *p, const char *text, struct now now)
{
	struct outcome failing = {.kind = OUTCOME_RUNNING,
				  .fault = FAULT_NODE,
				  .reason = "CreateFailed",
				  .message = text != NULL && *text != '\0'
						     ? cause_tail(&c->scratch, text)
						     : "the pull pod could not be created",
				  .due_ms = CLOCK_NEVER};
	pull_set_outcome(c, p, &failing);
	settle_stuck(c, p, now);
}
