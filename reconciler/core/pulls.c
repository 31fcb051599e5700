/*
 * The life of one pull, from wanted to deleted. Its outcome is recorded once, becomes
 * durable with a status write, and only then is the pod deleted (behaviour.md 10).
 * Invariant: `policy` is set exactly while the pull holds a slot, and then it is
 * counted in the policy, the node, the image, the registry and its pair.
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

/* A start or delete that failed is asked for again after this long. */
#define AGAIN_MS 2000
/*
 * The API server has the pod, but the watch does not show it: somebody deleted it. A list that
 * begins after it was made tells sooner (pulls_listed).
 */
#define UNSEEN_MS (2 * 60 * 1000)

struct pull *pull_new(struct core *c, const char *name)
{
	struct pull *p = xcalloc(1, sizeof(*p));
	p->name = xstrdup(name);
	p->slot = -1;
	p->timer.owner = TIMER_PULL;
	list_init(&p->of_image);
	list_init(&p->queued);
	map_put(&c->pulls, p->name, p);
	return p;
}

void pull_set_outcome(struct pull *p, const struct outcome *o)
{
	struct outcome old = p->outcome; /* o may be made of its strings */
	struct outcome copy = *o;
	copy.reason = xstrdup(o->reason);
	copy.message = xstrdup(o->message);
	copy.digest = xstrdup(o->digest);
	p->outcome = copy;
	free((char *)(uintptr_t)old.reason);
	free((char *)(uintptr_t)old.message);
	free((char *)(uintptr_t)old.digest);
}

/* 3, 9. What bounds it, as policy and node are now. */
static struct outcome_limits limits_of(struct core *c, const struct image *img, int slot)
{
	const struct node_slot *s = &c->nodes[slot];
	const struct target_state_info *info = &target_states[s->state];
	struct outcome_limits l = {.timeout_ms = policy_of_image(c, img)->timeout_ms};
	if (s->present && !s->eligible) {
		l.node_reason = info->reason;
		l.node_message = info->message;
		l.node_due_ms = info->at_once ? s->away_ms : s->away_ms + TARGET_GRACE_MS;
	}
	return l;
}

struct outcome pull_in_time(struct core *c, const struct pull *p, const struct image *img, int slot)
{
	struct outcome_limits limits = limits_of(c, img, slot);
	return outcome_in_time(&p->outcome, p->memory.seen_ms, &limits);
}

bool pull_is_kept(struct core *c, const struct pull *p, const char **reason, const char **message)
{
	struct outcome_limits limits = limits_of(c, p->image, p->slot);
	bool by_node = limits.node_reason != NULL;
	*reason = by_node ? limits.node_reason : p->outcome.reason;
	*message = by_node ? limits.node_message : p->outcome.message;
	return *reason != NULL;
}

/* Its pod is gone, or it never had one; not counted any more. */
void pull_free(struct core *c, struct pull *p, struct now now)
{
	static const struct outcome none;
	list_remove(&p->of_image);
	list_remove(&p->queued);
	timer_stop(&c->timers, &p->timer);
	stale_pod_end(c, p, now);
	map_del(&c->pulls, p->name);
	pull_set_outcome(p, &none);
	free(p->name);
	free(p->uid);
	free(p->image_name);
	free(p->image_uid);
	free(p->node_name);
	free(p->node_uid);
	free(p->reference);
	free(p);
}

static void hold(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	stale_pod_end(c, p, now);
	p->began_ms = now.boot_ms;
	p->stuck = false;
	p->policy = p->paced_by = policy_of_pair(c, img, p->slot);
	policy_count(p->policy, p->slot, 1);
	c->nodes[p->slot].n_live++;
	if (img->n_live++ == 0 || img->slow_ms == 0)
		img->slow_ms = now.boot_ms;
	img->registry->n_live++;
	img->pairs[p->slot].flags |= PAIR_LIVE;
	pair_settle(c, img, p->slot, now);
	image_touch(c, img);
}

static void release(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	if (p->policy == NULL)
		return;
	if (!p->idle)
		policy_count(p->policy, p->slot, -1);
	p->idle = false;
	p->policy = NULL;
	c->nodes[p->slot].n_live--;
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
	if (p->image == NULL)
		return;
	release(c, p, now);
	list_remove(&p->of_image);
	list_remove(&p->queued);
	timer_stop(&c->timers, &p->timer);
	p->image = NULL;
	p->slot = -1;
	p->state = PULL_LOOSE;
}

void pull_doom(struct core *c, struct pull *p, struct now now)
{
	pull_detach(c, p, now);
	if (p->uid == NULL && !p->asked && !p->made) {
		pull_free(c, p, now);
		return;
	}
	p->state = PULL_DOOMED;
	timer_stop(&c->timers, &p->timer);
	if (p->uid == NULL && p->made)
		timer_set(&c->timers, &p->timer, now.boot_ms + UNSEEN_MS);
	stale_pod_settle(c, p, now);
	pull_settle(c, p);
}

/* 10. Not before its own start was answered: a repeated create could bring it back. */
void pull_settle(struct core *c, struct pull *p)
{
	bool over = p->state == PULL_DOOMED ||
		    (p->state == PULL_DONE && p->image != NULL && p->image->durable >= p->outcomes);
	if (over && p->uid != NULL && !p->asked && !p->deleting && p->timer.place == 0)
		list_append(&c->deletes, &p->queued);
}

static void tell(struct core *c, enum core_fact_kind kind, const struct pull *p, const char *reason,
		 const char *message, int64_t took_ms)
{
	struct core_fact f = {
		.reference = p->reference != NULL ? p->reference : p->image->reference,
		.fault = kind == FACT_POD_REFUSED ? FAULT_NONE : p->outcome.fault,
		.kubelet_s = p->outcome.took_s,
		.kind = kind,
		.image = p->image->name,
		.image_uid = p->image->uid,
		.node = c->nodes[p->slot].name,
		.reason = reason,
		.message = message,
		.took_ms = took_ms,
	};
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
	int64_t took_ms = now.boot_ms - p->started_ms;
	measure(&img->pull_ms, took_ms);
	measure(&c->pull_ms, took_ms);
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
			       p->outcome.message, p->started_ms, now);
	/* A pod of an earlier attempt was counted when the next one began. */
	if (p->repull_s == 0 && pair->attempts > p->attempt)
		return;
	if (pair->attempts < UINT16_MAX)
		pair->attempts++;
	pair->failed_s = (uint32_t)now.wall_s;
	pair_failed(c, img, p->slot, p->outcome.fault, p->outcome.reason, p->outcome.message);
	fault_failure(c, img, p->slot, p, now);
}

void pull_done(struct core *c, struct pull *p, struct now now)
{
	struct image *img = p->image;
	if (p->outcome.kind == OUTCOME_PULLED)
		succeeded(c, p, now);
	else
		failed(c, p, now);
	p->state = PULL_DONE;
	p->outcomes = ++img->outcomes;
	timer_stop(&c->timers, &p->timer);
	list_remove(&p->queued);
	release(c, p, now);
	image_touch(c, img);
}

/* 9. Deleted by someone else before it had an outcome: a fault of the node. */
void pull_deleted(struct core *c, struct pull *p, struct now now)
{
	static const struct outcome deleted = {.kind = OUTCOME_FAILED,
					       .fault = FAULT_NODE,
					       .reason = "PodDeleted",
					       .message =
						       "the pull pod was deleted before it ended"};
	pull_set_outcome(p, &deleted);
	pull_done(c, p, now);
	pull_free(c, p, now);
}

/* 3, 11. Returns when its policy stops counting it, if that is to come. */
static int64_t settle_idle(struct pull *p, struct now now)
{
	int64_t at_ms = p->memory.seen_ms + PULL_UNTAKEN_MS;
	bool idle = p->outcome.untaken && now.boot_ms >= at_ms;
	if (idle != p->idle)
		policy_count(p->policy, p->slot, idle ? -1 : 1);
	p->idle = idle;
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

void pull_judge(struct core *c, struct pull *p, struct now now)
{
	struct outcome o = pull_in_time(c, p, p->image, p->slot);
	p->state = PULL_RUNNING;
	if (o.kind == OUTCOME_RUNNING && now.boot_ms < o.due_ms) {
		int64_t stuck_ms = settle_stuck(c, p, now), idle_ms = settle_idle(p, now);
		int64_t at_ms = stuck_ms < idle_ms ? stuck_ms : idle_ms;
		timer_set(&c->timers, &p->timer, o.due_ms < at_ms ? o.due_ms : at_ms);
		return;
	}
	if (o.kind == OUTCOME_RUNNING)
		o.kind = OUTCOME_FAILED;
	pull_set_outcome(p, &o);
	pull_done(c, p, now);
}

/* Its timer has run out. What that means depends on its state. */
void pull_due(struct core *c, struct pull *p, struct now now)
{
	static const struct outcome unseen = {.kind = OUTCOME_FAILED,
					      .fault = FAULT_NODE,
					      .reason = "PodDeleted",
					      .message = "the pull pod was never seen"};
	timer_stop(&c->timers, &p->timer);
	switch (p->state) {
	case PULL_ASK:
		p->policy->dirty = true;
		break;
	case PULL_MADE:
		pull_set_outcome(p, &unseen);
		pull_done(c, p, now);
		pull_free(c, p, now);
		break;
	case PULL_RUNNING:
		pull_judge(c, p, now);
		break;
	case PULL_DOOMED:
		if (p->uid == NULL) {
			pull_free(c, p, now);
			break;
		}
		pull_settle(c, p);
		break;
	case PULL_DONE:
		pull_settle(c, p);
		break;
	case PULL_LOOSE:
	case PULL_ASKED:
		break;
	}
}

/* ---- answers to a start ---- */

/* Nobody wants it any more. */
static void doomed_started(struct core *c, struct pull *p, struct now now)
{
	if (p->made && !p->vanished) {
		timer_set(&c->timers, &p->timer, now.boot_ms + UNSEEN_MS);
	} else if (p->uid == NULL) {
		/*
		 * The watch showed that it is gone, or it was not made. A pod that is there after
		 * all will be seen, and found to belong to nothing.
		 */
		pull_free(c, p, now);
	} else {
		pull_settle(c, p);
	}
}

static void start_made(struct core *c, struct pull *p, const char *text, struct now now)
{
	(void)text;
	p->state = PULL_MADE;
	timer_set(&c->timers, &p->timer, now.boot_ms + UNSEEN_MS);
}

static void start_refused(struct core *c, struct pull *p, const char *text, struct now now)
{
	tell(c, FACT_POD_REFUSED, p, "PodRejected", text, 0);
	fault_refused(c, p->image, p, text, now);
	pull_detach(c, p, now);
	pull_free(c, p, now);
}

static void start_failed(struct core *c, struct pull *p, const char *text, struct now now)
{
	struct outcome failing = {.kind = OUTCOME_RUNNING,
				  .fault = FAULT_NODE,
				  .reason = "CreateFailed",
				  .message = text != NULL && *text != '\0'
						     ? cause_tail(&c->scratch, text)
						     : "the pull pod could not be created",
				  .due_ms = CLOCK_NEVER};
	pull_set_outcome(p, &failing);
	p->state = PULL_ASK;
	list_append(&c->asks, &p->queued);
	timer_set(&c->timers, &p->timer, now.boot_ms + AGAIN_MS);
	settle_stuck(c, p, now);
}

void pull_started(struct core *c, struct pull *p, enum core_start_result result, const char *text,
		  struct now now)
{
	static void (*const answered[])(struct core *, struct pull *, const char *, struct now) = {
		[START_MADE] = start_made,
		[START_REFUSED] = start_refused,
		[START_FAILED] = start_failed,
	};
	if (!p->asked)
		return;
	p->asked = false;
	p->made = result == START_MADE && p->uid == NULL;
	p->made_ms = now.boot_ms;
	if (p->image != NULL && result == START_MADE)
		fault_made(c, p->image);
	if (p->state == PULL_DOOMED)
		doomed_started(c, p, now);
	else if (p->state != PULL_ASKED) /* the watch showed the pod before the answer */
		pull_settle(c, p);
	else if (p->vanished)
		pull_deleted(c, p, now);
	else
		answered[result](c, p, text, now);
}

void pull_not_deleted(struct core *c, struct pull *p, struct now now)
{
	if (!p->deleting)
		return;
	p->deleting = false;
	p->deleted_ms = 0;
	timer_set(&c->timers, &p->timer, now.boot_ms + AGAIN_MS);
}
