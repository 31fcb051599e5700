/*
 * Added, changed and deleted nodes (behaviour.md 2, 3). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_NODES_H
#define DROP_RECONCILER_CORE_NODES_H

#include "reconciler/core/model.h"

void node_put(struct core *c, const struct node *n, struct now now);
void node_gone(struct core *c, int slot, struct now now);
void nodes_sweep(struct core *c, struct now now);
/* 13. A pull was started there, or images changed: is it still new? */
void node_settle_fresh(struct core *c, int slot);
void nodes_settle_fresh(struct core *c);
/* Names that only some status knew. */
void nodes_drop_absent(struct core *c, struct now now);

#endif
