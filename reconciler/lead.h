/*
 * Taking and leaving the lead (behaviour.md 11, 32). Private to the core.
 */
#ifndef DROP_RECONCILER_LEAD_H
#define DROP_RECONCILER_LEAD_H

#include "reconciler/model.h"

void lead_begin(struct core *c, struct now now);
void lead_end(struct core *c);

#endif
