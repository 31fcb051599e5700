/*
 * See plan_pods.h. Images that may share a pod are a group; a node needs at least so many pods of a
 * group as its images fill. Pulls on nodes that are not known can only add to that: three lower
 * bounds, of which the highest counts.
 */
#include "dropctl/plan_pods.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/xalloc.h"

struct plan_group {
	uint64_t together, per_pod;
	uint64_t images, pulls, most; /* most: pulls of one image */
	struct map nodes;             /* name -> struct node_count */
};

struct node_count {
	char *node;
	uint64_t pulls;
};

static struct plan_group *group_of(struct plan_pods *all, const struct msg_planned *m)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->groups[i].together == m->together)
			return &all->groups[i];
	if (all->n == all->cap) {
		all->cap = all->cap == 0 ? 8 : 2 * all->cap;
		all->groups = xreallocarray(all->groups, all->cap, sizeof(*all->groups));
	}
	all->groups[all->n] = (struct plan_group){
		.together = m->together,
		.per_pod = m->images_per_pod > 0 ? m->images_per_pod : 1,
	};
	return &all->groups[all->n++];
}

static void count(struct plan_group *g, const char *node)
{
	struct node_count *n = map_get(&g->nodes, node);
	if (n == NULL) {
		n = xcalloc(1, sizeof(*n));
		n->node = xstrdup(node);
		map_put(&g->nodes, n->node, n);
	}
	n->pulls++;
}

void plan_pods_add(struct plan_pods *all, const struct msg_planned *m)
{
	struct plan_group *g = group_of(all, m);
	g->images += m->pulls > 0;
	g->pulls += m->pulls;
	if (m->pulls > g->most)
		g->most = m->pulls;
	for (size_t i = 0; g->per_pod > 1 && i < m->nodes.n && i < m->pulls; i++)
		count(g, m->nodes.at[i].node != NULL ? m->nodes.at[i].node : "");
}

static uint64_t filled(uint64_t pulls, uint64_t per_pod)
{
	return (pulls + per_pod - 1) / per_pod;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct plan_total plan_pods_total(const struct plan_pods *all)
{
	struct plan_total total = {0};
	for (size_t i = 0; i < all->n; i++) {
		const struct plan_group *g = &all->groups[i];
		const struct node_count *n;
		uint64_t by_node = 0;
		for (size_t k = 0; (n = map_next(&g->nodes, &k)) != NULL;)
			by_node += filled(n->pulls, g->per_pod);
		total.pulls += g->pulls;
		total.pods += larger(larger(by_node, g->most), filled(g->pulls, g->per_pod));
		total.least |= g->per_pod > 1 && g->images > 1;
	}
	return total;
}

void plan_pods_done(struct plan_pods *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct node_count *n;
		for (size_t k = 0; (n = map_next(&all->groups[i].nodes, &k)) != NULL;) {
			free(n->node);
			free(n);
		}
		map_done(&all->groups[i].nodes);
	}
	free(all->groups);
	*all = (struct plan_pods){0};
}
