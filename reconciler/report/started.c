/*
 * The rule of started.h: a miss is a start that waited although we keep the image there; a hit one
 * that did not wait for an image that we pulled before. An image that came by itself is neither.
 */
#include "reconciler/report/started.h"

#include <string.h>

#include "reconciler/core/model.h"

/* Clocks of nodes and ours may differ that much. */
#define CLOCKS_S 2

static struct image *kept_there(struct core *c, const char *reference, int slot)
{
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		if (img->normal != NULL && strcmp(img->normal, reference) == 0 &&
		    (img->pairs[slot].flags & PAIR_TARGETED) != 0)
			return img;
	}
	return NULL;
}

/*
 * by_us: no workload started there since. Else an earlier leader may have counted the first start:
 * only what we pulled counts, and a check moves pulled_s without a pull.
 */
static bool pulled_before(const struct image *img, const struct pair *p, const struct started *s)
{
	if (s->there_before || p->pulled_s == 0)
		return false;
	return s->by_us || (p->pulled_s >= s->since_s && p->pulled_s <= s->at_s + CLOCKS_S &&
			    p->pulled_s != img->check.checked_s);
}

/* When the workload began to wait: before the image was kept it was none of ours. */
static double began_s(const struct started *s)
{
	return (double)s->at_s - (s->waited_s > 0 ? s->waited_s : 0);
}

/* When the workload began to wait, our pull was not done, or what it brought was lost. */
static bool came_later(const struct pair *p, const struct started *s)
{
	bool known = s->by_us && s->pulled_at_s != 0;
	int64_t pulled_s = known ? s->pulled_at_s : p->pulled_s;
	if (pulled_s == 0)
		return true;
	return (known || pulled_s >= s->since_s) && s->waited_s > 0 &&
	       (double)pulled_s > began_s(s);
}

/* The slot of the node that has the name now; -1: none. */
static int node_now(const struct core *c, const char *name)
{
	int slot = (int)(uintptr_t)map_get(&c->node_names, name) - 1;
	return slot >= 0 && c->nodes[slot].present && c->nodes[slot].uid != NULL ? slot : -1;
}

bool started_node_replaced(const struct core *c, const struct node *n)
{
	int slot = node_now(c, n->meta.name);
	return slot >= 0 && n->meta.uid != NULL && strcmp(c->nodes[slot].uid, n->meta.uid) != 0;
}

bool started_means(struct core *c, const struct started *s, struct tally_start *ret)
{
	int slot = node_now(c, s->node);
	if (slot < 0 || strcmp(c->nodes[slot].uid, s->node_uid) != 0)
		return false;
	const struct image *img = kept_there(c, s->image, slot);
	/* Both are whole seconds: in the second of its creation it counts. */
	if (img == NULL || began_s(s) + 1 <= (double)img->created)
		return false;
	/* Nobody brought it before, as far as we know, and the event comes too late to ask the
	 * node. */
	bool fetched = s->fetched && !s->by_us && !s->there_before;
	bool cold = s->cold || fetched || (s->again && came_later(&img->pairs[slot], s));
	if (!cold && !pulled_before(img, &img->pairs[slot], s))
		return false;
	double typical_s = s->typical_s > 0 ? s->typical_s : (double)img->pull_ms / 1000;
	*ret = (struct tally_start){
		.image = img->name,
		.node_uid = s->node_uid,
		.digest = img->digest != NULL ? img->digest : img->normal,
		.at_s = s->at_s,
		.hit = !cold,
		.seconds = cold ? s->waited_s : typical_s,
	};
	return true;
}
