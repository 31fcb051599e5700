/*
 * Taking and leaving the lead (behaviour.md 11, 32). Taking it, everything that was
 * only mirrored is made sense of: which nodes exist, what their images' statuses mean,
 * what the pods in the namespace are doing, when each policy started its last pull.
 */
#include "reconciler/core/leadership.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/core/adopt.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/stale_pods.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/nodes.h"
#include "reconciler/core/pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pulls.h"

/* 11. The last start is the latest of live pods' creation and the images' lastAttemptedAt. */
static void remember_start(struct policy *p, int64_t at_s, int slot, struct now now)
{
	if (at_s == 0)
		return;
	/* Whole seconds: up to one more may have passed. A clock that was set back counts as now.
	 */
	int64_t ago_ms = at_s < now.wall_s ? (now.wall_s - at_s) * 1000 - 999 : 0;
	int64_t at_ms = now.boot_ms - ago_ms;
	if (p->started && p->last_ms >= at_ms)
		return;
	p->started = true;
	p->last_ms = at_ms;
	p->last_slot = slot;
}

/* Earlier attempts first: what the later ones build on is recorded before they are looked at. */
static int compare_attempts(const void *a, const void *b)
{
	const struct pull *x = *(struct pull *const *)a, *y = *(struct pull *const *)b;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void match_all(struct core *c, struct now now)
{
	struct arena mem = ARENA_INIT;
	struct pull **list = arena_array(&mem, c->pulls.count + 1, sizeof(struct pull *));
	struct pull *p;
	size_t n = 0;
	for (size_t i = 0; (p = map_next(&c->pulls, &i)) != NULL;)
		list[n++] = p;
	qsort(list, n, sizeof(struct pull *), compare_attempts);
	for (size_t i = 0; i < n; i++) {
		pull_match(c, list[i], now);
		/* Also one that has just ended: it was live until now. */
		if (list[i]->image != NULL)
			remember_start(policy_of_pair(c, list[i]->image, list[i]->slot),
				       list[i]->created, list[i]->slot, now);
		arena_reset(&c->scratch);
	}
	arena_done(&mem);
}

void lead_begin(struct core *c, struct now now)
{
	c->leading = c->synced = true;
	c->led_s = now.wall_s;
	nodes_drop_absent(c, now);
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		/* Equal to the API's copy or not: found out by the first look at its status. */
		img->durable = 0;
		img->outcomes++;
		img->writing = img->failed = false;
		image_begin(c, img, now);
		remember_start(policy_of_image(c, img), img->attempted_at, -1, now);
	}
	node_faults_restore(c, now);
	match_all(c, now);
	nodes_settle_fresh(c);
	policies_wake(c);
}

static void forget_pulls(struct core *c)
{
	struct now never = {0};
	struct pull *p;
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; !again && (p = map_next(&c->pulls, &i)) != NULL;) {
			pull_detach(c, p, never);
			stale_pod_end(c, p, never);
			list_remove(&p->queued);
			timer_stop(&c->timers, &p->timer);
			p->state = PULL_LOOSE;
			p->asked = p->made = p->deleting = false;
			if (p->uid == NULL) {
				pull_free(c, p, never);
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
	forget_pulls(c);
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		/* A write in flight may have arrived or not. */
		if (img->writing)
			img->known = (struct status_hash){0};
		img->writing = false;
		list_remove(&img->touched);
		digest_fence(img);
		check_fence(img);
		timer_stop(&c->timers, &img->retry);
		timer_stop(&c->writes, &img->status);
	}
	timer_stop(&c->timers, &c->fallback.wake);
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		timer_stop(&c->timers, &p->wake);
}
