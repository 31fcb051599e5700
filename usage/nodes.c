/* See nodes.h. */
#include "usage/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "usage/node_pool.h"

static void node_free(struct usage_node *node)
{
	if (node == NULL)
		return;
	free(node->name);
	free(node->uid);
	free(node->pool);
	free(node);
}

void usage_node_put(struct map *nodes, const struct node *node, const char *pool_label)
{
	const char *pool = node_pool(&node->meta.labels, pool_label);
	const char *uid = node->meta.uid != NULL ? node->meta.uid : "";
	const struct usage_node *was = usage_node_find(nodes, node->meta.name);
	if (was != NULL && strcmp(was->uid, uid) == 0 && strcmp(was->pool, pool) == 0)
		return;
	usage_node_gone(nodes, node->meta.name);
	struct usage_node *new = xcalloc(1, sizeof(*new));
	*new = (struct usage_node){.name = xstrdup(node->meta.name),
				   .uid = xstrdup(uid),
				   .pool = xstrdup(pool),
				   .created_s = node->meta.created};
	map_put(nodes, new->name, new);
}

void usage_node_gone(struct map *nodes, const char *name)
{
	node_free(map_del(nodes, name));
}

const struct usage_node *usage_node_find(const struct map *nodes, const char *name)
{
	return map_get(nodes, name);
}

void usage_nodes_count(const struct map *nodes, struct demand *demand, int64_t since_s)
{
	const struct usage_node *node;
	for (size_t i = 0; (node = map_next(nodes, &i)) != NULL;)
		demand_nodes(demand, node->pool, 1, node->created_s > since_s);
	demand_nodes_end(demand);
}

void usage_nodes_done(struct map *nodes)
{
	struct usage_node *node;
	for (size_t i = 0; (node = map_next(nodes, &i)) != NULL;)
		node_free(node);
	map_done(nodes);
	*nodes = (struct map){0};
}
