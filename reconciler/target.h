/*
 * Which nodes an image is for (behaviour.md 1) and which of them may get pods now
 * (behaviour.md 2). Pure.
 */
#ifndef DROP_RECONCILER_TARGET_H
#define DROP_RECONCILER_TARGET_H

#include <stdbool.h>

#include "api/kinds.h"

/* Every pair of the selector is a label; an empty selector matches all. */
bool target_selects(const struct api_map *selector, const struct api_map *labels);
/* Kubernetes' rules: empty operator means Equal, empty key with Exists matches all keys. */
bool target_tolerates(const struct api_toleration *t, const struct node_taint *taint);
/*
 * Selected, and each NoSchedule and NoExecute taint is tolerated by one of the two lists
 * (the image's and its policy's).
 */
bool target_matches(const struct api_map *selector, const struct api_tolerations *of_image,
		    const struct api_tolerations *of_policy, const struct api_map *labels,
		    const struct node_taints *taints);
/* Nodes without a kubelet that pulls (virtual-kubelet, Fargate): never targeted. */
bool target_is_virtual(const struct api_map *labels);
/* Ready, without DiskPressure, not being deleted and not about to be. */
bool target_eligible(const struct node *node);

#endif
