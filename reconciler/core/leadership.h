/*
 * Gaining and losing leadership (behaviour.md 11, 32). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_LEADERSHIP_H
#define DROP_RECONCILER_CORE_LEADERSHIP_H

#include "reconciler/core/model.h"

void lead_begin(struct core *c, struct now now);
void lead_end(struct core *c);

#endif
