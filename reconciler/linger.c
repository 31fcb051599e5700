/*
 * Lingering pods, counted by name: the image and the node they were made for may be gone,
 * and come again, while they are still there. Invariant: image.held and node.n_leaving
 * say what the two maps say, for images and nodes that exist.
 */
#include "reconciler/linger.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "reconciler/bits.h"
#include "reconciler/pairs.h"
#include "reconciler/policies.h"
#include "reconciler/slots.h"

static uint32_t count_up(struct map *m, const char *name)
{
	struct linger *l = map_get(m, name);
	if (l == NULL) {
		l = xcalloc(1, sizeof(*l));
		l->name = xstrdup(name);
		map_put(m, l->name, l);
	}
	return ++l->n;
}

static uint32_t count_down(struct map *m, const char *name)
{
	struct linger *l = map_get(m, name);
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
	const struct linger *l = map_get(m, name);
	return l != NULL ? l->n : 0;
}

void linger_settle(struct core *c, struct pull *p, struct now now)
{
	bool there = p->uid != NULL || p->asked || p->made;
	if (!c->leading || !there || p->policy != NULL || p->image_name == NULL ||
	    p->node_name == NULL) {
		linger_end(c, p, now);
		return;
	}
	if (p->place == NULL) {
		char *place = arena_printf(&c->scratch, "%s/%s", p->image_name, p->node_name);
		p->place = xstrdup(place);
		count_up(&c->lingering, p->place);
	}
	if (p->leaving == NULL && p->state == PULL_DOOMED && p->outcome.kind == OUTCOME_RUNNING) {
		p->leaving = xstrdup(p->node_name);
		count_up(&c->leaving, p->leaving);
	}
	show_held(c, p, true, now);
	show_leaving(c, p->node_name, count_of(&c->leaving, p->node_name));
}

void linger_end(struct core *c, struct pull *p, struct now now)
{
	if (p->place == NULL)
		return;
	if (count_down(&c->lingering, p->place) == 0)
		show_held(c, p, false, now);
	free(p->place);
	p->place = NULL;
	if (p->leaving != NULL) {
		show_leaving(c, p->leaving, count_down(&c->leaving, p->leaving));
		free(p->leaving);
		p->leaving = NULL;
	}
}
