/*
 * The status an image should have, from the model (behaviour.md 4, 16, 19, 20). Texts
 * and lists fit their limits; lists are sorted, so that the same state has the same
 * status.
 */
#include "reconciler/core/image_status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "reconciler/rules/bits.h"
#include "reconciler/rules/cause.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/check_answers.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/image_health.h"
#include "reconciler/core/losses.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/status_hash.h"
#include "reconciler/core/suspend.h"

/* Rough bytes of JSON around a row or name, for the pace of writes (21). */
#define ROW_BYTES  128
#define NAME_BYTES 4

/* 19. In this order: Ready, Degraded, Pulling, Pending. */
enum phase image_phase(const struct image *img)
{
	if (img->n_targeted != 0 && img->n_ready == img->n_targeted)
		return PHASE_READY;
	if (budget_too_large(img) != 0)
		return PHASE_DEGRADED;
	if (img->n_degraded != 0 || (img->rejected.failures != 0 && img->n_targeted != 0))
		return PHASE_DEGRADED;
	if (img->n_live != 0 || img->n_ready != 0)
		return PHASE_PULLING;
	return PHASE_PENDING;
}

struct failing { /* the most attempted pairs, for sorting */
	uint32_t slot, rank;
	uint16_t attempts;
};

static int compare_failing(const void *a, const void *b)
{
	const struct failing *x = a, *y = b;
	if (x->attempts != y->attempts)
		return x->attempts > y->attempts ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

struct survey { /* one walk over the pairs */
	struct failing *failing;
	size_t n_failing;
	const char **cached;
	size_t n_cached, cached_bytes;
	int64_t worst_attempts; /* of targeted, uncached nodes */
	int worst_degraded;     /* slot whose cause the image shows; -1: none */
	int worst_node_fault;
	bool unsettled; /* a node with the image may not have what the registry told last */
	int away;       /* the first targeted, uncached node that may not get pods; -1: none */
};

static bool worse(const struct image *img, int slot, int than)
{
	return than < 0 || img->pairs[slot].attempts > img->pairs[than].attempts;
}

static void add_failing(struct survey *s, int slot, size_t rank, uint32_t attempts)
{
	s->failing[s->n_failing++] =
		(struct failing){(uint32_t)slot, (uint32_t)rank,
				 (uint16_t)(attempts < UINT16_MAX ? attempts : UINT16_MAX)};
}

/*
 * Nodes that are not targeted at the moment keep their place in both lists: what is
 * known of a node lives as long as its uid (2), and a restart reads it from here.
 */
static struct survey survey(struct core *c, const struct image *img, struct now now,
			    struct arena *a)
{
	struct survey s = {.worst_degraded = -1, .worst_node_fault = -1, .away = -1};
	s.failing = arena_array(a, c->n_order + 1, sizeof(*s.failing));
	s.cached = arena_array(a, c->n_order + 1, sizeof(*s.cached));
	for (size_t rank = 0; rank < c->n_order; rank++) {
		int slot = (int)c->order[rank];
		const struct pair *p = &img->pairs[slot];
		bool targeted = (p->flags & PAIR_TARGETED) != 0;
		uint32_t losses = loss_count(img, slot, now);
		bool lost = losses != 0 && (p->pulled_s != 0 || p->attempts == 0);
		if (lost)
			add_failing(&s, slot, rank, losses);
		s.unsettled |= targeted && p->pulled_s != 0 &&
			       (p->pulled_s < img->check.checked_s || check_outdated(img, slot));
		if (p->pulled_s != 0) {
			s.cached[s.n_cached] = arena_strdup(a, c->nodes[slot].name);
			s.cached_bytes += strlen(s.cached[s.n_cached++]) + NAME_BYTES;
			continue;
		}
		if (targeted && !c->nodes[slot].eligible && s.away < 0)
			s.away = slot;
		if (targeted && lost && s.worst_node_fault < 0)
			s.worst_node_fault = slot;
		if (p->attempts == 0)
			continue;
		add_failing(&s, slot, rank, p->attempts);
		if (!targeted)
			continue;
		if (p->attempts > s.worst_attempts)
			s.worst_attempts = p->attempts;
		int *worst = p->flags & PAIR_DEGRADES ? &s.worst_degraded : &s.worst_node_fault;
		if (worse(img, slot, *worst))
			*worst = slot;
	}
	qsort(s.failing, s.n_failing, sizeof(*s.failing), compare_failing);
	return s;
}

static struct cause_text cause_of(const struct image *img, int slot)
{
	struct cause_text none = {(char *)(uintptr_t)CAUSE_REASON_OTHER,
				  (char *)(uintptr_t) "the pull failed"};
	uint8_t cause = slot >= 0 ? img->pairs[slot].cause : 0;
	return cause != 0 ? img->causes[cause] : none;
}

static struct failed_nodes failed_nodes(struct core *c, const struct image *img,
					const struct survey *s, struct arena *a)
{
	struct failed_nodes list = {NULL, s->n_failing < FAILED_NODES_MAX ? s->n_failing
									  : FAILED_NODES_MAX};
	list.at = arena_array(a, list.n, sizeof(*list.at));
	for (size_t i = 0; i < list.n; i++) {
		int slot = (int)s->failing[i].slot;
		const struct pair *p = &img->pairs[slot];
		bool lost = p->pulled_s != 0 || p->attempts == 0;
		struct cause_text text = cause_of(img, slot);
		list.at[i] = (struct failed_node){
			.node = arena_strdup(a, c->nodes[slot].name),
			.reason = lost ? LOSS_REASON : arena_strdup(a, text.reason),
			.message = lost ? loss_text(s->failing[i].attempts, a)
					: arena_strdup(a, text.message),
			.attempts = s->failing[i].attempts,
			.last_attempt_at = lost ? loss_at(img, slot) : p->failed_s,
		};
	}
	return list;
}

static struct api_condition condition(struct condition_memory *m, const char *type,
				      const char *status, const char *reason, const char *message,
				      const struct image *img, struct now now, struct arena *a)
{
	/* 20. lastTransitionTime moves only with status. */
	if (strcmp(m->status, status) != 0) {
		*m = (struct condition_memory){.since = now.wall_s};
		memcpy(m->status, status, strlen(status));
	}
	return (struct api_condition){
		.type = type,
		.status = status,
		.reason = arena_strdup(a, reason),
		.message = arena_strdup(a, message),
		.observed_generation = img->generation,
		.last_transition = m->since,
	};
}

/* 20. What keeps it from going on: it is suspended, a failing node, a pull that is stuck, a node
 * that is away. */
static const char *holdup(struct core *c, const struct image *img, const struct survey *s,
			  struct arena *a)
{
	if (img->suspended != SUSPENDED_NOT)
		return suspended_text(c, img, a);
	if (img->policy->present && img->policy->no_zone != NULL) /* 51 */
		return arena_printf(a,
				    "nothing starts: the time zone %s of PullPolicy %s does not exist",
				    img->policy->no_zone, img->policy->name);
	if (s->worst_node_fault >= 0) {
		struct cause_text text = cause_of(img, s->worst_node_fault);
		return arena_printf(a, "%s on %s: %s", text.reason,
				    c->nodes[s->worst_node_fault].name, text.message);
	}
	for (const struct link *l = img->pulls.next; l != &img->pulls; l = l->next) {
		const struct pull *p = LIST_MEMBER(l, struct pull, of_image);
		const char *reason, *message;
		if (p->state == PULL_LIVE && p->stuck && pull_is_kept(c, p, &reason, &message))
			return arena_printf(a, "%s on %s: %s", reason, c->nodes[p->slot].name,
					    message);
	}
	if (img->n_live == 0 && img->n_waiting[0] == 0 && s->away >= 0)
		return arena_printf(a, "node %s is not eligible: %s", c->nodes[s->away].name,
				    target_states[c->nodes[s->away].state].name);
	return NULL;
}

/* 39. All nodes are left out. */
static const char *no_platform(const struct core *c, const struct image *img, struct arena *a)
{
	size_t rank = 0;
	while (rank + 1 < c->n_order && !bit_get(img->left_out, c->order[rank]))
		rank++;
	return arena_printf(a, "no image for %s: %s", c->nodes[c->order[rank]].platform,
			    image_platforms_text(img, a));
}

static struct api_condition ready_condition(struct core *c, struct image *img,
					    const struct survey *s, struct now now, struct arena *a)
{
	enum phase phase = image_phase(img);
	if (phase == PHASE_READY)
		return condition(&img->ready, "Ready", "True", "Cached",
				 arena_printf(a, "Image cached on all %" PRIu32 " target nodes",
					      img->n_targeted),
				 img, now, a);
	if (phase == PHASE_DEGRADED && img->rejected.failures != 0)
		return condition(&img->ready, "Ready", "False", "PodRejected",
				 img->rejected_text != NULL ? img->rejected_text : "", img, now, a);
	if (phase == PHASE_DEGRADED && img->n_degraded == 0)
		return condition(&img->ready, "Ready", "False", "ImageTooLarge",
				 budget_large_text(c, img, a), img, now, a);
	if (phase == PHASE_DEGRADED) {
		struct cause_text text = cause_of(img, s->worst_degraded);
		return condition(&img->ready, "Ready", "False", cause_reason(text.reason),
				 text.message, img, now, a);
	}
	const char *message = arena_printf(a, "%" PRIu32 "/%" PRIu32 " nodes ready", img->n_ready,
					   img->n_targeted);
	const char *why = holdup(c, img, s, a);
	if (why != NULL)
		message = arena_printf(a, "%s; %s", message, why);
	/* 39, 59. */
	const char *reason = img->n_targeted != 0        ? "InProgress"
			     : budget_left_out(img) != 0 ? "DiskBudget"
			     : img->n_left_out != 0      ? "NoPlatform"
							 : "NoNodes";
	if (img->n_targeted == 0 && img->n_left_out != 0)
		message = no_platform(c, img, a);
	return condition(&img->ready, "Ready", "False", reason, message, img, now, a);
}

static struct api_condition progress_condition(struct image *img, struct now now, struct arena *a)
{
	unsigned ready = img->n_ready, all = img->n_targeted, live = img->n_live;
	if (live != 0)
		return condition(&img->progress, "PullProgress", "True", "Pulling",
				 arena_printf(a, "Actively pulling on %u node(s), %u/%u complete",
					      live, ready, all),
				 img, now, a);
	if (all != 0 && ready == all)
		return condition(&img->progress, "PullProgress", "False", "Complete",
				 "All pulls complete", img, now, a);
	if (img->n_failing != 0 || img->rejected.failures != 0)
		return condition(
			&img->progress, "PullProgress", "False", "Stalled",
			arena_printf(a, "Pull stalled: %u/%u nodes ready, retrying with backoff",
				     ready, all),
			img, now, a);
	return condition(&img->progress, "PullProgress", "False", "Idle", "Waiting to start pulls",
			 img, now, a);
}

struct cachedimage_status *status_build(struct core *c, struct image *img, struct now now,
					struct arena *a, size_t *ret_size)
{
	struct survey s = survey(c, img, now, a);
	struct cachedimage_status *st = arena_alloc(a, sizeof(*st));
	enum phase phase = image_phase(img);
	*st = (struct cachedimage_status){
		.observed_generation = img->generation,
		.phase = phase_names[phase],
		.ready = arena_printf(a, "%" PRIu32 "/%" PRIu32, img->n_ready, img->n_targeted),
		.resolved_digest = arena_strdup(a, img->digest),
		.nodes_targeted = img->n_targeted,
		.nodes_ready = img->n_ready,
		.nodes_pulling = img->n_live,
		.nodes_skipped = img->n_left_out,
		.cached_image = arena_strdup(a, img->reference),
		.cached_nodes = {s.cached, s.n_cached},
		.failed_nodes = failed_nodes(c, img, &s, a),
		.consecutive_failures = phase == PHASE_READY ? 0 : s.worst_attempts,
		.last_pulled_at = img->pulled_at,
		.last_attempted_at = img->attempted_at,
		.registry = check_status(img, !s.unsettled, a),
	};
	st->conditions.n = 2;
	st->conditions.at = arena_array(a, 2 + HEALTH_CONDITIONS_MAX, sizeof(*st->conditions.at));
	st->conditions.at[0] = ready_condition(c, img, &s, now, a);
	st->conditions.at[1] = progress_condition(img, now, a);
	image_health_add(c, img, phase, now, a, &st->conditions);
	*ret_size = s.cached_bytes + (st->failed_nodes.n + 8) * ROW_BYTES;
	return st;
}
