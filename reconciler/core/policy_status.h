/*
 * The status of PullPolicies (behaviour.md 59). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_POLICY_STATUS_H
#define DROP_RECONCILER_CORE_POLICY_STATUS_H

#include "reconciler/core/model.h"

/* What the API has of it; called with each observation, spec changed or not. */
void policy_status_observe(struct core *c, struct policy *p, const struct pullpolicy *pp);
void policy_status_written(struct core *c, struct policy *p, enum core_write_result result,
			   uint64_t rv, struct now now);
/* As writes_listed(). */
void policy_statuses_listed(struct core *c, int64_t fresh_ms);
/* The lead begins: each is looked at. It ends: what was asked for is forgotten. */
void policy_statuses_begin(struct core *c);
void policy_statuses_end(struct core *c);
void policy_statuses_run(struct core *c, struct now now, size_t room, struct arena *a,
			 struct core_actions *ret);

#endif
