/*
 * See unlisted.h. Invariant: a node's list, if there is one and we lead, has exactly the images for
 * which is_unlisted() was true when the pair was settled last.
 */
#include "reconciler/core/unlisted.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"

#define FIRST 4 /* most nodes pull no more at a time */

struct unlisted {
	uint32_t n, cap;
	const struct image *at[];
};

static bool is_unlisted(const struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	const struct presence *list = &c->nodes[slot].images;
	bool may = (p->flags & PAIR_LIVE) != 0 ||
		   (p->pulled_s != 0 &&
		    presence_made_s(list) <= (int64_t)p->pulled_s + PRESENCE_AFTER_S);
	/* Last: of most images nothing was pulled there, and a look into the list costs more. */
	return may && !node_lists(c, img, slot);
}

static void add(struct node_slot *s, const struct image *img)
{
	struct unlisted *u = s->unlisted;
	if (u->n == u->cap) {
		u->cap *= 2;
		u = s->unlisted = xreallocarray(u, 1, sizeof(*u) + u->cap * sizeof(u->at[0]));
	}
	u->at[u->n++] = img;
}

static uint32_t place_of(const struct unlisted *u, const struct image *img)
{
	uint32_t i = 0;
	while (i < u->n && u->at[i] != img)
		i++;
	return i;
}

static void take_out(struct unlisted *u, uint32_t i)
{
	u->at[i] = u->at[--u->n];
}

static struct unlisted *of_node(struct core *c, int slot)
{
	struct node_slot *s = &c->nodes[slot];
	if (s->unlisted != NULL)
		return s->unlisted;
	s->unlisted = xmalloc(sizeof(*s->unlisted) + FIRST * sizeof(s->unlisted->at[0]));
	*s->unlisted = (struct unlisted){.cap = FIRST};
	for (size_t i = 0; i < c->n_queue; i++)
		if (is_unlisted(c, c->queue[i], slot))
			add(s, c->queue[i]);
	return s->unlisted;
}

void unlisted_settle(struct core *c, const struct image *img, int slot)
{
	struct unlisted *u = c->nodes[slot].unlisted;
	if (u == NULL)
		return;
	uint32_t i = place_of(u, img);
	bool is = is_unlisted(c, img, slot);
	if (is && i == u->n)
		add(&c->nodes[slot], img);
	else if (!is && i < u->n)
		take_out(u, i);
}

uint64_t unlisted_bytes(struct core *c, const struct image *img, int slot)
{
	const struct unlisted *u = of_node(c, slot);
	uint64_t sum = 0, bytes;
	for (uint32_t i = 0; i < u->n; i++)
		if (u->at[i] != img && size_on_disk(c, u->at[i], slot, &bytes))
			sum += bytes;
	return sum;
}

void unlisted_forget_image(struct core *c, const struct image *img)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		struct unlisted *u = c->nodes[slot].unlisted;
		uint32_t i = u != NULL ? place_of(u, img) : 0;
		if (u != NULL && i < u->n)
			take_out(u, i);
	}
}

void unlisted_forget(struct core *c)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		free(c->nodes[slot].unlisted);
		c->nodes[slot].unlisted = NULL;
	}
}
