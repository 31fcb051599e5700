/* Which pool a node belongs to, by its labels (behaviour 54). Pure. */
#ifndef DROP_USAGE_NODE_POOL_H
#define DROP_USAGE_NODE_POOL_H

#include "api/meta.h"

/*
 * The value of label `key` if it is set, else of the first label of the usual ones that the node
 * has; "": it has none, all such nodes are one pool. key NULL or "": none. Borrowed from labels.
 */
const char *node_pool(const struct api_map *labels, const char *key);

#endif
