/*
 * Which nodes an image is for (behaviour.md 1) and which of them may get pods now
 * (behaviour.md 2). Pure.
 */
#ifndef DROP_RECONCILER_RULES_TARGET_H
#define DROP_RECONCILER_RULES_TARGET_H

#include <stdbool.h>
#include <stddef.h>

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
	TARGET_DELETED,  /* has a deletionTimestamp */
	TARGET_LEAVING,  /* about to be removed: an autoscaler or its provider says so */
	TARGET_SHUTDOWN, /* powered off: nothing on it runs any more */
	TARGET_NOT_YET,  /* its cloud provider, autoscaler or network is not done with it */
	TARGET_EXCLUDED, /* has a taint that the operator's options exclude */
	TARGET_STATES,
};
struct target_state_info {
	const char *name;             /* in explanations: "NotReady" */
	const char *reason, *message; /* of a pull that ends because of it */
	bool at_once;                 /* it ends at once; else after TARGET_GRACE_MS */
};
extern const struct target_state_info target_states[TARGET_STATES];
/* A pull in flight on a node that is not eligible any more ends after this long (3). */
#define TARGET_GRACE_MS (40 * 1000)

/*
 * excluded: taint keys besides the built-in ones, comma-separated, each a key or a prefix that
 * ends in '*'; NULL: none.
 */
enum target_state target_state(const struct node *node, const char *excluded);
/* The number, from 1, of the first entry that is no key and no prefix with '*'; 0: all are. */
size_t target_excluded_bad(const char *excluded);
/* An autoscaler considers its removal: other nodes come first. */
bool target_last(const struct node *node);
/* From 1.35 on a kubelet refuses a listed image to pods whose credentials did not pull it (17a). */
bool target_checks_credentials(const char *kubelet_version);

#endif
