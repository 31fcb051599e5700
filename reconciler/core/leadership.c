/*
 * Taking and leaving the lead (behaviour.md 11, 32). Taking it, everything that was
 * only mirrored is made sense of: which nodes exist, what their images' statuses mean,
 * what the pods in the namespace are doing, when each policy started its last pull.
 */
#include "reconciler/core/leadership.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/core/adopt.h"
#include "reconciler/core/byte_rate.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/held.h"
#include "reconciler/core/policy_windows.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/nodes.h"
#include "reconciler/core/pace.h"
#include "reconciler/core/pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/status_writes.h"
#include "reconciler/core/unlisted.h"

/* Whole seconds: up to one more may have passed. A clock that was set back counts as now. */
static int64_t boot_ms_of(int64_t at_s, struct now now)
{
	return now.boot_ms - (at_s < now.wall_s ? (now.wall_s - at_s) * 1000 - 999 : 0);
}

/* 11. The last start is the latest of live pods' creation and the images' lastAttemptedAt. */
static void remember_start(struct core *c, struct policy *p, struct image *img, int64_t at_ms,
			   int slot)
{
	pace_remember(&p->last, at_ms, slot);
	if (policy_of_image(c, img) == p)
		pace_remember(&img->last, at_ms, slot);
}

static void remember_pull(struct core *c, const struct pull *pull, struct now now)
{
	struct policy *p = policy_of_pair(c, pull->image, pull->slot);
	int64_t at_ms = boot_ms_of(pull->pod->created, now);
	if (pull->pod->created == 0)
		return;
	/* 46. If the policy did not pace it, the last start that it paced was on another node. */
	bool unsure = held_may_have_wanted(c, pull->image);
	if (!pull->pod->apart)
		remember_start(c, p, pull->image, at_ms, unsure ? -1 : pull->slot);
	byte_rate_remember(p, size_of_pod(c, p, pull->pod), at_ms);
}

static void remember_attempt(struct core *c, struct image *img, struct now now)
{
	struct policy *p = policy_of_image(c, img);
	int64_t at_ms = boot_ms_of(img->attempted_at, now);
	if (img->attempted_at == 0)
		return;
	remember_start(c, p, img, at_ms, -1);
	byte_rate_remember(p, size_of_pull(c, p, img), at_ms);
}

/* Earlier attempts first: what the later ones build on is recorded before they are looked at. */
static int compare_attempts(const void *a, const void *b)
{
	const struct pull *x = *(struct pull *const *)a, *y = *(struct pull *const *)b;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;
	int by_name = strcmp(x->pod->name, y->pod->name);
	return by_name != 0 ? by_name : x < y ? -1 : x > y;
}

static void match_all(struct core *c, struct now now)
{
	struct arena mem = ARENA_INIT;
	struct pull_pod *pod;
	size_t n = 0;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		n += pod->n_pulls;
	struct pull **list = arena_array(&mem, n + 1, sizeof(struct pull *));
	n = 0;
	for (size_t i = 0; (pod = map_next(&c->pods, &i)) != NULL;)
		for (uint32_t k = 0; k < pod->n_pulls; k++)
			list[n++] = &pod->pulls[k];
	qsort(list, n, sizeof(struct pull *), compare_attempts);
	for (size_t i = 0; i < n; i++) {
		pull_match(c, list[i], now);
		arena_reset(&c->scratch);
	}
	/* Also those that have just ended: they were live until now. */
	for (size_t i = 0; i < n; i++)
		if (list[i]->image != NULL)
			remember_pull(c, list[i], now);
	arena_done(&mem);
}

void lead_begin(struct core *c, struct now now)
{
	c->leading = c->synced = true;
	c->led_s = now.wall_s;
	nodes_drop_absent(c, now);
	unlisted_forget(c);
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		/* Equal to the API's copy or not: found out by the first look at its status. */
		img->durable = 0;
		img->outcomes++;
		image_begin(c, img, now);
		remember_attempt(c, img, now);
	}
	node_faults_restore(c, now);
	match_all(c, now);
	nodes_settle_fresh(c);
	policies_wake(c);
}

static void forget_pulls(struct core *c, struct pull_pod *pod)
{
	struct now never = {0};
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		pull_detach(c, &pod->pulls[i], never);
		stale_pod_end(c, &pod->pulls[i], never);
		pod->pulls[i].state = PULL_LOOSE;
	}
	list_remove(&pod->queued);
	timer_stop(&c->timers, &pod->timer);
	pod->asked = pod->made = pod->deleting = pod->shows = pod->shown = false;
}

static void forget_pods(struct core *c)
{
	c->n_shown = 0;
	struct now never = {0};
	struct pull_pod *pod;
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; !again && (pod = map_next(&c->pods, &i)) != NULL;) {
			forget_pulls(c, pod);
			if (pod->uid == NULL) {
				pod_free(c, pod, never);
				again = true; /* the table may have moved */
			}
		}
	}
}

void lead_end(struct core *c)
{
	struct policy *p;
	/* First, so that nothing below is settled or touched any more. */
	c->leading = false;
	forget_pods(c);
	held_fence(c);
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		image_fence(img);
		list_remove(&img->touched);
		digest_fence(img);
		check_fence(img);
		timer_stop(&c->timers, &img->retry);
		timer_stop(&c->writes, &img->status);
	}
	windows_fence(c);
	timer_stop(&c->timers, &c->fallback.wake);
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		timer_stop(&c->timers, &p->wake);
}
