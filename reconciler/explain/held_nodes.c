/* Makes rows and sentences of what core/held.h and core/gate.h know. See held_nodes.h. */
#include "reconciler/explain/held_nodes.h"

#include <inttypes.h>
#include <string.h>

#include "reconciler/core/gate.h"
#include "reconciler/core/held.h"
#include "reconciler/core/slots.h"
#include "reconciler/explain/view.h"

static const char *state_of(const struct held *h)
{
	if (h == NULL || (!h->remove && !h->tolerate))
		return h != NULL && h->open ? "Open" : "NotHeld";
	if (h->unfinished)
		return "Unfinished";
	if (!h->open)
		return "Held";
	return h->remove ? "Opening" : "Open";
}

static char *left(int64_t seconds, struct arena *a)
{
	if (seconds < 0)
		seconds = 0;
	return arena_printf(a, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
}

static char *text_of(struct core *c, const struct held *h, const struct held_node *row,
		     struct now now, struct arena *a)
{
	if (strcmp(row->state, "NotHeld") == 0)
		return arena_strdup(a, "it has no startup taint");
	if (strcmp(row->state, "Unfinished") == 0)
		return arena_strdup(a, "its autoscaler or cloud provider has not finished its setup");
	if (strcmp(row->state, "Held") == 0)
		return arena_printf(
			a, "%u of %u gating images are there; %s; opens in %s at the latest",
			row->there, row->gating, gate_missing_text(c, h->slot, now),
			left(row->deadline_s - now.wall_s, a));
	if (strcmp(row->state, "Open") == 0)
		return arena_strdup(a, h->timed_out ? "opened at the deadline" : "opened");
	if (h->removals > 0)
		return arena_printf(a, "the startup taint is added again repeatedly; removed %u times",
				    h->removals);
	if (h->failures > 0)
		return arena_printf(a, "removing the startup taint failed %u times, retrying",
				    h->failures);
	return arena_strdup(a, "the startup taint is being removed");
}

static void fill(struct core *c, int slot, struct now now, struct arena *a, struct held_node *row)
{
	const struct node_slot *s = &c->nodes[slot];
	const struct held *h = s->held;
	size_t all, there;
	gate_count(c, slot, &all, &there);
	*row = (struct held_node){.node = s->name,
				  .pool = held_pool_of(s),
				  .state = state_of(h),
				  .gating = (uint32_t)all,
				  .there = (uint32_t)there};
	if (held_is(c, slot)) {
		row->ready_s = h->ready_s;
		row->deadline_s = now.wall_s + held_left_s(c, h, now);
	}
	row->text = text_of(c, h, row, now, a);
	arena_reset(&c->scratch);
}

struct held_node *held_node(struct core *c, const char *node, struct now now, struct arena *a)
{
	int slot = node_find(c, node);
	if (slot < 0 || !c->nodes[slot].present)
		return NULL;
	struct held_node *row = arena_alloc(a, sizeof(*row));
	fill(c, slot, now, a, row);
	return row;
}

size_t held_nodes(struct core *c, size_t max, struct now now, struct arena *a,
		  struct held_node **ret_list, size_t *ret_n)
{
	size_t all = 0, n = 0;
	*ret_list = arena_array(a, max, sizeof(**ret_list));
	for (size_t i = 0; c->n_held != 0 && i < c->n_order; i++) {
		int slot = (int)c->order[i];
		const struct held *h = c->nodes[slot].held;
		bool shown = h != NULL && (held_is(c, slot) || (h->open && h->remove));
		if (shown && all++ < max)
			fill(c, slot, now, a, &(*ret_list)[n++]);
	}
	*ret_n = n;
	return all;
}

size_t held_images(struct core *c, const char *node, size_t max, struct now now, struct arena *a,
		   struct node_image_state **ret_list)
{
	int slot = node_find(c, node);
	size_t n = 0;
	*ret_list = arena_array(a, max < c->n_queue ? max : c->n_queue, sizeof(**ret_list));
	for (size_t i = 0; slot >= 0 && i < c->n_queue && n < max; i++) {
		struct explain_view v = explain_view(c, c->queue[i], now, a);
		struct node_image_state *row = &(*ret_list)[n++];
		row->image = c->queue[i]->name;
		row->gates = c->queue[i]->gates;
		explain_slot(&v, slot, &row->why);
	}
	return n;
}

size_t held_pools(const struct core *c, struct arena *a, struct held_pool **ret_list)
{
	size_t n = 0;
	*ret_list = arena_array(a, c->n_held, sizeof(**ret_list));
	for (size_t slot = 0; c->n_held != 0 && slot < c->n_slots; slot++) {
		if (!held_is(c, (int)slot))
			continue;
		const char *pool = held_pool_of(&c->nodes[slot]);
		size_t i = 0;
		while (i < n && strcmp((*ret_list)[i].pool, pool) != 0)
			i++;
		if (i == n)
			(*ret_list)[n++] = (struct held_pool){.pool = pool};
		(*ret_list)[i].nodes++;
	}
	return n;
}
