/* The one decision about a held node, and what follows from it. See gate.h. */
#include "reconciler/core/gate.h"

#include <inttypes.h>
#include <string.h>

#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/gate_images.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_condition.h"
#include "reconciler/core/policies.h"

/* Images that an event names. */
#define NAMED_MAX 3

/* ---- texts ---- */

static const char *why_open(const struct held *h)
{
	if (h->by_hand)
		return "GateOpened";
	return h->timed_out ? "GateTimedOut" : "ImagesReady";
}

static void tell(struct core *c, const struct held *h, enum core_fact_kind kind,
		 const char *message, int64_t took_ms)
{
	const struct node_slot *s = &c->nodes[h->slot];
	struct core_fact f = {.kind = kind,
			      .reason = kind == FACT_NODE_OPENED ? why_open(h) : NULL,
			      .node = s->name,
			      .node_uid = s->uid,
			      .pool = held_pool_of(s),
			      .message = message,
			      .took_ms = took_ms};
	fact_add(c, &f);
}

/* What keeps a missing image from the node at this moment. */
static const char *held_by(struct core *c, const struct image *img, int slot, struct now now)
{
	static const char *const faults[] = {
		[HOLD_NOTHING] = "waiting to start", [HOLD_REJECTED] = "pod refused",
		[HOLD_IMAGE] = "image fault",        [HOLD_PLATFORM] = "no image for the platform",
		[HOLD_REGISTRY] = "registry fault",  [HOLD_NODE] = "the node starts no pods",
		[HOLD_SLOW_START] = "slow start",
	};
	const struct pair *p = &img->pairs[slot];
	const struct node_slot *s = &c->nodes[slot];
	if ((p->flags & PAIR_LIVE) != 0)
		return "still pulling";
	if (!s->eligible)
		return target_states[s->state].name;
	if (p->attempts != 0)
		return arena_printf(&c->scratch, "failed %u times, %s", (unsigned)p->attempts,
				    img->causes[p->cause].reason);
	struct fault_hold hold = fault_hold(c, img, slot, now.boot_ms);
	if (hold.by != HOLD_NOTHING)
		return faults[hold.by];
	enum pace pace = held_pace(c, policy_of_pair(c, img, slot), img, slot, now.boot_ms);
	static const char *const limits[] = {
		[PACE_FREE] = "waiting to start",      [PACE_PULLS] = "maxConcurrentPulls",
		[PACE_DELAY] = "minDelayBetweenPulls", [PACE_NODES] = "maxConcurrentNodes",
		[PACE_NODE_PULLS] = "maxPullsPerNode", [PACE_HELD_NODES] = "maxHeldNodes",
		[PACE_BYTES] = "maxBytesPerSecond",    [PACE_SHUT] = "pullWindows",
	};
	return limits[pace];
}

const char *gate_missing_text(struct core *c, int slot, struct now now)
{
	const char *list = "";
	size_t n = 0;
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct image *img = c->queue[i];
		if (!gate_missing(c, img, slot))
			continue;
		if (n++ < NAMED_MAX)
			list = arena_printf(&c->scratch, "%s%s%s (%s)", list,
					    *list != '\0' ? ", " : "", img->name,
					    held_by(c, img, slot, now));
	}
	const struct node_slot *s = &c->nodes[slot];
	if (n == 0 && (!s->eligible || s->held->unsettled))
		return arena_printf(&c->scratch, "the node is not ready for images: %s",
				    s->eligible ? "it has a taint node.kubernetes.io/*"
						: target_states[s->state].name);
	if (n == 0 && c->gate_wait)
		return "a set has not created its images yet";
	return arena_printf(&c->scratch, "%zu missing: %s%s", n, list,
			    n > NAMED_MAX ? " and more" : "");
}

/* ---- the decision ---- */

/* 45. Warm, ordered, or too late. false: it stays shut, and the timer is set. */
static bool decide(struct core *c, struct held *h, struct now now)
{
	const struct node_slot *s = &c->nodes[h->slot];
	if (h->unfinished)
		return false; /* a change of the node ends that */
	/* On a node that is not Ready yet nothing is missing, because nothing targets it. */
	bool settled = s->eligible && !h->unsettled;
	bool lacks = !settled || gate_any_missing(c, h->slot);
	if (h->by_hand || (!lacks && !c->gate_wait)) {
		h->open = true;
		return true;
	}
	int64_t left_s = held_left_s(c, h, now);
	if (left_s > 0) {
		timer_set(&c->timers, &h->timer,
			  now.boot_ms + (lacks ? left_s * 1000 : HELD_COMING_MS));
		return false;
	}
	tell(c, h, FACT_GATE_TIMED_OUT, gate_missing_text(c, h->slot, now), 0);
	h->open = h->timed_out = true;
	return true;
}

static void look(struct core *c, struct held *h, struct now now)
{
	bool was_open = h->open;
	timer_stop(&c->timers, &h->timer);
	list_remove(&h->wanted);
	if (!c->nodes[h->slot].present)
		return;
	if (!h->remove && !h->tolerate) {
		node_condition_look(c, h, now);
		return;
	}
	bool open = h->open || decide(c, h, now);
	node_condition_look(c, h, now);
	if (!open)
		return;
	if (!was_open)
		policies_wake(c); /* what is left is paced as on other nodes */
	if (!h->remove || h->unfinished || h->asked)
		return;
	if (now.boot_ms < h->again_ms)
		timer_set(&c->timers, &h->timer, h->again_ms);
	else
		list_append(&c->removals, &h->wanted);
}

void gate_due(struct core *c, struct held *h)
{
	timer_stop(&c->timers, &h->timer);
	held_touch(c, h->slot);
}

void gate_begin(struct core *c)
{
	held_touch_all(c);
}

void gate_run(struct core *c, struct now now, size_t room, struct arena *a,
	      struct core_actions *ret)
{
	while (!list_alone(&c->held_touched)) {
		struct held *h = LIST_MEMBER(c->held_touched.next, struct held, touched);
		list_remove(&h->touched);
		look(c, h, now);
	}
	ret->opens = arena_array(a, room, sizeof(*ret->opens));
	while (ret->n_opens < room && !list_alone(&c->removals)) {
		struct held *h = LIST_MEMBER(c->removals.next, struct held, wanted);
		list_remove(&h->wanted);
		h->asked = true;
		ret->opens[ret->n_opens++] = (struct core_open){
			.node = arena_strdup(a, c->nodes[h->slot].name),
			.node_uid = arena_strdup(a, c->nodes[h->slot].uid),
			.keys = arena_strdup(a, c->startup.remove),
		};
	}
}

bool gate_order(struct core *c, int slot)
{
	struct held *h = c->nodes[slot].held;
	if (!held_is(c, slot))
		return false;
	h->by_hand = true;
	held_touch(c, slot);
	return true;
}

/* ---- answers ---- */

static int64_t doubled(int64_t ms, uint32_t times)
{
	while (times-- > 0 && ms < GATE_AGAIN_MAX_MS)
		ms *= 2;
	return ms < GATE_AGAIN_MAX_MS ? ms : GATE_AGAIN_MAX_MS;
}

static void removed(struct core *c, struct held *h, struct now now)
{
	size_t all, there;
	/* Whoever put it back has stopped long ago. */
	if (h->removed_ms != 0 && now.boot_ms - h->removed_ms > 2 * GATE_AGAIN_MAX_MS)
		h->removals = 0;
	h->removals++;
	h->removed_ms = now.boot_ms;
	h->again_ms = now.boot_ms + doubled(GATE_AGAIN_MIN_MS, h->removals - 1);
	if (h->removals > GATE_CONTESTED)
		tell(c, h, FACT_GATE_CONTESTED,
		     arena_printf(&c->scratch, "removed %" PRIu32 " times", h->removals), 0);
	if (h->removals != 1)
		return;
	gate_count(c, h->slot, &all, &there);
	int64_t took_s = h->ready_at_s != 0 ? held_now_s(h, now) - h->ready_at_s : 0;
	tell(c, h, FACT_NODE_OPENED,
	     h->by_hand
		     ? "requested with dropctl gate open"
		     : arena_printf(&c->scratch, "%zu of %zu gating images are there", there, all),
	     took_s * 1000);
}

void gate_opened(struct core *c, int slot, enum core_open_result result, struct now now)
{
	struct held *h = c->nodes[slot].held;
	if (h == NULL || !h->asked)
		return;
	h->asked = false;
	h->failures = result == OPEN_FAILED || result == OPEN_CHANGED ? h->failures + 1 : 0;
	switch (result) {
	case OPEN_REMOVED:
		removed(c, h, now);
		break;
	case OPEN_NOTHING: /* the watch is behind */
		if (h->again_ms < now.boot_ms + GATE_AGAIN_MIN_MS)
			h->again_ms = now.boot_ms + GATE_AGAIN_MIN_MS;
		break;
	case OPEN_CHANGED:
		h->again_ms = now.boot_ms + doubled(GATE_CHANGED_MS, h->failures - 1);
		break;
	case OPEN_FAILED:
		h->again_ms = now.boot_ms + doubled(GATE_AGAIN_MIN_MS, h->failures - 1);
		break;
	}
	held_touch(c, slot);
}
