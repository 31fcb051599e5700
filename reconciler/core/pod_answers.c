/*
 * Answers to the start of a pod, and the end of waiting for one. Outcomes come from the watch,
 * never from here: an answer only says whether there is a pod to watch for.
 */
#include "reconciler/core/pod_answers.h"

#include <string.h>

#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/rules/batch.h"

/* ---- answers to a start ---- */

/*
 * Nobody wants it any more. If it was made and is gone, the puller may have made it once more
 * since: that one is seen soon, and found to belong to nothing. So is one whose start failed, and
 * that was made all the same (the connection was lost before the answer).
 */
static void doomed_started(struct core *c, struct pull_pod *pod, bool failed, struct now now)
{
	if (!pod->made && !failed) {
		pod_free(c, pod, now);
		return;
	}
	pod->made = true;
	pod->state = POD_MADE;
	timer_set(&c->timers, &pod->timer,
		  now.boot_ms + (pod->vanished ? POD_AGAIN_MS
				 : failed      ? POD_PERHAPS_MS
					       : POD_UNSEEN_MS));
}

static void start_made(struct core *c, struct pull_pod *pod, const char *text, struct now now)
{
	(void)text;
	pod->state = POD_MADE;
	timer_set(&c->timers, &pod->timer, now.boot_ms + POD_UNSEEN_MS);
}

/* 44. What is wrong with it may be one image's, or its size: each is asked for alone. */
static void batch_refused(struct core *c, struct pull_pod *pod, const char *text, struct now now)
{
	struct pull *p;
	struct core_fact fact = {
		.kind = FACT_BATCH_REFUSED, .node = pod->node->name, .message = text};
	fact_add(c, &fact);
	if (pod->policy != NULL)
		pod->policy->alone_ms = now.boot_ms + BATCH_PAUSE_MS;
	while ((p = pod_live(pod)) != NULL)
		pull_detach(c, p, now);
	pod_free(c, pod, now);
}

static void start_refused(struct core *c, struct pull_pod *pod, const char *text, struct now now)
{
	struct pull *p;
	/* The words of the API server's admission plugin ResourceQuota. */
	c->quota_full |= text != NULL && strstr(text, "exceeded quota") != NULL;
	if (pod->n_pulls > 1) {
		batch_refused(c, pod, text, now);
		return;
	}
	while ((p = pod_live(pod)) != NULL)
		pull_refused(c, p, text, now);
	pod_free(c, pod, now);
}

static void start_failed(struct core *c, struct pull_pod *pod, const char *text, struct now now)
{
	pod->state = POD_ASK;
	list_append(&c->asks, &pod->queued);
	timer_set(&c->timers, &pod->timer, now.boot_ms + POD_AGAIN_MS);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (pod->pulls[i].state == PULL_LIVE)
			pull_not_made(c, &pod->pulls[i], text, now);
}

void pod_started(struct core *c, struct pull_pod *pod, enum core_start_result result,
		 const char *text, struct now now)
{
	static void (*const answered[])(struct core *, struct pull_pod *, const char *,
					struct now) = {
		[START_MADE] = start_made,
		[START_REFUSED] = start_refused,
		[START_FAILED] = start_failed,
	};
	if (!pod->asked)
		return;
	pod->asked = false;
	pod->made = result == START_MADE && pod->uid == NULL;
	pod->made_ms = now.boot_ms;
	leaving_settle(c, pod);
	for (uint32_t i = 0; result == START_MADE && i < pod->n_pulls; i++)
		if (pod->pulls[i].image != NULL)
			fault_made(c, pod->pulls[i].image);
	if (pod->uid != NULL) /* the watch showed the pod before the answer */
		pod_settle(c, pod);
	else if (pod->n_live == 0)
		doomed_started(c, pod, result == START_FAILED, now);
	else if (pod->vanished)
		pod_deleted(c, pod, now);
	else
		answered[result](c, pod, text, now);
}

/* ---- time ---- */

void pod_due(struct core *c, struct pull_pod *pod, struct now now)
{
	static const struct outcome unseen = {.kind = OUTCOME_FAILED,
					      .fault = FAULT_NODE,
					      .reason = "PodDeleted",
					      .message = "the pull pod was never seen"};
	timer_stop(&c->timers, &pod->timer);
	if (pod->uid != NULL && pod->n_live != 0)
		pod_judge(c, pod, NULL, now);
	else if (pod->uid != NULL)
		pod_settle(c, pod);
	else if (pod->state == POD_ASK && pod->n_live != 0)
		pod->policy->dirty = true;
	else if (pod->state != POD_ASKED)
		pod_lost(c, pod, &unseen, now);
}
