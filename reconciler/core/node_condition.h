/*
 * The condition that nodes get for the Node Readiness Controller (behaviour 47):
 * True/NoGatingImages, True/ImagesReady, True/GateTimedOut, False/Pulling. Once it is True it stays
 * as it is for that uid: a rule that watches it all the time must not close the cluster at each new
 * tag. What the Node says is what is remembered. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_NODE_CONDITION_H
#define DROP_RECONCILER_CORE_NODE_CONDITION_H

#include "reconciler/core/model.h"

/* A change of the text alone is written this long after the last write at the earliest. */
#define CONDITION_PACE_MS (10 * 1000)

/* Decides what the condition should be, and marks it if the Node does not say so. */
void node_condition_look(struct core *c, struct held *h, struct now now);
/* Hands out at most room writes. */
void node_conditions_run(struct core *c, struct now now, size_t room, struct arena *a,
			 struct core_actions *ret);
/* Not done: again after again_ms. */
void node_condition_written(struct core *c, int slot, bool done, int64_t again_ms, struct now now);

#endif
