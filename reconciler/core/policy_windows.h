/*
 * The pull windows of policies (behaviour 51): whether one is open now, until when that holds, and
 * when it is looked at again. Which pulls they keep back is held.h's. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_POLICY_WINDOWS_H
#define DROP_RECONCILER_CORE_POLICY_WINDOWS_H

#include "reconciler/core/model.h"

/* The wall clock may be set: it is looked at no later than this. */
#define WINDOWS_LOOK_MS (10 * 60 * 1000)

/* zone lives as long as the core; NULL: it is UTC. */
void windows_know(struct core *c, const char *name, const struct zone *zone);
void windows_forget_zones(struct core *c);
/* From a new spec; shut until the next windows_run(). */
void windows_take(struct core *c, struct policy *p, const struct pullpolicy_spec *spec);
void windows_drop(struct core *c, struct policy *p);
/* Looks at all that are due. true: one that applies to new nodes has opened or closed. */
bool windows_run(struct core *c, struct now now);
/* We do not lead any more. */
void windows_fence(struct core *c);

#endif
