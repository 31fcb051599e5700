/*
 * Why a pair is in its state. Calls the same functions as the queue (policies.c, faults.c,
 * target.c), so that the explanation matches the decision. Invariant: the core is not changed.
 */
#include "reconciler/explain/explain.h"

#include <string.h>

#include "reconciler/rules/bits.h"
#include "reconciler/explain/view.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/byte_rate.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/gate_images.h"
#include "reconciler/core/held.h"
#include "reconciler/core/image_health.h"
#include "reconciler/core/image_status.h"
#include "reconciler/core/pair_delay.h"
#include "reconciler/core/platforms.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/status_hash.h"
#include "reconciler/core/suspend.h"

static int64_t at_unix(int64_t boot_ms, struct now now)
{
	return boot_ms == CLOCK_NEVER ? 0 : now.wall_s + (boot_ms - now.boot_ms + 999) / 1000;
}

/* 1. */
bool explain_skipped(const struct node_slot *s, const struct api_map *selector,
		     const struct api_tolerations *of_image,
		     const struct api_tolerations *of_policy, struct explain *e, struct arena *a)
{
	const struct api_kv *missing = target_missing(selector, &s->labels);
	const struct node_taint *taint = target_untolerated(of_image, of_policy, &s->taints);
	if (s->is_virtual) {
		e->reason = EXPLAIN_VIRTUAL;
	} else if (missing != NULL) {
		e->reason = EXPLAIN_SELECTOR;
		e->subject = arena_printf(a, "%s=%s", missing->key,
					  missing->value != NULL ? missing->value : "");
	} else if (taint != NULL) {
		bool plain = taint->value == NULL || *taint->value == '\0';
		e->reason = EXPLAIN_TAINT;
		e->subject =
			arena_printf(a, "%s%s%s:%s", taint->key != NULL ? taint->key : "",
				     plain ? "" : "=", plain ? "" : taint->value, taint->effect);
	} else {
		return false;
	}
	return true;
}

/* 39. */
bool explain_lacks(const struct core *c, const struct image *img, int slot, struct explain *e,
		   struct arena *a)
{
	if (!platform_lacks(c, img, slot))
		return false;
	e->reason = EXPLAIN_PLATFORM;
	e->subject = c->nodes[slot].platform;
	e->detail = image_platforms_text(img, a);
	return true;
}

bool explain_left_out(const struct core *c, const struct image *img, int slot, struct explain *e,
		      struct arena *a)
{
	return platform_left_out(c, img, slot) && explain_lacks(c, img, slot, e, a);
}

/* 2. */
bool explain_not_ready(const struct node_slot *s, struct explain *e)
{
	if (s->eligible)
		return false;
	e->reason = EXPLAIN_NOT_ELIGIBLE;
	e->subject = target_states[s->state].name;
	return true;
}

static const struct pull *pull_on(const struct image *img, int slot)
{
	for (const struct link *l = img->pulls.next; l != &img->pulls; l = l->next) {
		const struct pull *p = LIST_MEMBER(l, struct pull, of_image);
		if (p->state == PULL_LIVE && (slot < 0 || p->slot == slot))
			return p;
	}
	return NULL;
}

bool explain_pulling(const struct image *img, int slot, struct now now, struct explain *e)
{
	if ((img->pairs[slot].flags & PAIR_LIVE) == 0)
		return false;
	const struct pull *pull = pull_on(img, slot);
	e->reason = EXPLAIN_PULLING;
	e->subject = pull != NULL ? pull->pod->name : NULL;
	e->at = pull != NULL ? at_unix(pull->pod->started_ms, now) : 0;
	return true;
}

static const char *cause_on(const struct image *img, int slot)
{
	uint8_t cause = img->pairs[slot].cause;
	return cause != 0 ? img->causes[cause].message : NULL;
}

/* The last failure that was not a node's: what a gate is shut for. Looked for once an image. */
static const char *shared_cause(struct explain_view *v)
{
	uint32_t last = 0;
	for (size_t slot = 0; !v->looked && slot < v->core->n_slots; slot++) {
		const struct pair *p = &v->img->pairs[slot];
		if ((p->flags & PAIR_DEGRADES) == 0 || p->cause == 0 || p->failed_s < last)
			continue;
		last = p->failed_s;
		v->cause = cause_on(v->img, (int)slot);
	}
	v->looked = true;
	return v->cause;
}

static void tell_gate(struct explain_view *v, int slot, const struct fault_hold *hold,
		      struct explain *e)
{
	static const enum explain_reason reasons[] = {
		[HOLD_REJECTED] = EXPLAIN_REJECTED,       [HOLD_IMAGE] = EXPLAIN_IMAGE_FAULT,
		[HOLD_PLATFORM] = EXPLAIN_PLATFORM_FAULT, [HOLD_REGISTRY] = EXPLAIN_REGISTRY_FAULT,
		[HOLD_NODE] = EXPLAIN_NODE_FAULT,
	};
	e->reason = reasons[hold->by];
	e->at = at_unix(hold->until_ms, v->now);
	e->detail = hold->by == HOLD_REJECTED ? v->img->rejected_text
		    : hold->by == HOLD_NODE   ? v->core->nodes[slot].fault_text
					      : shared_cause(v);
	if (hold->by == HOLD_PLATFORM)
		e->subject = v->core->nodes[slot].platform;
	if (hold->by == HOLD_REGISTRY)
		e->subject = v->img->host;
	if (hold->until_ms == CLOCK_NEVER) {
		const struct pull *probe = pull_on(v->img, -1);
		e->reason = EXPLAIN_PROBE;
		e->subject = hold->by == HOLD_NODE ? v->core->nodes[slot].name
			     : probe != NULL       ? v->core->nodes[probe->slot].name
						   : NULL;
	}
}

/* 14. */
static bool held_by_fault(struct explain_view *v, int slot, struct explain *e)
{
	const struct pair *p = &v->img->pairs[slot];
	int64_t retry_ms = pair_retry_ms(p), asked_ms = CLOCK_NEVER;
	struct fault_hold hold = fault_hold(v->core, v->img, slot, v->now.boot_ms);
	if (retry_ms > v->now.boot_ms) {
		e->reason = EXPLAIN_BACKOFF;
		e->at = at_unix(retry_ms, v->now);
		e->detail = cause_on(v->img, slot);
		e->n = p->attempts;
	} else if (bit_get(v->img->held, (size_t)slot)) {
		e->reason = EXPLAIN_FORMER_POD;
	} else if (check_holds(v->core, v->img, slot, v->now.boot_ms, &asked_ms)) {
		e->reason = EXPLAIN_REGISTRY_ASKED;
		e->at = at_unix(asked_ms, v->now);
	} else if (hold.by == HOLD_SLOW_START) {
		e->reason = EXPLAIN_SLOW_START;
		e->at = at_unix(hold.until_ms, v->now);
		e->n = v->img->n_live;
		e->limit = hold.limit;
	} else if (hold.by != HOLD_NOTHING) {
		tell_gate(v, slot, &hold, e);
	} else {
		return false;
	}
	return true;
}

static void tell_room(struct explain_view *v, int slot, struct explain *e)
{
	struct budget_room r = {0};
	budget_look(v->core, v->img, slot, &r);
	e->reason = EXPLAIN_DISK_BUDGET;
	e->n = (int64_t)r.used;
	e->limit = (int64_t)r.allowed;
}

/* 41. */
static bool held_by_size(struct explain_view *v, int slot, struct explain *e)
{
	const struct policy *p = policy_of_image(v->core, v->img);
	if (budget_of(v->img, slot) == BUDGET_TOO_LARGE) {
		e->reason = EXPLAIN_TOO_LARGE;
		e->subject = p->name;
		e->limit = (int64_t)p->max_image_bytes;
		return true;
	}
	if (budget_of(v->img, slot) == BUDGET_FREE && budget_room(v->core, v->img, slot, 0))
		return false;
	tell_room(v, slot, e);
	return true;
}

/* 51. */
void explain_shut(const struct policy *p, struct explain *e)
{
	e->reason = p->no_zone != NULL ? EXPLAIN_NO_ZONE : EXPLAIN_SHUT;
	e->subject = p->name;
	e->detail = p->no_zone;
	e->at = p->no_zone != NULL ? 0 : p->shut_until_s;
}

static struct gate_waiting waiting_on(const struct explain_view *v, int slot)
{
	if (v->gating == NULL)
		return gate_waiting(v->core, slot);
	if (v->gating[slot].limit == 0) /* not counted yet */
		v->gating[slot] = gate_waiting(v->core, slot);
	return v->gating[slot];
}

/* 46. Only where nothing else holds it back. */
static void tell_gating(struct explain_view *v, int slot, struct explain *e)
{
	if (!held_is(v->core, slot) || held_wants(v->core, v->img, slot))
		return;
	struct gate_waiting waiting = waiting_on(v, slot);
	if (!gate_reserves(v->core, slot, &waiting))
		return;
	e->reason = EXPLAIN_GATING_FIRST;
	e->n = (int64_t)waiting.n;
	e->limit = waiting.limit;
}

/* 11, 12. */
static void tell_pace(struct explain_view *v, int slot, struct explain *e)
{
	const struct policy *p = policy_of_pair(v->core, v->img, slot);
	e->subject = p->name != NULL ? p->name : "";
	e->by_image = p->by_image;
	e->reason = EXPLAIN_NEXT;
	switch (held_pace(v->core, p, v->img, slot, v->now.boot_ms)) {
	case PACE_FREE:
		tell_gating(v, slot, e);
		break;
	case PACE_PULLS:
		e->reason = EXPLAIN_POLICY_PULLS;
		e->n = pace_pulls(p);
		e->limit = p->max_pulls;
		break;
	case PACE_BYTES:
		e->reason = EXPLAIN_POLICY_BYTES;
		e->limit = (int64_t)p->bytes_per_s;
		e->at = at_unix(byte_rate_free_ms(p), v->now);
		break;
	case PACE_DELAY:
		e->reason = EXPLAIN_POLICY_DELAY;
		e->at = at_unix(pace_next_ms(p, v->img), v->now);
		break;
	case PACE_NODES:
		e->reason = EXPLAIN_POLICY_NODES;
		e->n = pace_nodes(v->core, p, v->img);
		e->limit = p->max_nodes;
		break;
	case PACE_NODE_PULLS:
		e->reason = EXPLAIN_NODE_PULLS;
		e->n = v->core->nodes[slot].n_live;
		e->limit = p->max_per_node;
		break;
	case PACE_SHUT:
		explain_shut(p, e);
		break;
	case PACE_HELD_NODES:
		e->reason = EXPLAIN_HELD_NODES;
		e->n = p->n_apart_nodes;
		e->limit = p->max_held;
		break;
	}
}

/* 50. */
static bool explain_suspended(struct explain_view *v, struct explain *e)
{
	if (v->img->suspended == SUSPENDED_NOT)
		return false;
	e->reason = EXPLAIN_SUSPENDED;
	e->detail = suspended_text(v->core, v->img, v->arena);
	return true;
}

void explain_slot(struct explain_view *v, int slot, struct explain *e)
{
	const struct image *img = v->img;
	const struct node_slot *s = &v->core->nodes[slot];
	const struct pair *p = &img->pairs[slot];
	*e = (struct explain){.node = s->name,
			      .repull = (p->flags & PAIR_REPULL) != 0,
			      .bytes = size_charged(v->core, img, slot, 0)};
	if (!v->core->leading) {
		e->reason = EXPLAIN_NOT_LEADING;
		return;
	}
	if (explain_skipped(s, &img->selector, &img->tolerations,
			    &policy_of_image(v->core, img)->tolerations, e, v->arena))
		return;
	if (explain_left_out(v->core, img, slot, e, v->arena))
		return;
	if (budget_of(img, slot) == BUDGET_LEFT_OUT) {
		tell_room(v, slot, e);
		e->reason = EXPLAIN_NO_ROOM;
		return;
	}
	if (explain_pulling(img, slot, v->now, e))
		return;
	if (p->pulled_s != 0 && !e->repull) {
		e->reason = EXPLAIN_CACHED;
		e->at = p->pulled_s;
	} else if (!explain_not_ready(s, e) && !explain_suspended(v, e) &&
		   !held_by_size(v, slot, e) && !held_by_fault(v, slot, e)) {
		tell_pace(v, slot, e);
	}
}

struct explain_view explain_view(struct core *c, struct image *img, struct now now, struct arena *a)
{
	return (struct explain_view){.core = c, .img = img, .now = now, .arena = a};
}

struct gate_waiting *explain_gating(const struct core *c, struct arena *a)
{
	return arena_array(a, c->n_slots, sizeof(struct gate_waiting));
}

enum phase explain_phase(const struct core *c, const struct image *img)
{
	return c->leading ? image_phase(img) : img->seen.phase;
}

const char *explain_phase_name(const struct core *c, const struct image *img)
{
	enum phase phase = explain_phase(c, img);
	return phase != PHASE_NONE ? phase_names[phase] : "";
}

const struct explain *explain_pair(struct core *c, const char *image, const char *node,
				   struct now now, struct arena *a)
{
	struct image *img = map_get(&c->images, image);
	int slot = node_find(c, node);
	if (img == NULL)
		return NULL;
	struct explain *e = arena_alloc(a, sizeof(*e));
	struct explain_view v = explain_view(c, img, now, a);
	if (slot >= 0 && c->nodes[slot].present)
		explain_slot(&v, slot, e);
	else
		*e = (struct explain){.reason = EXPLAIN_NO_NODE, .node = arena_strdup(a, node)};
	return e;
}

/* The place in name order of the first node after that name. */
static size_t rank_after(const struct core *c, const char *after)
{
	size_t rank = 0;
	while (after != NULL && rank < c->n_order &&
	       strcmp(c->nodes[c->order[rank]].name, after) <= 0)
		rank++;
	return rank;
}

int explain_nodes(struct core *c, const char *image, const char *after, size_t max, struct now now,
		  struct arena *a, struct explain **ret_list)
{
	struct image *img = map_get(&c->images, image);
	int n = 0;
	if (img == NULL)
		return -1;
	struct explain_view v = explain_view(c, img, now, a);
	size_t rank = rank_after(c, after);
	size_t most = c->n_order - rank < max ? c->n_order - rank : max;
	*ret_list = arena_array(a, most, sizeof(**ret_list));
	for (; rank < c->n_order && (size_t)n < most; rank++)
		if (c->nodes[c->order[rank]].present)
			explain_slot(&v, (int)c->order[rank], &(*ret_list)[n++]);
	return n;
}
