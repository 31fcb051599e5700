/*
 * Nodes by slot. A change of a node takes effect at once on every image
 * (behaviour.md 3); what is known of its images lives as long as its uid
 * (behaviour.md 2). Invariant: order[] holds the named slots sorted by name, and
 * order[nodes[s].rank] == s.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "reconciler/model.h"
#include "reconciler/pack.h"
#include "reconciler/target.h"

int node_find(const struct core *c, const char *name)
{
	uintptr_t v = name != NULL ? (uintptr_t)map_get(&c->node_names, name) : 0;
	return (int)v - 1;
}

static size_t order_place(const struct core *c, const char *name)
{
	size_t lo = 0, hi = c->n_order;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (strcmp(c->nodes[c->order[mid]].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void order_renumber(struct core *c, size_t from)
{
	for (size_t i = from; i < c->n_order; i++)
		c->nodes[c->order[i]].rank = (uint32_t)i;
}

static void slot_free(struct core *c, int slot)
{
	struct node_slot *s = &c->nodes[slot];
	size_t at = s->rank;
	memmove(&c->order[at], &c->order[at + 1], (c->n_order - at - 1) * sizeof(*c->order));
	c->n_order--;
	order_renumber(c, at);
	map_del(&c->node_names, s->name);
	free(s->name);
	free(s->mem);
	*s = (struct node_slot){0};
	c->free_slots[c->n_free++] = (uint32_t)slot;
}

static bool remembered(const struct core *c, int slot)
{
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct pair *p = &c->queue[i]->pairs[slot];
		if (p->pulled_s != 0 || p->attempts != 0)
			return true;
	}
	return false;
}

/* Not leading: nodes that are gone and that no status names any more. */
static void collect(struct core *c)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].name != NULL && !c->nodes[slot].present &&
		    !remembered(c, (int)slot))
			slot_free(c, (int)slot);
}

static void grow(struct core *c)
{
	size_t old = c->cap;
	c->cap += SLOTS_STEP;
	c->nodes = xreallocarray(c->nodes, c->cap, sizeof(*c->nodes));
	memset(c->nodes + old, 0, SLOTS_STEP * sizeof(*c->nodes));
	c->order = xreallocarray(c->order, c->cap, sizeof(*c->order));
	c->free_slots = xreallocarray(c->free_slots, c->cap, sizeof(*c->free_slots));
	images_grow(c, old);
	policies_grow(c, old);
}

int node_claim(struct core *c, const char *name)
{
	int slot = node_find(c, name);
	if (slot >= 0)
		return slot;
	if (c->n_free == 0 && c->n_slots == c->cap && !c->leading)
		collect(c);
	if (c->n_free == 0 && c->n_slots == c->cap)
		grow(c);
	slot = c->n_free != 0 ? (int)c->free_slots[--c->n_free] : (int)c->n_slots++;
	struct node_slot *s = &c->nodes[slot];
	*s = (struct node_slot){.name = xstrdup(name)};
	map_put(&c->node_names, s->name, (void *)(uintptr_t)(slot + 1));
	size_t at = order_place(c, name);
	memmove(&c->order[at + 1], &c->order[at], (c->n_order - at) * sizeof(*c->order));
	c->order[at] = (uint32_t)slot;
	c->n_order++;
	order_renumber(c, at);
	return slot;
}

static uint64_t facts_hash(const struct node *n, bool eligible)
{
	uint64_t h = hash_str(HASH_START, n->meta.uid);
	h = hash_str(h, n->os);
	h = hash_str(h, n->arch);
	for (size_t i = 0; i < n->meta.labels.n; i++) {
		h = hash_str(h, n->meta.labels.at[i].key);
		h = hash_str(h, n->meta.labels.at[i].value);
	}
	h = hash_str(h, eligible ? "eligible" : "");
	for (size_t i = 0; i < n->taints.n; i++) {
		h = hash_str(h, n->taints.at[i].key);
		h = hash_str(h, n->taints.at[i].value);
		h = hash_str(h, n->taints.at[i].effect);
	}
	return hash_bytes(h, &n->meta.created, sizeof(n->meta.created));
}

static void copy_parts(struct node_slot *s, const struct node *n, const char *platform,
		       struct pack *p)
{
	s->uid = pack_str(p, n->meta.uid != NULL ? n->meta.uid : "");
	s->platform = pack_str(p, platform);
	s->labels = pack_map(p, &n->meta.labels);
	s->taints = pack_taints(p, &n->taints);
}

static void copy_facts(struct core *c, struct node_slot *s, const struct node *n)
{
	const char *platform = arena_printf(&c->scratch, "%s/%s", n->os != NULL ? n->os : "linux",
					    n->arch != NULL ? n->arch : "unknown");
	struct pack pack = {0};
	free(s->mem);
	copy_parts(s, n, platform, &pack);
	pack.mem = s->mem = xmalloc(pack.used);
	pack.used = 0;
	copy_parts(s, n, platform, &pack);
	s->created = n->meta.created;
	s->is_virtual = target_is_virtual(&s->labels);
}

/* The node is not what it was: nothing that was known of the slot holds. */
static void forget(struct core *c, int slot, struct now now)
{
	for (size_t i = 0; i < c->n_queue; i++)
		pair_clear(c, c->queue[i], slot, now);
	for (size_t i = 0; i < c->n_queue; i++)
		if (c->queue[i]->policy->last_slot == slot)
			c->queue[i]->policy->last_slot = -1;
	if (c->fallback.last_slot == slot)
		c->fallback.last_slot = -1;
}

void node_put(struct core *c, const struct node *n, struct now now)
{
	int slot = node_claim(c, n->meta.name);
	struct node_slot *s = &c->nodes[slot];
	bool eligible = target_eligible(n);
	uint64_t facts = facts_hash(n, eligible);
	bool joined = !s->present || strcmp(s->uid, n->meta.uid != NULL ? n->meta.uid : "") != 0;
	bool replaced = s->present && joined;

	s->read = c->read;
	if (!joined && s->facts == facts)
		return;
	copy_facts(c, s, n);
	s->present = true;
	s->eligible = eligible;
	s->facts = facts;
	/* Not leading, created > lastPulledAt decides later whether it is another node (16). */
	if (!c->leading)
		return;
	if (joined)
		pulls_match_node(c, s->name, now);
	if (replaced)
		forget(c, slot, now);
	for (size_t i = 0; i < c->n_queue; i++)
		image_place(c, c->queue[i], slot, now);
}

void node_gone(struct core *c, int slot, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	s->present = s->eligible = false;
	if (!c->leading)
		return;
	pulls_match_node(c, s->name, now);
	for (size_t i = 0; i < c->n_queue; i++)
		image_place(c, c->queue[i], slot, now);
	forget(c, slot, now);
	slot_free(c, slot);
}

void nodes_sweep(struct core *c, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].present && c->nodes[slot].read != c->read)
			node_gone(c, (int)slot, now);
}

void nodes_drop_absent(struct core *c, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].name != NULL && !c->nodes[slot].present)
			node_gone(c, (int)slot, now);
}

void nodes_done(struct core *c)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		free(c->nodes[slot].name);
		free(c->nodes[slot].mem);
	}
	free(c->nodes);
	free(c->order);
	free(c->free_slots);
	map_done(&c->node_names);
}
