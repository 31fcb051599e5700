/*
 * Stale pulls, found by name, because their image and node may be deleted and created again while
 * their pods exist. Invariant: for images and nodes that exist, image.held says that a pod of the
 * node has a stale pull of that image name, and node_slot.n_leaving how many of its pods are
 * `leaving`; policy.n_leaving counts the pods that are `leaving` and `paced_by` it.
 */
#include "reconciler/core/stale_pods.h"

#include <string.h>

#include "reconciler/rules/bits.h"
#include "reconciler/core/node_pods.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/slots.h"

/* A walk over what is pulled on the node: a kubelet allows some hundred pods. Equal names are one. */
static bool another(const struct pull *p)
{
	const struct node_pods *node = p->pod->node;
	for (const struct link *l = node->pods.next; l != &node->pods; l = l->next) {
		const struct pull_pod *pod = LIST_MEMBER(l, struct pull_pod, of_node);
		for (uint32_t i = 0; i < pod->n_pulls; i++) {
			const struct pull *q = &pod->pulls[i];
			if (q->stale && q->of->name == p->of->name && q != p)
				return true;
		}
	}
	return false;
}

static void show_held(struct core *c, const struct pull *p, struct now now)
{
	struct image *img = map_get(&c->images, p->of->name);
	int slot = node_find(c, p->pod->node->name);
	if (img == NULL || slot < 0)
		return;
	bit_put(img->held, (size_t)slot, p->stale || another(p));
	pair_settle(c, img, slot, now);
}

static void show_leaving(struct core *c, const struct node_pods *node)
{
	int slot = node_find(c, node->name);
	if (slot >= 0)
		c->nodes[slot].n_leaving = node->n_leaving;
	policies_wake_full(c);
}

/* A pod seen for the first time may be of an image that is still there. */
static struct policy *pacer(struct core *c, const struct pull_pod *pod)
{
	for (uint32_t i = 0; pod->paced_by == NULL && i < pod->n_pulls; i++) {
		const struct image *img = map_get(&c->images, pod->pulls[i].of->name);
		if (img != NULL)
			return policy_of_image(c, img);
	}
	return pod->paced_by;
}

/*
 * 3, 11. On a node that cannot run it, it keeps that node waiting, and no other; unless its create
 * is unanswered: the node may be there again when it is made.
 */
static void pace(struct core *c, struct pull_pod *pod)
{
	int slot = node_find(c, pod->node->name);
	bool runs = slot >= 0 && c->nodes[slot].present && c->nodes[slot].eligible;
	bool paced = pod->leaving && pod->paced_by != NULL && (runs || pod->asked) && !pod->apart;
	if (paced == pod->paced)
		return;
	pod->paced = paced;
	pod->paced_by->n_leaving += paced ? 1U : (uint32_t)-1;
	pod->paced_by->dirty = true;
}

static void set_leaving(struct core *c, struct pull_pod *pod, bool leaving)
{
	pod->leaving = leaving;
	pod->node->n_leaving += leaving ? 1U : (uint32_t)-1;
	c->n_leaving += leaving ? 1U : (uint32_t)-1;
}

static void leave(struct core *c, struct pull_pod *pod)
{
	set_leaving(c, pod, true);
	pod->paced_by = pacer(c, pod);
	pace(c, pod);
}

static void left(struct core *c, struct pull_pod *pod)
{
	set_leaving(c, pod, false);
	show_leaving(c, pod->node);
	pace(c, pod);
}

void stale_pod_node_changed(struct core *c, struct pull_pod *pod)
{
	if (pod->leaving)
		pace(c, pod);
}

/* Does it pull something that belongs to nothing, and nothing that is wanted? */
static bool leaves(const struct pull_pod *pod)
{
	bool stale = false, pulls = pod->leaving;
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		const struct pull *p = &pod->pulls[i];
		stale |= p->stale;
		pulls |= p->stale && p->state == PULL_DOOMED && p->outcome.kind == OUTCOME_RUNNING;
	}
	return stale && pulls && pod->n_live == 0;
}

void leaving_settle(struct core *c, struct pull_pod *pod)
{
	bool is = leaves(pod);
	if (is && !pod->leaving)
		leave(c, pod);
	else if (!is && pod->leaving)
		left(c, pod);
	else if (is)
		pace(c, pod); /* its node is gone or there again, or its create was answered */
}

void stale_pod_settle(struct core *c, struct pull *p, struct now now)
{
	struct pull_pod *pod = p->pod;
	bool there = pod->uid != NULL || pod->asked || pod->made;
	if (!c->leading || !there || p->state == PULL_LIVE || pod->node == NULL) {
		stale_pod_end(c, p, now);
		return;
	}
	p->stale = true;
	leaving_settle(c, pod);
	show_held(c, p, now);
	show_leaving(c, pod->node);
}

void stale_pod_end(struct core *c, struct pull *p, struct now now)
{
	if (!p->stale)
		return;
	p->stale = false;
	show_held(c, p, now);
	leaving_settle(c, p->pod);
}
