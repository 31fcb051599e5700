/*
 * The nodes as usage needs them: which node an event is about, and how many nodes a pool has.
 * Bounded by the watcher's own limit of Nodes. Pure.
 */
#ifndef DROP_USAGE_NODES_H
#define DROP_USAGE_NODES_H

#include "api/kinds.h"
#include "base/map.h"

#include "usage/demand.h"

struct usage_node {
	char *name, *uid, *pool; /* owned */
	int64_t created_s;
};

/* By name; values are struct usage_node. Zeroed: none. pool_label: NULL, or a label before the
 * usual ones (node_pool.h). */
void usage_node_put(struct map *nodes, const struct node *node, const char *pool_label);
void usage_node_gone(struct map *nodes, const char *name);
const struct usage_node *usage_node_find(const struct map *nodes, const char *name);
/* Tells the demand how many nodes each pool has; those created after since_s are new. */
void usage_nodes_count(const struct map *nodes, struct demand *demand, int64_t since_s);
void usage_nodes_done(struct map *nodes);

#endif
