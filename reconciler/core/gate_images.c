/* What of the gating images a node lacks (behaviour 45). See gate_images.h. */
#include "reconciler/core/gate_images.h"

#include <string.h>

#include "reconciler/core/policies.h"
#include "reconciler/rules/bits.h"

/*
 * 45. What cannot come is not waited for: the image is known to be missing or denied, there is
 * none for the platform, or the API server refuses the pod. A workload would meet the same.
 */
static bool hopeless(const struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	if (img->suspended != SUSPENDED_NOT) /* 50 */
		return true;
	if (img->fault.failures != 0 || img->rejected.failures != 0)
		return true;
	/* 51. It comes when a window opens. */
	const struct policy *own = img->policy;
	if (own->present && own->shut && (own->windows_obeyed || own->no_zone != NULL) &&
	    target_selects(&own->selector, &c->nodes[slot].labels))
		return true;
	/* 41. Too large, or no room for it. */
	if (img->budget != NULL && img->budget[slot] != 0)
		return true;
	for (size_t i = 0; i < img->n_platforms; i++)
		if (img->platforms[i].gate.failures != 0 &&
		    strcmp(img->platforms[i].name, c->nodes[slot].platform) == 0)
			return true;
	if (p->attempts == 0 || p->cause == 0)
		return false;
	const struct cause_text *text = &img->causes[p->cause];
	enum fault fault = cause_fault_of(text->reason, text->message);
	return fault == FAULT_IMAGE || fault == FAULT_PLATFORM;
}

bool gate_missing(const struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	return img->gates && (p->flags & PAIR_TARGETED) != 0 && p->pulled_s == 0 &&
	       !hopeless(c, img, slot);
}

void gate_count(const struct core *c, int slot, size_t *ret_all, size_t *ret_there)
{
	*ret_all = *ret_there = 0;
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct pair *p = &c->queue[i]->pairs[slot];
		if (!c->queue[i]->gates || (p->flags & PAIR_TARGETED) == 0)
			continue;
		++*ret_all;
		*ret_there += p->pulled_s != 0;
	}
}

bool gate_any_missing(const struct core *c, int slot)
{
	for (size_t i = 0; i < c->n_queue; i++)
		if (gate_missing(c, c->queue[i], slot))
			return true;
	return false;
}

struct gate_waiting gate_waiting(struct core *c, int slot)
{
	struct gate_waiting w = {.limit = INT64_MAX};
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct image *img = c->queue[i];
		if (!img->gates || !bit_get(img->waiting, (size_t)slot) ||
		    !gate_missing(c, img, slot))
			continue;
		int64_t limit = policy_of_pair(c, img, slot)->max_per_node;
		w.n++;
		if (limit < w.limit)
			w.limit = limit;
	}
	return w;
}

bool gate_reserves(const struct core *c, int slot, const struct gate_waiting *w)
{
	const struct node_slot *s = &c->nodes[slot];
	return w->n != 0 && (int64_t)s->n_live + s->n_leaving + (int64_t)w->n >= w->limit;
}
