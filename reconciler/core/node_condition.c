/* What the condition of each node says, and when it is written. See node_condition.h. */
#include "reconciler/core/node_condition.h"

#include "base/hash.h"
#include "reconciler/core/gate_images.h"
#include "reconciler/core/held.h"

struct said {       /* one state of the condition */
	bool known; /* false: nothing can be said yet */
	bool status;
	const char *reason, *message;
};

/* message: in the scratch. */
static struct said state_of(struct core *c, const struct held *h, struct now now)
{
	const struct node_slot *s = &c->nodes[h->slot];
	size_t all, there;
	if (!s->eligible || h->unsettled || h->unfinished)
		return (struct said){0};
	gate_count(c, h->slot, &all, &there);
	if (c->gate_wait && !gate_any_missing(c, h->slot))
		return (struct said){0};
	if (all == 0)
		return (struct said){true, true, "NoGatingImages", "no image gates this node"};
	const char *count = arena_printf(&c->scratch, "%zu of %zu images are there", there, all);
	if (!gate_any_missing(c, h->slot))
		return (struct said){true, true, "ImagesReady", count};
	if (held_left_s(c, h, now) <= 0)
		return (struct said){true, true, "GateTimedOut", count};
	return (struct said){true, false, "Pulling", count};
}

static uint64_t hash_of(const struct said *s)
{
	uint64_t h = hash_str(hash_str(HASH_START, s->reason), s->message);
	return h != 0 ? h : 1;
}

void node_condition_look(struct core *c, struct held *h, struct now now)
{
	const struct node_slot *s = &c->nodes[h->slot];
	timer_stop(&c->timers, &h->say_timer);
	list_remove(&h->to_say);
	if (!c->node_conditions || s->is_virtual || h->said_true || h->saying)
		return;
	struct said said = state_of(c, h, now);
	int64_t at_ms = CLOCK_NEVER;
	if (said.known && !said.status)
		at_ms = now.boot_ms + held_left_s(c, h, now) * 1000;
	else if (!said.known && c->gate_wait)
		at_ms = now.boot_ms + HELD_COMING_MS;
	if (said.known && hash_of(&said) != h->said) {
		if ((said.status && h->said != 0) || now.boot_ms >= h->say_ms)
			list_append(&c->conditions, &h->to_say);
		else if (h->say_ms < at_ms)
			at_ms = h->say_ms;
	}
	timer_set(&c->timers, &h->say_timer, at_ms);
}

void node_conditions_run(struct core *c, struct now now, size_t room, struct arena *a,
			 struct core_actions *ret)
{
	ret->conditions = arena_array(a, room, sizeof(*ret->conditions));
	while (ret->n_conditions < room && !list_alone(&c->conditions)) {
		struct held *h = LIST_MEMBER(c->conditions.next, struct held, to_say);
		struct said said = state_of(c, h, now);
		list_remove(&h->to_say);
		if (!said.known)
			continue;
		ret->conditions[ret->n_conditions++] = (struct core_condition){
			.node = arena_strdup(a, c->nodes[h->slot].name),
			.node_uid = arena_strdup(a, c->nodes[h->slot].uid),
			.status = said.status,
			.turns = said.status || h->said == 0,
			.reason = said.reason,
			.message = arena_strdup(a, said.message),
		};
		h->saying = true;
		h->saying_true = said.status;
		h->said = hash_of(&said);
		h->say_ms = now.boot_ms + CONDITION_PACE_MS;
	}
}

void node_condition_written(struct core *c, int slot, bool done, int64_t again_ms, struct now now)
{
	struct held *h = c->nodes[slot].held;
	if (h == NULL || !h->saying)
		return;
	h->saying = false;
	h->said_true |= done && h->saying_true;
	if (!done) {
		h->said = 0;
		h->say_ms = now.boot_ms + again_ms;
	}
	held_touch(c, slot);
}
