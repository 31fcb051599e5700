/*
 * Nodes as they come, change and go. A change of a node takes effect at once on every image
 * (behaviour.md 3); what is known of its images lives as long as its uid
 * (behaviour.md 2).
 */
#include "reconciler/core/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "api/quantity.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "reconciler/rules/bits.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/check_answers.h"
#include "reconciler/core/held.h"
#include "reconciler/core/node_faults.h"
#include "reconciler/rules/pack.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/platforms.h"
#include "reconciler/core/pods.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/rules/target.h"

static uint64_t facts_hash(const struct node *n, enum target_state state)
{
	uint64_t h = hash_str(HASH_START, n->meta.uid);
	h = hash_str(h, n->os);
	h = hash_str(h, n->arch);
	for (size_t i = 0; i < n->meta.labels.n; i++) {
		h = hash_str(h, n->meta.labels.at[i].key);
		h = hash_str(h, n->meta.labels.at[i].value);
	}
	h = hash_str(h, n->kubelet_version);
	h = hash_str(h, n->runtime);
	h = hash_str(h, n->disk);
	h = hash_bytes(h, &state, sizeof(state));
	for (size_t i = 0; i < n->taints.n; i++) {
		h = hash_str(h, n->taints.at[i].key);
		h = hash_str(h, n->taints.at[i].value);
		h = hash_str(h, n->taints.at[i].effect);
	}
	return hash_bytes(h, &n->meta.created, sizeof(n->meta.created));
}

static void copy_parts(struct node_slot *s, const struct node *n, const struct node_taints *taints,
		       const char *platform, struct pack *p)
{
	s->uid = pack_str(p, n->meta.uid != NULL ? n->meta.uid : "");
	s->platform = pack_str(p, platform);
	s->labels = pack_map(p, &n->meta.labels);
	s->taints = pack_taints(p, taints);
}

static void copy_facts(struct core *c, struct node_slot *s, const struct node *n)
{
	const char *platform = arena_printf(&c->scratch, "%s/%s", n->os != NULL ? n->os : "linux",
					    n->arch != NULL ? n->arch : "unknown");
	struct node_taints taints = held_other_taints(c, n);
	struct pack pack = {0};
	free(s->mem);
	copy_parts(s, n, &taints, platform, &pack);
	pack.mem = s->mem = xmalloc(pack.used);
	pack.used = 0;
	copy_parts(s, n, &taints, platform, &pack);
	s->platform_number = platform_number(c, platform);
	s->platform_told = n->os != NULL && n->arch != NULL;
	s->created = n->meta.created;
	s->is_virtual = target_is_virtual(&s->labels);
	s->last = target_last(n);
	s->checks_credentials = target_checks_credentials(n->kubelet_version);
	s->disk_bytes = quantity_bytes(n->disk);
	s->lists_unpacked = size_is_unpacked(n->runtime);
}

static void started_elsewhere(struct last_start *last, int slot)
{
	if (last->slot == slot)
		last->slot = -1;
}

/* The node is not what it was: nothing that was known of the slot holds. */
static void forget(struct core *c, int slot, struct now now)
{
	for (size_t i = 0; i < c->n_queue; i++)
		pair_clear(c, c->queue[i], slot, now);
	for (size_t i = 0; i < c->n_queue; i++) {
		started_elsewhere(&c->queue[i]->last, slot);
		started_elsewhere(&c->queue[i]->policy->last, slot);
	}
	started_elsewhere(&c->fallback.last, slot);
}

static void set_fresh(struct core *c, int slot, bool on)
{
	if (bit_get(c->fresh, (size_t)slot) == on)
		return;
	bit_put(c->fresh, (size_t)slot, on);
	c->n_fresh += on ? 1U : (uint32_t)-1;
}

/* A pull that cannot start until a spec changes is not waited for (41, 50, 51). */
static bool untried(struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	return img->suspended == SUSPENDED_NOT &&
	       (p->flags & (PAIR_TARGETED | PAIR_LIVE)) == PAIR_TARGETED && p->pulled_s == 0 &&
	       p->attempts == 0 && budget_of(img, slot) != BUDGET_TOO_LARGE &&
	       policy_of_pair(c, img, slot)->no_zone == NULL;
}

void node_settle_fresh(struct core *c, int slot)
{
	if (!bit_get(c->fresh, (size_t)slot))
		return;
	for (size_t i = 0; i < c->n_queue; i++)
		if (untried(c, c->queue[i], slot))
			return;
	set_fresh(c, slot, false);
}

void nodes_settle_fresh(struct core *c)
{
	for (size_t slot = bit_next(c->fresh, 0, c->cap); slot < c->cap;
	     slot = bit_next(c->fresh, slot + 1, c->cap))
		node_settle_fresh(c, (int)slot);
}

/* 13. What was there when we first looked is not new, whenever it was warmed. */
static void settle_eligible(struct core *c, int slot, bool joined, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	if (joined) {
		s->was_eligible = false;
		s->cold_ms = 0;
		set_fresh(c, slot, false);
	}
	if (s->eligible && !s->was_eligible) {
		s->was_eligible = true;
		set_fresh(c, slot, c->synced);
		s->cold_ms = c->synced && c->leading ? now.boot_ms : 0;
	}
}

/* 16. The system was installed again under the same Node: the images of before are gone. */
static bool installed_again(struct node_slot *s, const struct node *n, bool joined, struct now now)
{
	uint64_t was = s->machine;
	if (joined) {
		s->machine = 0;
		s->installed_s = 0;
	}
	if (n->machine == NULL || n->machine[0] == '\0')
		return false;
	s->machine = hash_str(HASH_START, n->machine);
	if (joined || was == 0 || was == s->machine)
		return false;
	s->installed_s = now.wall_s;
	return true;
}

/* Facts have changed: pairs are settled again, and cleared if it is another machine. */
static void apply_facts(struct core *c, int slot, bool joined, bool replaced, bool turned,
			struct now now)
{
	/* Not leading, created > lastPulledAt decides later whether it is another node (16). */
	if (!c->leading)
		return;
	if (joined)
		pulls_match_node(c, c->nodes[slot].name, now);
	else if (turned)
		pulls_node_changed(c, c->nodes[slot].name, now);
	if (replaced)
		forget(c, slot, now);
	if (joined)
		node_fault_clear(c, slot);
	else if (turned && c->nodes[slot].eligible)
		node_fault_retry(c, slot, now);
	for (size_t i = 0; i < c->n_queue; i++) {
		pair_place(c, c->queue[i], slot, now);
		/* 20. The status may say that it waits for this node. */
		if (turned && (c->queue[i]->pairs[slot].flags & PAIR_TARGETED) != 0 &&
		    c->queue[i]->pairs[slot].pulled_s == 0)
			image_touch(c, c->queue[i]);
	}
}

void node_put(struct core *c, const struct node *n, struct now now)
{
	int slot = node_claim(c, n->meta.name);
	struct node_slot *s = &c->nodes[slot];
	enum target_state state = target_state(n, c->excluded_taints);
	uint64_t facts = facts_hash(n, state);
	bool joined = !s->present || strcmp(s->uid, n->meta.uid != NULL ? n->meta.uid : "") != 0;
	bool again = installed_again(s, n, joined, now);
	bool replaced = (s->present && joined) || again;

	s->read = c->read;
	for (size_t i = 0; (joined || again) && i < c->n_queue; i++)
		pair_unlisted(c->queue[i], slot);
	bool looked = presence_read(&s->images, n, now.wall_s);
	held_look(c, slot, n, joined, now);
	if (joined || again || s->facts != facts) {
		copy_facts(c, s, n);
		s->present = true;
		bool turned = s->state != state;
		s->state = state;
		s->eligible = state == TARGET_ELIGIBLE;
		if (s->eligible)
			s->away_ms = 0;
		else if (s->away_ms == 0 || joined)
			s->away_ms = now.boot_ms;
		s->facts = facts;
		settle_eligible(c, slot, joined, now);
		apply_facts(c, slot, joined, replaced, turned, now);
		held_touch(c, slot);
	}
	for (size_t i = 0; looked && i < c->n_queue; i++) {
		if (c->leading)
			check_look(c, c->queue[i], slot, now);
		pair_look(c, c->queue[i], slot, now);
	}
	if (!c->leading)
		return;
	node_settle_fresh(c, slot);
	node_settle_warm(c, slot, now);
}

void node_gone(struct core *c, int slot, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	s->present = s->eligible = false;
	held_end(c, slot);
	if (!c->leading)
		return;
	pulls_match_node(c, s->name, now);
	for (size_t i = 0; i < c->n_queue; i++)
		pair_place(c, c->queue[i], slot, now);
	forget(c, slot, now);
	for (size_t i = 0; i < c->n_queue; i++)
		bit_put(c->queue[i]->held, (size_t)slot, false);
	set_fresh(c, slot, false);
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
