/*
 * Observed pods, and what the pulls of each belong to (behaviour.md 5, 6, 10). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PODS_H
#define DROP_RECONCILER_CORE_PODS_H

#include "reconciler/core/model.h"

void pod_put(struct core *c, const struct pod *pod, struct now now);
void pod_gone(struct core *c, struct pull_pod *pod, struct now now);
void pods_sweep(struct core *c, struct now now);
/* core.listed_ms has moved: pods that were made before it and are not seen are gone. */
void pods_listed(struct core *c, struct now now);
/* Looks again at what pods belong to: after a change of the image or the node. */
void pulls_match_image(struct core *c, const char *image_name, struct now now);
void pulls_match_node(struct core *c, const char *node_name, struct now now);
/* Pulls in flight on the node are judged again: it became eligible, or is not any more (3). */
void pulls_node_changed(struct core *c, const char *node_name, struct now now);
/* pullTimeout may be another one for the pulls of the images that name this policy (9). */
void pulls_policy_changed(struct core *c, const struct policy *policy, struct now now);
void pull_match(struct core *c, struct pull *p, struct now now);

#endif
