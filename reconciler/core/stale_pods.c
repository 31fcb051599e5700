/*
 * Stale pulls, counted by name, because their image and node may be deleted and created again while
 * their pods exist. Invariant: image.held and node.n_leaving say what the two maps say, for images
 * and nodes that exist; policy.n_leaving counts the pods that are `leaving` and `paced_by` it.
 */
#include "reconciler/core/stale_pods.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/rules/bits.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/slots.h"

static struct stale_count *count_up(struct map *m, const char *name)
{
	struct stale_count *l = map_get(m, name);
	if (l == NULL) {
		size_t size = strlen(name) + 1;
		l = xmalloc(sizeof(*l) + size);
		l->n = 0;
		memcpy(l->name, name, size);
		map_put(m, l->name, l);
	}
	l->n++;
	return l;
}

static uint32_t count_down(struct map *m, struct stale_count *l)
{
	if (--l->n != 0)
		return l->n;
	map_del(m, l->name);
	free(l);
	return 0;
}

static void show_held(struct core *c, const struct pull *p, bool held, struct now now)
{
	struct image *img = map_get(&c->images, p->image_name);
	int slot = node_find(c, p->pod->node_name);
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
static struct policy *pacer(struct core *c, const struct pull_pod *pod)
{
	for (uint32_t i = 0; pod->paced_by == NULL && i < pod->n_pulls; i++) {
		const char *name = pod->pulls[i].image_name;
		const struct image *img = name != NULL ? map_get(&c->images, name) : NULL;
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
	int slot = node_find(c, pod->node_name);
	bool runs = slot >= 0 && c->nodes[slot].present && c->nodes[slot].eligible;
	bool paced = pod->leaving != NULL && pod->paced_by != NULL && (runs || pod->asked) &&
		     !pod->apart;
	if (paced == pod->paced)
		return;
	pod->paced = paced;
	pod->paced_by->n_leaving += paced ? 1U : (uint32_t)-1;
	pod->paced_by->dirty = true;
}

static void leave(struct core *c, struct pull_pod *pod)
{
	pod->leaving = count_up(&c->leaving, pod->node_name);
	pod->paced_by = pacer(c, pod);
	pace(c, pod);
}

static void left(struct core *c, struct pull_pod *pod)
{
	const char *node = arena_strdup(&c->scratch, pod->leaving->name);
	uint32_t n = count_down(&c->leaving, pod->leaving);
	pod->leaving = NULL;
	show_leaving(c, node, n);
	pace(c, pod);
}

void stale_pod_node_changed(struct core *c, struct pull_pod *pod)
{
	if (pod->leaving != NULL)
		pace(c, pod);
}

/* Does it pull something that belongs to nothing, and nothing that is wanted? */
static bool leaves(const struct pull_pod *pod)
{
	bool stale = false, pulls = pod->leaving != NULL;
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		const struct pull *p = &pod->pulls[i];
		stale |= p->place != NULL;
		pulls |= p->place != NULL && p->state == PULL_DOOMED &&
			 p->outcome.kind == OUTCOME_RUNNING;
	}
	return stale && pulls && pod->n_live == 0;
}

void leaving_settle(struct core *c, struct pull_pod *pod)
{
	bool is = leaves(pod);
	if (is && pod->leaving == NULL)
		leave(c, pod);
	else if (!is && pod->leaving != NULL)
		left(c, pod);
	else if (is)
		pace(c, pod); /* its node is gone or there again, or its create was answered */
}

void stale_pod_settle(struct core *c, struct pull *p, struct now now)
{
	struct pull_pod *pod = p->pod;
	bool there = pod->uid != NULL || pod->asked || pod->made;
	if (!c->leading || !there || p->state == PULL_LIVE || p->image_name == NULL ||
	    pod->node_name == NULL) {
		stale_pod_end(c, p, now);
		return;
	}
	if (p->place == NULL) {
		char *place = arena_printf(&c->scratch, "%s/%s", p->image_name, pod->node_name);
		p->place = count_up(&c->stale_pods, place);
	}
	leaving_settle(c, pod);
	show_held(c, p, true, now);
	show_leaving(c, pod->node_name, count_of(&c->leaving, pod->node_name));
}

void stale_pod_end(struct core *c, struct pull *p, struct now now)
{
	if (p->place == NULL)
		return;
	if (count_down(&c->stale_pods, p->place) == 0)
		show_held(c, p, false, now);
	p->place = NULL;
	leaving_settle(c, p->pod);
}
