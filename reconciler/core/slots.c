/*
 * Nodes by name and by slot. A slot is a small number, reused after its node is gone;
 * all arrays by slot (the core's, each image's, each policy's) are grown here, together.
 * Invariant: order[] holds the named slots sorted by name, and
 * order[nodes[s].rank] == s.
 */
#include "reconciler/core/slots.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/rules/bits.h"

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

void slot_free(struct core *c, int slot)
{
	struct node_slot *s = &c->nodes[slot];
	size_t at = s->rank;
	memmove(&c->order[at], &c->order[at + 1], (c->n_order - at - 1) * sizeof(*c->order));
	c->n_order--;
	order_renumber(c, at);
	map_del(&c->node_names, s->name);
	free(s->name);
	free(s->mem);
	free(s->fault_text);
	free(s->unlisted);
	presence_done(&s->images);
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

/* Bit sets are whole words, and so are the steps. */
_Static_assert(SLOTS_STEP % BITS_WORD == 0, "bit arrays of whole words");

/* The array with n more members, those zeroed. */
static void *lengthen(void *at, size_t old, size_t n, size_t size)
{
	char *longer = xreallocarray(at, old + n, size);
	memset(longer + old * size, 0, n * size);
	return longer;
}

static void grow_bits(uint64_t **set, size_t old, size_t n)
{
	*set = lengthen(*set, old / BITS_WORD, n / BITS_WORD, sizeof(**set));
}

static void grow_image(struct image *img, size_t old, size_t n)
{
	img->pairs = lengthen(img->pairs, old, n, sizeof(*img->pairs));
	grow_bits(&img->waiting, old, n);
	grow_bits(&img->backoff, old, n);
	grow_bits(&img->repulls, old, n);
	grow_bits(&img->held, old, n);
	if (img->sizes != NULL)
		img->sizes = lengthen(img->sizes, old, n, sizeof(*img->sizes));
	if (img->pod_s != NULL) {
		img->pod_s = lengthen(img->pod_s, old, n, sizeof(*img->pod_s));
		grow_bits(&img->outdated, old, n);
	}
	if (img->left_out != NULL)
		grow_bits(&img->left_out, old, n);
	if (img->budget != NULL)
		img->budget = lengthen(img->budget, old, n, sizeof(*img->budget));
	if (img->losses != NULL)
		img->losses = lengthen(img->losses, old, n, sizeof(*img->losses));
}

static void grow_policy(struct policy *p, size_t old, size_t n)
{
	p->on_node = lengthen(p->on_node, old, n, sizeof(*p->on_node));
	grow_bits(&p->busy, old, n);
	if (p->apart_on != NULL)
		p->apart_on = lengthen(p->apart_on, old, n, sizeof(*p->apart_on));
}

void slots_of_image(const struct core *c, struct image *img)
{
	if (c->cap != 0)
		grow_image(img, 0, c->cap);
}

void slots_of_policy(const struct core *c, struct policy *p)
{
	if (c->cap != 0)
		grow_policy(p, 0, c->cap);
}

static void grow(struct core *c)
{
	size_t old = c->cap, n = SLOTS_STEP;
	struct policy *p;
	c->cap += n;
	c->nodes = lengthen(c->nodes, old, n, sizeof(*c->nodes));
	c->order = lengthen(c->order, old, n, sizeof(*c->order));
	grow_bits(&c->fresh, old, n);
	c->free_slots = lengthen(c->free_slots, old, n, sizeof(*c->free_slots));
	for (size_t i = 0; i < c->n_queue; i++)
		grow_image(c->queue[i], old, n);
	grow_policy(&c->fallback, old, n);
	for (size_t i = 0; (p = map_next(&c->policies, &i)) != NULL;)
		grow_policy(p, old, n);
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

bool node_lists(const struct core *c, const struct image *img, int slot)
{
	return presence_find(&c->nodes[slot].images, img->listed_as) != 0;
}

void slots_done(struct core *c)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		free(c->nodes[slot].name);
		free(c->nodes[slot].mem);
		free(c->nodes[slot].fault_text);
		free(c->nodes[slot].held);
		free(c->nodes[slot].unlisted);
		presence_done(&c->nodes[slot].images);
	}
	free(c->nodes);
	free(c->order);
	free(c->fresh);
	free(c->free_slots);
	map_done(&c->node_names);
}
