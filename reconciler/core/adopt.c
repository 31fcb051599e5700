/*
 * From an image's status back to the model, after a restart or a promotion
 * (behaviour.md 16, 19): the API is the only store. A name in cachedNodes counts as
 * pulled at lastPulledAt; a node created later than what is said of it is another
 * node. Nothing here trusts the wall clock further than one back-off.
 */
#include "reconciler/core/adopt.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/causes.h"
#include "reconciler/core/check_answers.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/image_health.h"
#include "reconciler/core/losses.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/suspend.h"
#include "reconciler/core/wall_clock.h"

static uint32_t to_u32(int64_t seconds)
{
	return seconds < 1 ? 1 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

/* 16. Is what the status says about the reference that is wanted now? */
static bool about_reference(const struct image *img, const struct cachedimage *ci)
{
	const char *cached = ci->status.cached_image;
	if (cached != NULL)
		return strcmp(cached, img->reference) == 0;
	return ci->status.observed_generation == ci->meta.generation;
}

/* Leading, only nodes that exist are of interest; else they may be known later. */
static int slot_of(struct core *c, const char *name)
{
	if (name == NULL)
		return -1;
	return c->leading ? node_find(c, name) : node_claim(c, name);
}

static void adopt_failures(struct core *c, struct image *img, const struct failed_nodes *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct failed_node *f = &list->at[i];
		int slot = slot_of(c, f->node);
		if (slot < 0 || f->attempts < 1)
			continue;
		if (f->reason != NULL && strcmp(f->reason, LOSS_REASON) == 0) {
			loss_adopt(c, img, slot, f->attempts, f->last_attempt_at);
			continue;
		}
		struct pair *p = &img->pairs[slot];
		p->attempts = (uint16_t)(f->attempts < UINT16_MAX ? f->attempts : UINT16_MAX);
		p->failed_s = to_u32(f->last_attempt_at);
		pair_failed(c, img, slot, cause_fault_of(f->reason, f->message), f->reason,
			    f->message);
	}
}

static void adopt_condition(struct condition_memory *m, const struct api_conditions *list,
			    const char *type)
{
	const struct api_condition *cond = api_condition_find(list, type);
	*m = (struct condition_memory){0};
	if (cond == NULL || cond->status == NULL || strlen(cond->status) >= sizeof(m->status))
		return;
	memcpy(m->status, cond->status, strlen(cond->status));
	m->since = cond->last_transition;
}

void image_adopt(struct core *c, struct image *img, const struct cachedimage *ci)
{
	const struct cachedimage_status *st = &ci->status;
	if (c->cap != 0)
		memset(img->pairs, 0, c->cap * sizeof(*img->pairs));
	for (size_t slot = 0; slot < c->cap; slot++)
		loss_clear(img, (int)slot);
	causes_clear(img);
	faults_clear(img);
	img->adopted = true;
	img->attempted_at = st->last_attempted_at;
	/* 4. One event: an earlier life has said it when it wrote this. */
	img->said_no_nodes = st->phase != NULL && st->nodes_targeted == 0 && st->nodes_skipped == 0;
	img->pulled_at = 0;
	free(img->digest);
	img->digest = NULL;
	adopt_condition(&img->ready, &st->conditions, "Ready");
	adopt_condition(&img->progress, &st->conditions, "PullProgress");
	img->health = health_of(&st->conditions);
	const struct api_condition *resolved =
		api_condition_find(&st->conditions, CONDITION_POLICY);
	img->no_policy_s = resolved != NULL ? resolved->last_transition : 0;
	const struct api_condition *matched =
		api_condition_find(&st->conditions, CONDITION_PLATFORMS);
	img->skipped_before = st->nodes_skipped != 0;
	img->left_out_s = matched != NULL ? matched->last_transition : 0;
	const struct api_condition *suspended =
		api_condition_find(&st->conditions, CONDITION_SUSPENDED);
	img->suspended_s = suspended != NULL ? suspended->last_transition : 0;
	check_forget(img);
	if (!about_reference(img, ci))
		return;
	img->pulled_at = st->last_pulled_at;
	/*
	 * Never pulled, and yet cached: nodes said that they have it (17). All did when Ready
	 * became True; else it is asked of them again.
	 */
	int64_t known_s = st->last_pulled_at;
	if (known_s == 0 && strcmp(img->ready.status, "True") == 0)
		known_s = img->ready.since;
	check_adopt(img, st);
	sizes_changed(c);
	known_s = check_known_s(img, known_s);
	img->digest = st->resolved_digest != NULL ? xstrdup(st->resolved_digest) : NULL;
	/* 19. Some node had it before the restart, and its digest is not known. */
	img->digest_owed = img->digest == NULL && st->cached_nodes.n != 0;
	for (size_t i = 0; i < st->cached_nodes.n; i++) {
		int slot = slot_of(c, st->cached_nodes.at[i]);
		if (slot >= 0)
			img->pairs[slot].pulled_s = to_u32(known_s);
	}
	adopt_failures(c, img, &st->failed_nodes);
}

/* The boot time at which a back-off that began at a wall time ends; never later than now + it. */
static int64_t ends_at(int64_t began_s, int64_t delay_ms, struct now now)
{
	int64_t gone_ms = began_s < now.wall_s ? (now.wall_s - began_s) * 1000 : 0;
	return now.boot_ms + (gone_ms < delay_ms ? delay_ms - gone_ms : 0);
}

static void begin_pair(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	int64_t created = c->nodes[slot].created, installed_s = c->nodes[slot].installed_s;
	int64_t last_s = img->pulled_at < now.wall_s ? img->pulled_at : now.wall_s;
	/* 16. No pull ends in the second in which its node was created, or installed again. */
	if (installed_s > created)
		created = installed_s;
	if (p->pulled_s != 0 && created >= p->pulled_s)
		p->pulled_s = created < last_s ? to_u32(last_s) : 0;
	if (p->pulled_s != 0) {
		img->proven = true;
		p->attempts = 0;
	}
	int64_t loss_s = p->pulled_s == 0 ? loss_wait_until(c, img, slot) : 0;
	if (loss_s > now.wall_s)
		pair_wait(p, now.boot_ms + (loss_s - now.wall_s) * 1000);
	if (p->attempts == 0)
		return;
	if (created >= p->failed_s) {
		p->attempts = 0;
		return;
	}
	int64_t delay = backoff_delay(policy_of_image(c, img)->backoff, p->attempts,
				      pair_seed(c, img, slot));
	pair_wait(p, ends_at(p->failed_s, delay, now));
}

void image_begin(struct core *c, struct image *img, struct now now)
{
	/* While we did not lead only the pairs were kept: count from nothing. */
	size_t words = c->cap / 64;
	img->n_targeted = img->n_ready = img->n_degraded = img->n_failing = img->n_live = 0;
	img->n_waiting[0] = img->n_waiting[1] = 0;
	img->waiting_ms = 0;
	img->repull_s = 0;
	img->seen_platforms = 0;
	pairs_include(c, img);
	budgets_forget(img);
	if (c->cap != 0) {
		memset(img->waiting, 0, words * sizeof(*img->waiting));
		memset(img->backoff, 0, words * sizeof(*img->backoff));
		memset(img->repulls, 0, words * sizeof(*img->repulls));
		memset(img->held, 0, words * sizeof(*img->held));
	}
	if (img->adopted)
		wall_clock_adopt(c, img, now);
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		img->pairs[slot].flags &= PAIR_DEGRADES;
		if (img->adopted && c->nodes[slot].present)
			begin_pair(c, img, (int)slot, now);
	}
	if (img->adopted)
		faults_restore(c, img, now);
	if (img->adopted)
		check_begin(c, img);
	img->adopted = false;
	pairs_place(c, img, now);
	pairs_look(c, img, now);
	fact_no_policy(c, img);
	image_touch(c, img);
}
