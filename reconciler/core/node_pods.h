/*
 * Which pods there are of a node, by its name: the node may be deleted and created again while its
 * pods exist. Private to the core. A pod takes its node's name from here. Invariant: a pod is in
 * the list of its `node`, and a node without pods has no entry.
 */
#ifndef DROP_RECONCILER_CORE_NODE_PODS_H
#define DROP_RECONCILER_CORE_NODE_PODS_H

#include "reconciler/core/model.h"

/*
 * It is of that node, and of no other; NULL: of none. The pod must not be leaving (stale_pods.h).
 */
void node_pods_take(struct core *c, struct pull_pod *pod, const char *node_name);
/* The pods of a node in the core's scratch memory, in a list that changes do not disturb. */
struct pull_pod **node_pods_list(struct core *c, const char *node_name, size_t *ret_n);
/* NULL: not known. */
static inline const char *pod_node_name(const struct pull_pod *pod)
{
	return pod->node != NULL ? pod->node->name : NULL;
}

#endif
