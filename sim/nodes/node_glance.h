/* What a kubelet reads of its own Node: whether its condition Ready is True. */
#ifndef DROP_SIM_NODES_NODE_GLANCE_H
#define DROP_SIM_NODES_NODE_GLANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct node_glance {
	const char *name;
	bool ready; /* the condition Ready is True */
};

/* The name lives in the arena. -1: no node. */
int node_glance(const char *json, size_t len, struct arena *a, struct node_glance *ret);

#endif
