/*
 * What is known of nodes with a startup taint. A node has a struct held from its first startup
 * taint on, until it is gone: that it was opened stays true for its uid (behaviour 46).
 */
#include "reconciler/core/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/rules/bits.h"

static bool any_keys(const struct core *c)
{
	return c->startup.remove != NULL || c->startup.tolerate != NULL;
}

struct node_taints held_other_taints(struct core *c, const struct node *n)
{
	struct node_taints rest = {0};
	if (!any_keys(c))
		return n->taints;
	rest.at = arena_array(&c->scratch, n->taints.n, sizeof(*rest.at));
	for (size_t i = 0; i < n->taints.n; i++)
		if (startup_taint_of(&c->startup, n->taints.at[i].key) == STARTUP_NONE)
			rest.at[rest.n++] = n->taints.at[i];
	return rest;
}

/* A node cannot be created after it came: the API server's clock is ahead then, or ours behind. */
static struct held *begin(struct core *c, int slot, int64_t created_s, struct now now)
{
	struct held *h = xcalloc(1, sizeof(*h));
	h->slot = slot;
	h->clock_s = now.wall_s - now.boot_ms / 1000;
	h->created_at_s = created_s < now.wall_s ? created_s : now.wall_s;
	h->timer.owner = TIMER_HELD;
	list_init(&h->touched);
	list_init(&h->wanted);
	h->say_timer.owner = TIMER_CONDITION;
	list_init(&h->to_say);
	c->nodes[slot].held = h;
	c->n_held++;
	return h;
}

void held_end(struct core *c, int slot)
{
	struct held *h = c->nodes[slot].held;
	if (h == NULL)
		return;
	timer_stop(&c->timers, &h->timer);
	timer_stop(&c->timers, &h->say_timer);
	list_remove(&h->touched);
	list_remove(&h->wanted);
	list_remove(&h->to_say);
	c->nodes[slot].held = NULL;
	c->n_held--;
	free(h);
}

void held_touch(struct core *c, int slot)
{
	struct held *h = c->nodes[slot].held;
	if (h != NULL && c->leading)
		list_append(&c->held_touched, &h->touched);
}

void held_touch_all(struct core *c)
{
	for (size_t slot = 0; c->n_held != 0 && slot < c->n_slots; slot++)
		held_touch(c, (int)slot);
}

void held_fence(struct core *c)
{
	for (size_t slot = 0; c->n_held != 0 && slot < c->n_slots; slot++) {
		struct held *h = c->nodes[slot].held;
		if (h == NULL)
			continue;
		timer_stop(&c->timers, &h->timer);
		list_remove(&h->touched);
		list_remove(&h->wanted);
		h->asked = false;
		timer_stop(&c->timers, &h->say_timer);
		list_remove(&h->to_say);
		h->saying = false;
		h->said = 0;
	}
}

/*
 * When the node became Ready, by our clock as far as the kubelet's is known to be ahead. 0: it is
 * not Ready.
 */
static int64_t ready_since(const struct node_slot *s, const struct node *n)
{
	const struct node_condition *c = node_condition_find(n, "Ready");
	if (c == NULL || c->status == NULL || strcmp(c->status, "True") != 0 || c->since == 0)
		return 0;
	return c->since - s->images.ahead_s;
}

void held_look(struct core *c, int slot, const struct node *n, bool joined, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	bool remove = false, tolerate = false;
	if (joined)
		held_end(c, slot);
	if (!any_keys(c) && !c->node_conditions)
		return;
	for (size_t i = 0; i < n->taints.n; i++) {
		enum startup_taint t = startup_taint_of(&c->startup, n->taints.at[i].key);
		remove |= t == STARTUP_REMOVE;
		tolerate |= t == STARTUP_TOLERATE;
	}
	struct held *h = s->held;
	if (h == NULL && !remove && !tolerate && !c->node_conditions)
		return;
	if (h == NULL)
		h = begin(c, slot, n->meta.created, now);
	const struct node_condition *ours = node_condition_find(n, NODE_CONDITION);
	bool said_true = ours != NULL && ours->status != NULL && strcmp(ours->status, "True") == 0;
	int64_t ready_s = ready_since(s, n), ago_s = now.wall_s - ready_s;
	bool unfinished = startup_unfinished(n), unsettled = startup_unsettled(n);
	/* A clock that is found to be ahead moves the deadline of the same transition. */
	if (h->remove == remove && h->tolerate == tolerate && h->unfinished == unfinished &&
	    h->unsettled == unsettled && h->ready_s == ready_s && (h->said_true || !said_true))
		return;
	h->said_true |= said_true;
	h->remove = remove;
	h->tolerate = tolerate;
	h->unfinished = unfinished;
	h->unsettled = unsettled;
	if (h->ready_s != ready_s)
		h->ready_at_s = ready_s != 0 ? held_now_s(h, now) - (ago_s > 0 ? ago_s : 0) : 0;
	h->ready_s = ready_s;
	held_touch(c, slot);
}

int64_t held_now_s(const struct held *h, struct now now)
{
	return now.boot_ms / 1000 + h->clock_s;
}

int64_t held_left_s(const struct core *c, const struct held *h, struct now now)
{
	return startup_deadline(h->created_at_s, h->ready_at_s, c->startup_deadline_ms) -
	       held_now_s(h, now);
}

bool held_is(const struct core *c, int slot)
{
	const struct held *h = c->nodes[slot].held;
	return h != NULL && (h->remove || h->tolerate) && !h->open;
}

bool held_wants(const struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	return img->gates && held_is(c, slot) && (p->flags & PAIR_TARGETED) != 0 &&
	       p->pulled_s == 0;
}

bool held_may_have_wanted(const struct core *c, const struct image *img)
{
	return img->gates && any_keys(c);
}

const char *held_pool_of(const struct node_slot *s)
{
	static const char *const labels[] = {
		"karpenter.sh/nodepool",
		"eks.amazonaws.com/nodegroup",
		"cloud.google.com/gke-nodepool",
		"kubernetes.azure.com/agentpool",
		"agentpool",
		"node.cluster.x-k8s.io/deployment-name",
	};
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		const char *pool = api_map_get(&s->labels, labels[i]);
		if (pool != NULL)
			return pool;
	}
	return "";
}

bool held_shut_for(const struct core *c, const struct policy *p, int slot, bool awaited)
{
	if (!p->shut)
		return false;
	return p->no_zone != NULL || p->windows_obeyed ||
	       !(awaited || bit_get(c->fresh, (size_t)slot));
}

bool held_shut_for_most(const struct core *c, const struct policy *p)
{
	return p->shut && (p->no_zone != NULL || p->windows_obeyed || c->n_fresh == 0);
}

bool held_shut(const struct core *c, const struct policy *p, const struct image *img, int slot)
{
	/* A repull is none of those that a new node needs. */
	return p->shut && (held_shut_for(c, p, slot, held_wants(c, img, slot)) ||
			   bit_get(img->repulls, (size_t)slot));
}

enum pace held_pace(const struct core *c, const struct policy *p, const struct image *img, int slot,
		    int64_t now_ms)
{
	if (held_shut(c, p, img, slot))
		return PACE_SHUT;
	return held_wants(c, img, slot) ? pace_apart(c, p, slot, now_ms)
					: pace_of(c, p, img, slot, now_ms);
}

size_t held_keys(const struct core *c)
{
	const char *lists[] = {c->startup.remove, c->startup.tolerate};
	size_t n = 0, len;
	for (size_t i = 0; i < 2; i++)
		while (startup_next(&lists[i], &len) != NULL)
			n++;
	return n;
}

/* The list has room for held_keys() more. */
void held_tolerate(const struct core *c, struct api_tolerations *list, struct arena *a)
{
	const char *lists[] = {c->startup.remove, c->startup.tolerate}, *key;
	size_t len;
	for (size_t i = 0; i < 2; i++)
		while ((key = startup_next(&lists[i], &len)) != NULL)
			list->at[list->n++] = (struct api_toleration){
				.key = arena_strndup(a, key, len), .op = "Exists"};
}
