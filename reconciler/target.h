/*
 * Which nodes an image is for (behaviour.md 1) and which of them may get pods now
 * (behaviour.md 2). Pure.
 */
#ifndef DROP_RECONCILER_TARGET_H
#define DROP_RECONCILER_TARGET_H

#include <stdbool.h>

#include "api/kinds.h"

/* The first pair of the selector that is no label; NULL: selected. An empty one selects all. */
const struct api_kv *target_missing(const struct api_map *selector, const struct api_map *labels);
bool target_selects(const struct api_map *selector, const struct api_map *labels);
/* Kubernetes' rules: empty operator means Equal, empty key with Exists matches all keys. */
bool target_tolerates(const struct api_toleration *t, const struct node_taint *taint);
/* The first NoSchedule or NoExecute taint that neither list tolerates; NULL: none. */
const struct node_taint *target_untolerated(const struct api_tolerations *of_image,
					    const struct api_tolerations *of_policy,
					    const struct node_taints *taints);
/*
 * Selected, and each NoSchedule and NoExecute taint is tolerated by one of the two lists
 * (the image's and its policy's).
 */
bool target_matches(const struct api_map *selector, const struct api_tolerations *of_image,
		    const struct api_tolerations *of_policy, const struct api_map *labels,
		    const struct node_taints *taints);
/* Nodes without a kubelet that pulls (virtual-kubelet, Fargate): never targeted. */
bool target_is_virtual(const struct api_map *labels);

/* May it get pods now? Only what is Ready, has room and is there to stay (behaviour.md 2). */
enum target_state {
	TARGET_ELIGIBLE,
	TARGET_NOT_READY,
	TARGET_DISK_PRESSURE,
	TARGET_DELETED, /* has a deletionTimestamp */
	TARGET_LEAVING, /* about to be removed by an autoscaler */
	TARGET_STATES,
};
enum target_state target_state(const struct node *node);

#endif
