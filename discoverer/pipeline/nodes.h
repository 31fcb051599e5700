/* Which nodes a core/v1 NodeSelector matches, for the N of modelExposure (behaviour.md 55). Pure.
 */
#ifndef DROP_DISCOVERER_PIPELINE_NODES_H
#define DROP_DISCOVERER_PIPELINE_NODES_H

#include "api/kinds.h"

/*
 * Terms are alternatives; the conditions of a term hold together; a term without conditions
 * matches no node, nor does one that is not understood. NULL: all nodes.
 */
bool selector_matches(const struct node_selector *s, const char *name,
		      const struct api_map *labels);

#endif
