/*
 * Which pulls start, and when (behaviour.md 11, 12, 13). Private to the core.
 */
#ifndef DROP_RECONCILER_QUEUE_H
#define DROP_RECONCILER_QUEUE_H

#include "reconciler/model.h"

void queue_run(struct core *c, struct now now, struct core_room room, struct arena *a,
	       struct core_actions *ret);

#endif
