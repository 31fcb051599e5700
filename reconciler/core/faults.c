/*
 * Attribution of failures and back-off by kind of fault (behaviour.md 14): the node, the image, the
 * image on a platform, or the registry. A fault that concerns many nodes blocks their pulls; one
 * test pull (probe) at a time finds out whether it is gone, so that a retry costs one pod and not
 * one per node.
 */
#include "reconciler/core/faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"

/* Two nodes must fail within this time for it to be the registry. */
#define REGISTRY_WINDOW_MS (60 * 1000)
/* Slow start: pulls in flight double after this long without a failure. */
#define SLOW_STEP_MS   2000
#define SLOW_STEPS_MAX 20

struct registry *registry_hold(struct core *c, const char *host)
{
	struct registry *r = map_get(&c->registries, host);
	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		r->host = xstrdup(host);
		r->failed_slot = -1;
		map_put(&c->registries, r->host, r);
	}
	r->n_images++;
	return r;
}

void registry_release(struct core *c, struct registry *r)
{
	if (--r->n_images != 0)
		return;
	map_del(&c->registries, r->host);
	free(r->host);
	free(r);
}

struct platform *platform_find(struct image *img, const char *name)
{
	for (size_t i = 0; i < img->n_platforms; i++)
		if (strcmp(img->platforms[i].name, name) == 0)
			return &img->platforms[i];
	return NULL;
}

static struct platform *platform_add(struct image *img, const char *name)
{
	struct platform *p = platform_find(img, name);
	if (p != NULL || img->n_platforms == PLATFORMS_MAX)
		return p;
	img->platforms = xreallocarray(img->platforms, img->n_platforms + 1, sizeof(*p));
	p = &img->platforms[img->n_platforms++];
	*p = (struct platform){.name = xstrdup(name)};
	return p;
}

void faults_clear(struct image *img)
{
	for (size_t i = 0; i < img->n_platforms; i++)
		free(img->platforms[i].name);
	img->n_platforms = 0;
	img->fault = img->rejected = (struct gate){0};
	img->slow_ms = 0;
	free(img->rejected_text);
	img->rejected_text = NULL;
}

static uint64_t image_seed(const struct image *img)
{
	return hash_stable_str(HASH_STABLE_START, img->uid);
}

void fault_success(struct core *c, struct image *img, int slot)
{
	struct platform *platform = platform_find(img, c->nodes[slot].platform);
	img->proven = true;
	node_fault_clear(c, slot);
	img->fault = (struct gate){0};
	if (platform != NULL)
		platform->gate = (struct gate){0};
	img->registry->failed_ms = 0;
	if (img->registry->gate.failures != 0) {
		img->registry->gate = (struct gate){0};
		policies_wake(c);
	}
	image_wake(c, img);
}

/* Two nodes within the window, with no success between: then it is the registry's. */
static void registry_failed(struct core *c, struct image *img, int slot, struct pull *p,
			    struct now now)
{
	struct registry *r = img->registry;
	bool confirmed = r->failed_ms != 0 && r->failed_slot != slot &&
			 now.boot_ms - r->failed_ms <= REGISTRY_WINDOW_MS;
	if (confirmed || r->gate.failures != 0)
		gate_fail(&r->gate, policy_of_image(c, img)->backoff,
			  hash_stable_str(HASH_STABLE_START, r->host), p->pod->started_ms, now.boot_ms);
	r->failed_ms = now.boot_ms;
	r->failed_slot = slot;
	policies_wake(c);
}

static void node_waits(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *pair = &img->pairs[slot];
	pair_wait(pair, now.boot_ms + backoff_delay(policy_of_image(c, img)->backoff,
						    pair->attempts, pair_seed(c, img, slot)));
}

static uint64_t kind_on(const struct core *c, const struct image *img, int slot)
{
	const struct cause_text *text = &img->causes[img->pairs[slot].cause];
	return cause_kind(text->reason, text->message, c->nodes[slot].name);
}

/*
 * Did another node fail in the same way? With no success anywhere that is the image's fault,
 * whatever the words: no list of words is ever complete.
 */
static bool failed_alike(const struct core *c, const struct image *img, int slot)
{
	if (img->pairs[slot].cause == 0)
		return false;
	uint64_t kind = kind_on(c, img, slot);
	for (size_t i = 0; i < c->n_slots; i++) {
		const struct pair *p = &img->pairs[i];
		if ((int)i != slot && p->attempts != 0 && p->cause != 0 &&
		    (p->flags & PAIR_DEGRADES) != 0 && kind_on(c, img, (int)i) == kind)
			return true;
	}
	return false;
}

/* The pair's attempts, cause and time are recorded already: who waits? */
void fault_failure(struct core *c, struct image *img, int slot, struct pull *p, struct now now)
{
	struct backoff backoff = policy_of_image(c, img)->backoff;
	enum fault fault = p->outcome.fault;
	struct platform *platform = NULL;

	if (fault == FAULT_PULL && !img->proven && failed_alike(c, img, slot))
		fault = FAULT_IMAGE;
	img->slow_ms = now.boot_ms;
	if (fault == FAULT_PLATFORM)
		platform = platform_add(img, c->nodes[slot].platform);
	if (fault == FAULT_REGISTRY)
		registry_failed(c, img, slot, p, now);
	img->pairs[slot].retry_ds = 0;
	if (platform != NULL)
		gate_fail(&platform->gate, backoff, image_seed(img), p->pod->started_ms, now.boot_ms);
	else if ((fault == FAULT_IMAGE || fault == FAULT_PLATFORM) && !img->proven)
		gate_fail(&img->fault, backoff, image_seed(img), p->pod->started_ms, now.boot_ms);
	else
		node_waits(c, img, slot, now);
	if (img->gates)
		held_touch_all(c);
	image_wake(c, img);
}

/* 9. Neither the image's nor the node's fault: the API server will not have the pod. */
void fault_refused(struct core *c, struct image *img, struct pull *p, const char *text,
		   struct now now)
{
	gate_fail(&img->rejected, policy_of_image(c, img)->backoff, image_seed(img), p->pod->started_ms,
		  now.boot_ms);
	free(img->rejected_text);
	img->rejected_text = xstrdup(cause_tail(&c->scratch, text));
	if (img->gates)
		held_touch_all(c);
	image_wake(c, img);
	image_touch(c, img);
}

void fault_made(struct core *c, struct image *img)
{
	if (img->rejected.failures == 0)
		return;
	img->rejected = (struct gate){0};
	free(img->rejected_text);
	img->rejected_text = NULL;
	image_wake(c, img);
	image_touch(c, img);
}

/* Each probe counted on its own node: together they are the rounds. until_ms holds seconds. */
static void restore_round(struct gate *g, struct pair *p)
{
	g->failures += p->attempts;
	if (g->failures > UINT16_MAX)
		g->failures = UINT16_MAX;
	if (p->failed_s > g->until_ms)
		g->until_ms = p->failed_s;
	p->retry_ds = 0;
}

static void restore_end(struct core *c, struct image *img, struct gate *g, struct now now)
{
	if (g->failures == 0)
		return;
	int64_t gone_ms = g->until_ms < now.wall_s ? (now.wall_s - g->until_ms) * 1000 : 0;
	int64_t delay =
		backoff_delay(policy_of_image(c, img)->backoff, g->failures, image_seed(img));
	g->failed_ms = now.boot_ms;
	g->until_ms = now.boot_ms + (gone_ms < delay ? delay - gone_ms : 0);
}

void faults_restore(struct core *c, struct image *img, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		struct pair *p = &img->pairs[slot];
		if (p->attempts == 0 || p->cause == 0 || !c->nodes[slot].present)
			continue;
		const struct cause_text *text = &img->causes[p->cause];
		enum fault fault = cause_fault_of(text->reason, text->message);
		struct platform *platform = NULL;
		if (fault == FAULT_PULL && !img->proven && failed_alike(c, img, (int)slot))
			fault = FAULT_IMAGE;
		if (fault == FAULT_PLATFORM)
			platform = platform_add(img, c->nodes[slot].platform);
		if (platform != NULL)
			restore_round(&platform->gate, p);
		else if ((fault == FAULT_IMAGE || fault == FAULT_PLATFORM) && !img->proven)
			restore_round(&img->fault, p);
	}
	restore_end(c, img, &img->fault, now);
	for (size_t i = 0; i < img->n_platforms; i++)
		restore_end(c, img, &img->platforms[i].gate, now);
}

static void sooner(int64_t *wake, int64_t at_ms)
{
	if (at_ms < *wake)
		*wake = at_ms;
}

static enum image_room behind(const struct gate *g, uint32_t in_flight, int64_t now_ms,
			      int64_t *wake)
{
	enum gate_state state = gate_look(g, now_ms);
	if (state == GATE_OPEN)
		return ROOM_ANY;
	if (state == GATE_SHUT)
		sooner(wake, g->until_ms);
	return state == GATE_PROBE && in_flight == 0 ? ROOM_PROBE : ROOM_NONE;
}

static uint32_t slow_limit(const struct image *img, int64_t now_ms)
{
	int64_t steps = (now_ms - img->slow_ms) / SLOW_STEP_MS;
	return steps < SLOW_STEPS_MAX ? (uint32_t)1 << steps : UINT32_MAX;
}

/* Until a reference has succeeded once: 1, 2, 4, 8, ... in flight. */
static bool slow_room(const struct image *img, int64_t now_ms, int64_t *wake)
{
	if (img->proven || img->n_live == 0)
		return true;
	if (img->n_live < slow_limit(img, now_ms))
		return true;
	int64_t steps = (now_ms - img->slow_ms) / SLOW_STEP_MS;
	sooner(wake, img->slow_ms + (steps + 1) * SLOW_STEP_MS);
	return false;
}

enum image_room fault_room(const struct image *img, int64_t now_ms, int64_t *wake)
{
	enum image_room room = slow_room(img, now_ms, wake) ? ROOM_ANY : ROOM_NONE;
	enum image_room rooms[] = {
		behind(&img->fault, img->n_live, now_ms, wake),
		behind(&img->rejected, img->n_live, now_ms, wake),
		behind(&img->registry->gate, img->registry->n_live, now_ms, wake),
	};
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		if (rooms[i] < room)
			room = rooms[i];
	return room;
}

static uint32_t live_on(const struct core *c, const struct image *img, const char *platform)
{
	uint32_t n = 0;
	for (const struct link *l = img->pulls.next; l != &img->pulls; l = l->next) {
		const struct pull *p = LIST_MEMBER(l, struct pull, of_image);
		n += p->state == PULL_LIVE && strcmp(c->nodes[p->slot].platform, platform) == 0;
	}
	return n;
}

bool fault_room_on(const struct core *c, const struct image *img, int slot, int64_t now_ms,
		   int64_t *wake)
{
	const char *name = c->nodes[slot].platform;
	for (size_t i = 0; i < img->n_platforms; i++)
		if (strcmp(img->platforms[i].name, name) == 0)
			return behind(&img->platforms[i].gate, live_on(c, img, name), now_ms,
				      wake) != ROOM_NONE;
	return true;
}

struct fault_hold fault_hold(const struct core *c, const struct image *img, int slot,
			     int64_t now_ms)
{
	const struct platform *platform = NULL;
	const char *name = c->nodes[slot].platform;
	for (size_t i = 0; i < img->n_platforms; i++)
		if (strcmp(img->platforms[i].name, name) == 0)
			platform = &img->platforms[i];
	const struct {
		int by;
		const struct gate *gate;
		uint32_t in_flight;
	} gates[] = {
		{HOLD_REJECTED, &img->rejected, img->n_live},
		{HOLD_IMAGE, &img->fault, img->n_live},
		{HOLD_PLATFORM, platform != NULL ? &platform->gate : NULL,
		 platform != NULL ? live_on(c, img, name) : 0},
		{HOLD_REGISTRY, &img->registry->gate, img->registry->n_live},
	};
	struct fault_hold hold = {.until_ms = CLOCK_NEVER};
	if (!node_fault_room(c, slot, now_ms, &hold.until_ms)) {
		hold.by = HOLD_NODE;
		return hold;
	}
	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		if (gates[i].gate == NULL ||
		    behind(gates[i].gate, gates[i].in_flight, now_ms, &hold.until_ms) != ROOM_NONE)
			continue;
		hold.by = gates[i].by;
		return hold;
	}
	if (!slow_room(img, now_ms, &hold.until_ms)) {
		hold.by = HOLD_SLOW_START;
		hold.limit = slow_limit(img, now_ms);
	}
	return hold;
}
