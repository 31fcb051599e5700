/*
 * Which pulls start, and when (behaviour.md 11, 12, 13). For each policy that may have something to
 * start: what held nodes wait for, which the policy does not pace (46); new nodes first; then what
 * was never tried, by priority, image name and node name; then what failed, in turn; repulls last;
 * as many as fit. Others of the same turn may go into the same pod (42). An entry that may not
 * start does not block the entries behind it. If an entry only has to wait, the policy's timer is
 * set.
 */
#include "reconciler/core/pull_queue.h"

#include <string.h>

#include "api/pullpod.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/byte_rate.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/faults.h"
#include "reconciler/core/gate_images.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/core/nodes.h"
#include "reconciler/core/pace.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/pull_starts.h"
#include "reconciler/core/pulls.h"
#include "reconciler/core/sizes.h"
#include "reconciler/rules/batch.h"
#include "reconciler/rules/bits.h"

/* A pod of this very name is still going away: look again after this long. */
#define NAME_TAKEN_MS 1000
#define AGAIN_MS      2000

struct pass { /* one look at one policy */
	struct core *c;
	struct policy *policy;
	struct now now;
	int64_t wake; /* earliest moment at which more may be possible */
	/* Of the policy, or of the image that is looked at (55): */
	const struct image *scope; /* this one; NULL: the policy */
	bool free;                 /* another node may be taken (maxConcurrentNodes) */
	bool patient;              /* minDelayBetweenPulls is not over: only the last node */
	int only_slot;             /* that node, or -1 */
	bool looked_at_others, others;
	bool paying;                 /* maxBytesPerSecond: what was started is not paid for yet */
	struct gate_waiting *gating; /* by slot; limit 0: not counted since the last start */
};

static void sooner(int64_t *wake, int64_t at_ms)
{
	if (at_ms < *wake)
		*wake = at_ms;
}

/* img NULL: where the policy counts over all its images. */
static void scope_look(struct pass *s, const struct image *img)
{
	const struct policy *p = s->policy;
	int64_t next_ms = pace_next_ms(p, img);
	s->scope = img;
	s->looked_at_others = false;
	s->free = pace_nodes(s->c, p, img) < p->max_nodes;
	s->patient = next_ms > s->now.boot_ms;
	s->only_slot = s->patient ? pace_last(p, img)->slot : -1;
	if (s->patient)
		sooner(&s->wake, next_ms);
}

static void image_look(struct pass *s, const struct image *img)
{
	if (s->policy->by_image)
		scope_look(s, img);
}

/* What the policy allows at this moment (11). */
static void pass_look(struct pass *s)
{
	struct policy *p = s->policy;
	if (!p->by_image)
		scope_look(s, NULL);
	int64_t paid_ms = byte_rate_free_ms(p);
	s->paying = paid_ms > s->now.boot_ms;
	if (s->paying)
		sooner(&s->wake, paid_ms);
}

static bool node_allowed(struct pass *s, const struct image *img, int slot)
{
	enum pace pace = held_pace(s->c, s->policy, img, slot, s->now.boot_ms);
	s->policy->node_full |= pace == PACE_NODE_PULLS;
	return pace == PACE_FREE;
}

struct look { /* at one image, for one turn */
	const struct image *img;
	enum turn turn;
	bool probe; /* 14: one pull is to find out */
};

static bool concerns(struct pass *s, const struct image *img)
{
	const struct policy *own = policy_of_image(s->c, img);
	if (img->suspended != SUSPENDED_NOT)
		return false; /* 50 */
	return own == s->policy || (s->policy == &s->c->fallback && own->selector.n != 0);
}

/* Does anything wait on a node that may not be taken now? */
static bool others_wait(struct pass *s)
{
	struct core *c = s->c;
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct image *img = c->queue[i];
		if (img->n_waiting[0] + img->n_waiting[1] == 0 || !concerns(s, img) ||
		    (s->scope != NULL && s->scope != img) ||
		    fault_room(img, s->now.boot_ms, &s->wake) == ROOM_NONE)
			continue;
		for (size_t slot = bit_next(img->waiting, 0, c->cap); slot < c->cap;
		     slot = bit_next(img->waiting, slot + 1, c->cap))
			if ((s->patient ? (int)slot != s->only_slot
					: !bit_get(s->policy->busy, slot)) &&
			    !held_wants(c, img, (int)slot) &&
			    !held_shut(c, s->policy, img, (int)slot) &&
			    node_fault_room(c, (int)slot, s->now.boot_ms, &s->wake))
				return true;
	}
	return false;
}

/*
 * What fails again and again does not keep its node busy, or the delay running, while
 * other nodes wait: everything starts in the end (13).
 */
static bool modest(struct pass *s)
{
	if (!s->patient && s->free)
		return true;
	if (!s->looked_at_others)
		s->others = others_wait(s);
	s->looked_at_others = true;
	return !s->others;
}

enum turn queue_turn(const struct core *c, const struct image *img, int slot, bool failed)
{
	if (held_wants(c, img, slot))
		return TURN_HELD;
	if (bit_get(img->repulls, (size_t)slot))
		return TURN_REPULL;
	if (failed || node_comes_last(c, slot))
		return TURN_RETRY;
	return bit_get(c->fresh, (size_t)slot) ? TURN_NEW_NODE : TURN_FRESH;
}

/* 41. What is in flight there may fail: then there is room again. */
static bool room_on_disk(struct pass *s, const struct image *img, int slot)
{
	bool room = budget_room(s->c, img, slot, 0);
	s->policy->node_full |= !room;
	return room;
}

/*
 * 46. Gating images come first on a held node, also those that wait for their turn (slow start, an
 * answer of the registry, another policy's pass): their pulls are kept free.
 */
static bool reserved(struct pass *s, const struct image *img, int slot)
{
	struct core *c = s->c;
	if (!held_is(c, slot) || held_wants(c, img, slot))
		return false;
	if (s->gating == NULL)
		s->gating = arena_array(&c->scratch, c->n_slots, sizeof(*s->gating));
	if (s->gating[slot].limit == 0)
		s->gating[slot] = gate_waiting(c, slot);
	if (!gate_reserves(c, slot, &s->gating[slot]))
		return false;
	sooner(&s->wake, s->now.boot_ms + AGAIN_MS);
	return true;
}

static bool candidate(struct pass *s, const struct look *l, int slot)
{
	const struct image *img = l->img;
	if (!bit_get(img->waiting, (size_t)slot) || img->suspended != SUSPENDED_NOT)
		return false;
	bool failed = l->probe || img->pairs[slot].attempts != 0 || node_comes_last(s->c, slot);
	return queue_turn(s->c, img, slot, failed) == l->turn && node_allowed(s, img, slot) &&
	       policy_of_pair(s->c, img, slot) == s->policy &&
	       !check_holds(s->c, img, slot, s->now.boot_ms, &s->wake) &&
	       node_fault_room(s->c, slot, s->now.boot_ms, &s->wake) &&
	       fault_room_on(s->c, img, slot, s->now.boot_ms, &s->wake) &&
	       (!failed || l->turn == TURN_HELD || modest(s)) && !reserved(s, img, slot) &&
	       room_on_disk(s, img, slot);
}

/* Of a few nodes, those busy under the policy or the new ones. */
static int first_of(struct pass *s, const struct look *l, const uint64_t *set)
{
	int best = -1;
	size_t cap = s->c->cap;
	for (size_t slot = bit_next(set, 0, cap); slot < cap; slot = bit_next(set, slot + 1, cap))
		if (candidate(s, l, (int)slot) &&
		    (best < 0 || s->c->nodes[slot].rank < s->c->nodes[best].rank))
			best = (int)slot;
	return best;
}

static int first_node(struct pass *s, const struct look *l)
{
	struct core *c = s->c;
	if (s->patient && l->turn != TURN_HELD)
		return s->only_slot >= 0 && candidate(s, l, s->only_slot) ? s->only_slot : -1;
	if (!s->free && l->turn != TURN_HELD)
		return s->scope != NULL ? -1 : first_of(s, l, s->policy->busy);
	if (l->turn == TURN_NEW_NODE)
		return first_of(s, l, c->fresh);
	/* 14. A probe goes to another node than the last one; so do retries, in turn. */
	size_t from =
		l->turn == TURN_RETRY && l->img->probe_rank < c->n_order ? l->img->probe_rank : 0;
	for (size_t i = 0; i < c->n_order; i++) {
		size_t rank = from + i < c->n_order ? from + i : from + i - c->n_order;
		if (candidate(s, l, (int)c->order[rank]))
			return (int)c->order[rank];
	}
	return -1;
}

struct chosen { /* to start next */
	struct image *img;
	int slot;
	enum turn turn;
	bool probe;
};

/*
 * The first entry of one turn that may start; false: none. Retries go round: the image
 * that was tried longest ago comes first, or a failing one with a low priority number
 * would keep all others out.
 */
static bool choose_in(struct pass *s, enum turn turn, struct chosen *ret)
{
	struct core *c = s->c;
	struct image *best = NULL;
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		if (img->n_waiting[turn == TURN_REPULL] == 0 || !concerns(s, img) ||
		    (turn == TURN_HELD && !img->gates) ||
		    (best != NULL && img->tried_ms >= best->tried_ms))
			continue;
		enum image_room room = fault_room(img, s->now.boot_ms, &s->wake);
		if (room == ROOM_NONE)
			continue;
		struct look l = {.img = img, .turn = turn, .probe = room == ROOM_PROBE};
		image_look(s, img);
		int slot = first_node(s, &l);
		if (slot < 0)
			continue;
		best = img;
		*ret = (struct chosen){img, slot, turn, l.probe};
		if (turn != TURN_RETRY)
			break;
	}
	return best != NULL;
}

static bool choose(struct pass *s, struct chosen *ret)
{
	bool found = false;
	if (s->gating != NULL)
		memset(s->gating, 0, s->c->n_slots * sizeof(*s->gating));
	pass_look(s);
	if (s->paying)
		return false;
	if (s->c->n_held != 0)
		found = choose_in(s, TURN_HELD, ret);
	if (!found && s->policy->max_pulls != 0 && pace_pulls(s->policy) >= s->policy->max_pulls)
		return false;
	if (!found && held_shut_for_most(s->c, s->policy))
		return false; /* 51: for hours, with all that waits */
	int first = s->c->n_fresh != 0 ? TURN_NEW_NODE : TURN_FRESH;
	for (int turn = first; !found && turn < TURNS; turn++)
		found = choose_in(s, (enum turn)turn, ret);
	return found;
}

static void tell_started(struct pass *s, struct pull *p)
{
	struct image *img = p->image;
	img->attempted_at = s->now.wall_s;
	img->tried_ms = s->now.boot_ms;
	img->probe_rank = s->c->nodes[p->slot].rank + 1;
	image_touch(s->c, img);
	struct core_fact fact = {.kind = FACT_PULL_STARTED,
				 .image = img->name,
				 .image_uid = img->uid,
				 .node = p->pod->node->name};
	fact_add(s->c, &fact);
}

/* Says it to the shell and to the policy; its pulls are attached already. */
static void ask(struct pass *s, struct pull_pod *pod, struct arena *a, struct core_actions *ret)
{
	ret->starts[ret->n_starts++] = pull_pod_start(s->c, pod, a);
	pod->state = POD_ASKED;
	pod->asked = true;
	pod->started_ms = s->now.boot_ms;
	list_remove(&pod->queued);
	timer_stop(&s->c->timers, &pod->timer);
	if (!pod->apart)
		pace_started(s->c, s->policy, pod, s->now.boot_ms);
	byte_rate_pay(s->policy, size_of_pod(s->c, s->policy, pod), s->now.boot_ms);
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		tell_started(s, &pod->pulls[i]);
}

static struct batch_item item_of(const struct core *c, const struct image *img, int slot)
{
	struct batch_item item = {
		.host = img->host,
		.secrets = &img->secrets,
		.metadata = &img->pod_metadata,
		.proven = img->proven,
		.first_try = img->pairs[slot].attempts == 0,
	};
	item.sized = image_bytes(c, img, slot, &item.bytes);
	return item;
}

static uint64_t on_disk(const struct core *c, const struct image *img, int slot)
{
	uint64_t bytes;
	return size_on_disk(c, img, slot, &bytes) ? bytes : 0;
}

/*
 * 42. What may start on the same node at this moment, in the same turn, in queue order, as far as
 * it goes into one pod with the first. A probe goes alone.
 */
static size_t gather(struct pass *s, const struct chosen *first,
		     struct image *ret[PULLPOD_IMAGES_MAX])
{
	struct core *c = s->c;
	bool alone = first->probe || first->turn == TURN_RETRY || node_comes_last(c, first->slot) ||
		     s->now.boot_ms < s->policy->alone_ms;
	struct batch b = {.max = alone ? 1 : (size_t)s->policy->max_images,
			  /* 40. What starts at once is no more than the largest image. */
			  .max_bytes = s->policy->bytes_per_s != 0 ? size_most(c, s->policy) : 0};
	struct batch_item item = item_of(c, first->img, first->slot);
	uint64_t taken = on_disk(c, first->img, first->slot);
	ret[0] = first->img;
	batch_add(&b, &item);
	for (size_t i = 0; i < c->n_queue && batch_open(&b); i++) {
		struct image *img = c->queue[i];
		struct look l = {.img = img, .turn = first->turn};
		if (img == first->img || img->n_waiting[first->turn == TURN_REPULL] == 0 ||
		    fault_room(img, s->now.boot_ms, &s->wake) != ROOM_ANY)
			continue;
		image_look(s, img);
		if (!candidate(s, &l, first->slot) || !budget_room(c, img, first->slot, taken))
			continue;
		item = item_of(c, img, first->slot);
		if (!batch_add(&b, &item))
			continue;
		ret[b.n - 1] = img;
		taken += on_disk(c, img, first->slot);
	}
	return b.n;
}

static void start(struct pass *s, const struct chosen *first, struct arena *a,
		  struct core_actions *ret)
{
	struct core *c = s->c;
	struct image *images[PULLPOD_IMAGES_MAX];
	size_t n = gather(s, first, images);
	struct pull_pod *pod = pull_pod_make(c, images, n, first->slot, s->now);
	if (pod == NULL) {
		pair_wait(&first->img->pairs[first->slot], s->now.boot_ms + NAME_TAKEN_MS);
		pair_settle(c, first->img, first->slot, s->now);
		return;
	}
	node_settle_fresh(c, first->slot);
	ask(s, pod, a, ret);
}

/* The node does not want it any more, or has another pod of it. */
static bool still_wanted(const struct core *c, const struct pull *p)
{
	if (p->state != PULL_LIVE || p->image->suspended != SUSPENDED_NOT ||
	    (p->image->pairs[p->slot].flags & PAIR_TARGETED) == 0)
		return false;
	/* Another pod of the pair has come in sight (10); the node has got it meanwhile (17). */
	return !bit_get(p->image->held, (size_t)p->slot) && !pair_listed(c, p->image, p->slot);
}

/*
 * As it was asked for, or not at all: a pod of this name may have been made. It is counted itself
 * in these numbers.
 */
static bool still_fits(const struct core *c, const struct policy *policy,
		       const struct pull_pod *pod, struct now now)
{
	const struct node_slot *node = &c->nodes[pod->slot];
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (!still_wanted(c, &pod->pulls[i]) ||
		    (!pod->apart &&
		     pace_nodes(c, policy, pod->pulls[i].image) > policy->max_nodes) ||
		    held_shut(c, policy, pod->pulls[i].image, pod->slot))
			return false;
	if (gate_look(&node->fault, now.boot_ms) == GATE_SHUT || !node->eligible)
		return false;
	if (!pod->apart && policy->max_pulls != 0 && pace_pulls(policy) > policy->max_pulls)
		return false;
	if (pod->apart && policy->max_held != 0 &&
	    (int64_t)policy->n_apart_nodes > policy->max_held)
		return false;
	return (int64_t)node->n_live <= policy->max_per_node;
}

static void give_up(struct pass *s, struct pull_pod *pod)
{
	struct pull *p;
	if (s->now.boot_ms - pod->started_ms < POD_PERHAPS_MS) {
		timer_set(&s->c->timers, &pod->timer, s->now.boot_ms + AGAIN_MS);
		return;
	}
	while ((p = pod_live(pod)) != NULL)
		pull_detach(s->c, p, s->now);
	pod_free(s->c, pod, s->now);
}

/* The delay is over, or does not hold for the pod. */
static bool may_go(struct pass *s, const struct pull_pod *pod)
{
	bool may = true;
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		image_look(s, pod->pulls[i].image);
		may &= !s->patient || pod->apart || pod->slot == s->only_slot;
	}
	return may;
}

/*
 * A start that was not made is asked for again, under the same pacing as a new one. One
 * that does not fit any more (12) gives its slot back after a while.
 */
static void ask_again(struct pass *s, size_t room, struct arena *a, struct core_actions *ret)
{
	struct core *c = s->c;
	for (struct link *l = c->asks.next, *next; l != &c->asks; l = next) {
		struct pull_pod *pod = LIST_MEMBER(l, struct pull_pod, queued);
		next = l->next;
		if (pod->policy != s->policy || pod->timer.place != 0)
			continue;
		if (!still_fits(c, s->policy, pod, s->now)) {
			give_up(s, pod);
			continue;
		}
		pass_look(s);
		if (ret->n_starts < room && !s->paying && may_go(s, pod))
			ask(s, pod, a, ret);
	}
}

static void run_policy(struct core *c, struct policy *policy, struct now now, size_t room,
		       struct arena *a, struct core_actions *ret)
{
	struct pass s = {.c = c, .policy = policy, .now = now, .wake = CLOCK_NEVER};
	struct chosen chosen;
	policy->node_full = false;
	ask_again(&s, room, a, ret);
	while (ret->n_starts < room && choose(&s, &chosen))
		start(&s, &chosen, a, ret);
	/* Out of room it stays dirty: the next turn goes on. */
	policy->dirty = ret->n_starts == room;
	timer_set(&c->timers, &policy->wake, s.wake > now.boot_ms ? s.wake : CLOCK_NEVER);
}

void queue_run(struct core *c, struct now now, struct core_room room, struct arena *a,
	       struct core_actions *ret)
{
	struct policy *p;
	ret->starts = arena_array(a, room.starts, sizeof(*ret->starts));
	if (c->fallback.dirty && ret->n_starts < room.starts)
		run_policy(c, &c->fallback, now, room.starts, a, ret);
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		if (p->dirty && p->present && ret->n_starts < room.starts)
			run_policy(c, p, now, room.starts, a, ret);
}
