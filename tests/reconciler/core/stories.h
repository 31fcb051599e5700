/*
 * What becomes of the one pull of rig_one_node(), or of its node: beginnings of rows that tell what
 * is said of an image then.
 */
#ifndef DROP_TESTS_RECONCILER_CORE_STORIES_H
#define DROP_TESTS_RECONCILER_CORE_STORIES_H

#include "tests/reconciler/core/rig.h"

static inline void no_node(struct rig *r)
{
	core_gone(r->core, KIND_NODE, "a", r->now);
}

static inline void pulling(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_CREATING);
}

static inline void cached(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_PULLED);
}

static inline void not_found(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_NOT_FOUND);
}

static inline void no_host(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_NO_HOST);
}

static inline void evicted(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_EVICTED);
}

static inline void timed_out(struct rig *r)
{
	pulling(r);
	rig_turn(r, (int64_t)30 * 60 * 1000);
}

static inline void refused(struct rig *r)
{
	core_started(r->core, rig_start(r)->pod_name, START_REFUSED, "exceeded quota", r->now);
}

#endif
