/* What a policy allows; see pace.h. */
#include "reconciler/core/pace.h"

#include "reconciler/core/byte_rate.h"
#include "reconciler/core/policies.h"
#include "reconciler/rules/bits.h"

int64_t pace_pulls(const struct policy *p)
{
	return (int64_t)p->n_pulls + p->n_leaving;
}

/* Nodes where a pod of an earlier reference of the image still pulls (stale_pods.c). */
static int64_t nodes_left(const struct core *c, const struct image *img)
{
	int64_t n = 0;
	if (c->n_leaving == 0)
		return 0;
	for (size_t slot = bit_next(img->held, 0, c->cap); slot < c->cap;
	     slot = bit_next(img->held, slot + 1, c->cap)) {
		const struct node_slot *s = &c->nodes[slot];
		n += s->n_leaving != 0 && s->present && s->eligible;
	}
	return n;
}

int64_t pace_nodes(const struct core *c, const struct policy *p, const struct image *img)
{
	if (p->by_image)
		return (int64_t)img->n_paced + nodes_left(c, img);
	return (int64_t)p->n_nodes + p->n_leaving;
}

const struct last_start *pace_last(const struct policy *p, const struct image *img)
{
	return p->by_image ? &img->last : &p->last;
}

int64_t pace_next_ms(const struct policy *p, const struct image *img)
{
	const struct last_start *last = pace_last(p, img);
	return last->known ? last->ms + p->delay_ms : 0;
}

static bool node_full(const struct core *c, const struct policy *p, int slot)
{
	return (int64_t)c->nodes[slot].n_live + c->nodes[slot].n_leaving >= p->max_per_node;
}

/* A node where the image is pulled is not asked about: no other pull of it can start there. */
static bool goes_on(const struct policy *p, int slot)
{
	return !p->by_image && bit_get(p->busy, (size_t)slot);
}

enum pace pace_of(const struct core *c, const struct policy *p, const struct image *img, int slot,
		  int64_t now_ms)
{
	if (p->max_pulls != 0 && pace_pulls(p) >= p->max_pulls)
		return PACE_PULLS;
	if (byte_rate_free_ms(p) > now_ms)
		return PACE_BYTES;
	if (pace_next_ms(p, img) > now_ms && slot != pace_last(p, img)->slot)
		return PACE_DELAY;
	if (pace_nodes(c, p, img) >= p->max_nodes && !goes_on(p, slot))
		return PACE_NODES;
	return node_full(c, p, slot) ? PACE_NODE_PULLS : PACE_FREE;
}

enum pace pace_apart(const struct core *c, const struct policy *p, int slot, int64_t now_ms)
{
	bool counted = p->apart_on != NULL && p->apart_on[slot] != 0;
	if (byte_rate_free_ms(p) > now_ms)
		return PACE_BYTES;
	if (p->max_held != 0 && (int64_t)p->n_apart_nodes >= p->max_held && !counted)
		return PACE_HELD_NODES;
	return node_full(c, p, slot) ? PACE_NODE_PULLS : PACE_FREE;
}

void pace_started(struct core *c, struct policy *p, const struct pull_pod *pod, int64_t now_ms)
{
	const struct last_start last = {.known = true, .slot = pod->slot, .ms = now_ms};
	p->last = last;
	for (uint32_t i = 0; i < pod->n_pulls; i++)
		if (policy_of_image(c, pod->pulls[i].image) == p)
			pod->pulls[i].image->last = last;
}

void pace_remember(struct last_start *last, int64_t at_ms, int slot)
{
	if (!last->known || last->ms < at_ms)
		*last = (struct last_start){.known = true, .slot = slot, .ms = at_ms};
}
