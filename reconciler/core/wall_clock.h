/*
 * When the wall clock is set (behaviour 18, 37). Private to the core.
 *
 * The core remembers by wall time when images were pulled and registries asked: these times are in
 * the status, and are compared with those of kubelets. Invariant: the age of each, by our clock, is
 * how much time has passed, to WALL_CLOCK_SLACK_S. So when the clock is set, forward or back, what
 * is remembered moves with it. The status keeps the times that were written.
 */
#ifndef DROP_RECONCILER_CORE_WALL_CLOCK_H
#define DROP_RECONCILER_CORE_WALL_CLOCK_H

#include "reconciler/core/model.h"

/* Less than this is not noticed: the rules that compare times allow for as much. */
#define WALL_CLOCK_SLACK_S 60

/* Before anything is decided at `now`: has the wall clock been set since the last call? */
void wall_clock_follow(struct core *c, struct now now);
/*
 * After its status was read: another machine may have written it, by a clock that was ahead of
 * ours. The latest of its times then counts as now, and the others, also of its repulls that have a
 * pod, stay as far apart from it.
 */
void wall_clock_adopt(const struct core *c, struct image *img, struct now now);

#endif
