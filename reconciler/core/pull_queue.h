/*
 * Which pulls start, and when (behaviour.md 11, 12, 13). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PULL_QUEUE_H
#define DROP_RECONCILER_CORE_PULL_QUEUE_H

#include "reconciler/core/model.h"

/*
 * 46: what held nodes wait for. 13: new nodes first; before everything that failed what was never
 * tried; repulls last.
 */
enum turn { TURN_HELD, TURN_NEW_NODE, TURN_FRESH, TURN_RETRY, TURN_REPULL, TURNS };
/* Of a pair that waits; failed: it did, or is to probe for others (14). */
enum turn queue_turn(const struct core *c, const struct image *img, int slot, bool failed);

void queue_run(struct core *c, struct now now, struct core_room room, struct arena *a,
	       struct core_actions *ret);

#endif
