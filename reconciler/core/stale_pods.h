/*
 * Pull pods that no longer belong to a pair but still exist. Private to the core.
 *
 * A failed pod goes on pulling until it is deleted, and so does one whose image has changed
 * or whose node was replaced under it. While any pod of ours for (image name, node name) is
 * there, nothing is started for that pair; and a pod that belongs to nothing and has not
 * ended counts for every limit: for maxPullsPerNode of its node, and for its policy as a pull
 * on a node of its own, as long as its node can run it (behaviour.md 3, 10, 11, 12).
 */
#ifndef DROP_RECONCILER_CORE_STALE_PODS_H
#define DROP_RECONCILER_CORE_STALE_PODS_H

#include "reconciler/core/model.h"

/* Its state has changed, or its image or node came: is its pod stale? */
void stale_pod_settle(struct core *c, struct pull *p, struct now now);
/* Its node became eligible, or is not any more. */
void stale_pod_node_changed(struct core *c, struct pull *p);
/* It holds a slot again, or is gone. */
void stale_pod_end(struct core *c, struct pull *p, struct now now);

#endif
