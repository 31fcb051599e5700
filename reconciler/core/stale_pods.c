/*
 * Stale pods, counted by name, because their image and node may be deleted and created again while
 * they exist. Invariant: image.held and node.n_leaving say what the two maps say, for images and
 * nodes that exist; policy.n_leaving counts the pulls that are `leaving` and `paced_by` it.
 */
#include "reconciler/core/stale_pods.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "reconciler/rules/bits.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/slots.h"

static uint32_t count_up(struct map *m, const char *name)
{
	struct stale_count *l = map_get(m, name);
	if (l == NULL) {
		l = xcalloc(1, sizeof(*l));
		l->name = xstrdup(name);
		map_put(m, l->name, l);
	}
	return ++l->n;
}

static uint32_t count_down(struct map *m, const char *name)
{
	struct stale_count *l = map_get(m, name);
	if (--l->n != 0)
		return l->n;
	map_del(m, l->name);
	free(l->name);
	free(l);
	return 0;
}

static void show_held(struct core *c, const struct pull *p, bool held, struct now now)
{
	struct image *img = map_get(&c->images, p->image_name);
	int slot = node_find(c, p->node_name);
	if (img == NULL || slot < 0)
		return;
	bit_put(img->held, (size_t)slot, held);
	pair_settle(c, img, slot, now);
}

static void show_leaving(struct core *c, const char *node, uint32_t n)
{
	int slot = node_find(c, node);
	if (slot >= 0)
		c->nodes[slot].n_leaving = n;
	policies_wake_full(c);
}

static uint32_t count_of(const struct map *m, const char *name)
{
	const struct stale_count *l = map_get(m, name);
	return l != NULL ? l->n : 0;
}

/* A pod seen for the first time may be of an image that is still there. */
static struct policy *pacer(struct core *c, const struct pull *p)
{
	const struct image *img = map_get(&c->images, p->image_name);
	return p->paced_by == NULL && img != NULL ? policy_of_image(c, img) : p->paced_by;
}

/* 3. On a node that cannot run it, it keeps that node waiting, and no other. */
static void pace(struct core *c, struct pull *p)
{
	int slot = node_find(c, p->node_name);
	bool runs = slot >= 0 && c->nodes[slot].present && c->nodes[slot].eligible;
	bool paced = p->leaving != NULL && p->paced_by != NULL && runs;
	if (paced == p->paced)
		return;
	p->paced = paced;
	p->paced_by->n_leaving += paced ? 1U : (uint32_t)-1;
	p->paced_by->dirty = true;
}

static void leave(struct core *c, struct pull *p)
{
	p->leaving = xstrdup(p->node_name);
	count_up(&c->leaving, p->leaving);
	p->paced_by = pacer(c, p);
	pace(c, p);
}

static void left(struct core *c, struct pull *p)
{
	show_leaving(c, p->leaving, count_down(&c->leaving, p->leaving));
	free(p->leaving);
	p->leaving = NULL;
	pace(c, p);
}

void stale_pod_node_changed(struct core *c, struct pull *p)
{
	if (p->leaving != NULL)
		pace(c, p);
}

void stale_pod_settle(struct core *c, struct pull *p, struct now now)
{
	bool there = p->uid != NULL || p->asked || p->made;
	if (!c->leading || !there || p->policy != NULL || p->image_name == NULL ||
	    p->node_name == NULL) {
		stale_pod_end(c, p, now);
		return;
	}
	if (p->place == NULL) {
		char *place = arena_printf(&c->scratch, "%s/%s", p->image_name, p->node_name);
		p->place = xstrdup(place);
		count_up(&c->stale_pods, p->place);
	}
	if (p->leaving == NULL && p->state == PULL_DOOMED && p->outcome.kind == OUTCOME_RUNNING)
		leave(c, p);
	show_held(c, p, true, now);
	show_leaving(c, p->node_name, count_of(&c->leaving, p->node_name));
}

void stale_pod_end(struct core *c, struct pull *p, struct now now)
{
	if (p->place == NULL)
		return;
	if (count_down(&c->stale_pods, p->place) == 0)
		show_held(c, p, false, now);
	free(p->place);
	p->place = NULL;
	if (p->leaving != NULL)
		left(c, p);
}
