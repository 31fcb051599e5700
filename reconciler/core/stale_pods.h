/*
 * Pulls that are over or belong to nothing while their pod still exists. Private to the core.
 *
 * A failed pod goes on pulling until it is deleted, and so does one whose image has changed
 * or whose node was replaced under it. While any pod of ours for (image name, node name) is
 * there, nothing is started for that pair; and a pod that pulls only what belongs to nothing and
 * has not ended counts for every limit: for maxPullsPerNode of its node, and for its policy as a
 * pull on a node of its own, as long as its node can run it (behaviour.md 3, 10, 11, 12).
 */
#ifndef DROP_RECONCILER_CORE_STALE_PODS_H
#define DROP_RECONCILER_CORE_STALE_PODS_H

#include "reconciler/core/model.h"

/* Its state has changed, or its image or node came: is it stale? */
void stale_pod_settle(struct core *c, struct pull *p, struct now now);
/* It is live again, or its pod is gone. */
void stale_pod_end(struct core *c, struct pull *p, struct now now);
/* The pod took a slot, or gave it back. */
void leaving_settle(struct core *c, struct pull_pod *pod);
/* Its node became eligible, or is not any more. */
void stale_pod_node_changed(struct core *c, struct pull_pod *pod);

#endif
