/*
 * What became of a pod's create, and what its timer means. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_POD_ANSWERS_H
#define DROP_RECONCILER_CORE_POD_ANSWERS_H

#include "reconciler/core/model.h"

/* The answer to its start. */
void pod_started(struct core *c, struct pull_pod *pod, enum core_start_result result,
		 const char *text, struct now now);
/* Its timer has run out. What that means depends on its state. */
void pod_due(struct core *c, struct pull_pod *pod, struct now now);

#endif
