/*
 * CachedImage: one image to have on every node it targets (behaviour.md 1-22). Rows are in the
 * order in which they are written.
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

static const struct desc_rule spec_rules[] = {API_TAG_XOR_DIGEST, {0}};

static const struct field cachedimage_spec_rows[] = {
	ROW(cachedimage_spec, image, "image", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_IMAGE_MAX, .rules = api_repository_rules,
	    .doc = "Repository to pull from, with its registry and without tag or digest, such as "
		   "docker.io/library/nginx."),
	ROW(cachedimage_spec, tag, "tag", F_STRING, .max_len = API_TAG_MAX,
	    .doc = "Tag to pull; latest when neither tag nor digest is given."),
	ROW(cachedimage_spec, digest, "digest", F_STRING, .pattern = API_DIGEST_PATTERN,
	    .doc = "Digest to pull instead of a tag, sha256: and 64 hex digits."),
	ROW(cachedimage_spec, image_pull_policy, "imagePullPolicy", F_STRING,
	    .flags = FF_HAS_DEFAULT, .def_str = "Always", .enums = api_pull_policies,
	    .doc = "imagePullPolicy of the pull pods: Always asks the registry at each pull, "
		   "IfNotPresent only when the node lacks the image, Never not at all."),
	ROW(cachedimage_spec, image_pull_secrets, "imagePullSecrets", F_LIST,
	    .sub = &api_secret_ref_desc, .max_items = 100,
	    .doc = "Secrets with registry credentials (.dockerconfigjson), in the namespace of the "
		   "pull pods; left out: those of the operator's options only."),
	ROW(cachedimage_spec, node_selector, "nodeSelector", F_MAP, API_SELECTOR,
	    .doc = "Labels that a node must have to get the image; all must match. Left out: every "
		   "node."),
	ROW(cachedimage_spec, tolerations, "tolerations", F_LIST, .sub = &api_toleration_desc,
	    .max_items = API_TOLERATIONS_MAX,
	    .doc = "Taints to tolerate: nodes with these taints get the image too. Left out: "
		   "none."),
	ROW(cachedimage_spec, priority, "priority", F_INT, .bits = 32,
	    .doc = "Order in the pull queue: lower numbers first, equal numbers by name; 0 "
		   "when left out."),
	ROW(cachedimage_spec, policy_ref, "policyRef", F_OBJECT, .sub = &api_policy_ref_desc,
	    .doc = "PullPolicy with the limits, delays and back-off of the pulls; built-in "
		   "defaults when left out."),
	ROW(cachedimage_spec, pod_metadata, "podMetadata", F_OBJECT, .flags = FF_ADDITIVE,
	    .sub = &pod_metadata_desc,
	    .doc = "Labels and annotations of the pull pods, besides those of the operator's "
		   "options."),
	ROW(cachedimage_spec, gate_nodes, "gateNodes", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "A new node with a startup taint (--startup-taint) keeps it until it has this "
		   "image, or until the deadline; false when left out."),
	ROW(cachedimage_spec, suspend, "suspend", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "true: no pull of the image starts; pulls in flight end as usual, and the "
		   "status "
		   "is still updated. false when left out."),
};
DESC(cachedimage_spec, "CachedImageSpec", "The image and the nodes that should have it.",
     .rules = spec_rules);

static const struct field failed_node_rows[] = {
	ROW(failed_node, node, "node", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_NAME_MAX, .doc = "Name of the node."),
	ROW(failed_node, reason, "reason", F_STRING, .max_len = 1024,
	    .doc = "Reason of the last failure, one CamelCase word such as ErrImagePull."),
	ROW(failed_node, message, "message", F_STRING, .max_len = FAILED_MESSAGE_MAX,
	    .doc = "Human-readable message of the last failure."),
	ROW(failed_node, attempts, "attempts", F_INT, STATUS_COUNT,
	    .doc = "Consecutive failed attempts."),
	ROW(failed_node, last_attempt_at, "lastAttemptAt", F_TIME,
	    .doc = "Start time of the last attempt."),
};
static DESC(failed_node, "FailedNode", "A node on which the last pull attempt failed.");

static const struct field image_platform_rows[] = {
	ROW(image_platform, platform, "platform", F_STRING, .flags = FF_ALWAYS, .max_len = 64,
	    .doc = "Platform of an entry of the image index, such as linux/arm64; empty "
		   "if the image is not an index."),
	ROW(image_platform, bytes, "bytes", F_INT, .bits = 64,
	    .doc = "Compressed bytes of config and layers; left out: not known."),
};
static DESC(image_platform, "ImagePlatform", "A platform that the image supports.");

static const struct field registry_status_rows[] = {
	ROW(registry_status, digest, "digest", F_STRING, .max_len = 128,
	    .doc = "Digest to which the tag resolved at the last successful check."),
	ROW(registry_status, checked_at, "checkedAt", F_TIME,
	    .doc = "Time of the last successful check."),
	ROW(registry_status, settled_at, "settledAt", F_TIME,
	    .doc = "Time at which every node in cachedNodes had the image to which the "
		   "tag resolved."),
	ROW(registry_status, platforms, "platforms", F_LIST, .sub = &image_platform_desc,
	    .max_items = PLATFORMS_TOLD_MAX,
	    .doc = "Platforms of the digest; read where nodes have several platforms, or "
		   "sizes matter."),
	ROW(registry_status, message, "message", F_STRING, .max_len = 256,
	    .doc = "Why the last check failed."),
};
static DESC(registry_status, "RegistryStatus", "Result of the registry checks of the image.");

static const struct field cachedimage_status_rows[] = {
	ROW(cachedimage_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS, .bits = 64,
	    .doc = "metadata.generation of the spec that this status describes."),
	ROW(cachedimage_status, phase, "phase", F_STRING, .max_len = 64,
	    .doc = "Pending, Pulling, Ready or Degraded."),
	ROW(cachedimage_status, ready, "ready", F_STRING, .max_len = 32,
	    .doc = "Nodes that have the image out of the targeted nodes, such as 2/3."),
	ROW(cachedimage_status, resolved_digest, "resolvedDigest", F_STRING, .max_len = 1024,
	    .doc = "Digest of the pulled image as reported by the node."),
	ROW(cachedimage_status, nodes_targeted, "nodesTargeted", F_INT, STATUS_COUNT,
	    .doc = "Number of targeted nodes."),
	ROW(cachedimage_status, nodes_ready, "nodesReady", F_INT, STATUS_COUNT,
	    .doc = "Number of targeted nodes that have the image."),
	ROW(cachedimage_status, nodes_pulling, "nodesPulling", F_INT, STATUS_COUNT,
	    .doc = "Number of nodes with a pull in progress."),
	ROW(cachedimage_status, nodes_skipped, "nodesSkipped", F_INT,
	    .flags = FF_ALWAYS | FF_ADDITIVE, COUNT32,
	    .doc = "Number of matching nodes that are not targeted, because the image "
		   "does not support their platform or does not fit on their disk."),
	ROW(cachedimage_status, cached_image, "cachedImage", F_STRING, .flags = FF_ADDITIVE,
	    .max_len = 1024, .doc = "Image reference that cachedNodes refers to."),
	ROW(cachedimage_status, cached_nodes, "cachedNodes", F_STRINGS,
	    .doc = "Names of the nodes that have the image, sorted."),
	ROW(cachedimage_status, failed_nodes, "failedNodes", F_LIST, .flags = FF_ADDITIVE,
	    .sub = &failed_node_desc, .max_items = FAILED_NODES_MAX,
	    .doc = "Nodes on which the last attempt failed, most attempts first."),
	ROW(cachedimage_status, consecutive_failures, "consecutiveFailures", F_INT, STATUS_COUNT,
	    .doc = "Highest number of consecutive failed attempts on any node; 0 once Ready."),
	ROW(cachedimage_status, last_pulled_at, "lastPulledAt", F_TIME,
	    .doc = "Time of the last successful pull."),
	ROW(cachedimage_status, last_attempted_at, "lastAttemptedAt", F_TIME,
	    .doc = "Time when the last pull was started."),
	ROW(cachedimage_status, registry, "registry", F_OBJECT, .flags = FF_ADDITIVE,
	    .sub = &registry_status_desc, .doc = "Result of the registry checks of the image."),
	ROW(cachedimage_status, conditions, "conditions", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Conditions Ready and PullProgress; PlatformsMatched, PolicyResolved, "
		   "Reconciling, Stalled and Suspended only while they apply."),
};
DESC(cachedimage_status, "CachedImageStatus", "Observed state, written by drop.");
_Static_assert(sizeof(cachedimage_status_rows) / sizeof(cachedimage_status_rows[0]) <=
		       CACHEDIMAGE_STATUS_ROWS_MAX,
	       "raise CACHEDIMAGE_STATUS_ROWS_MAX");

static const struct field cachedimage_rows[] = {
	ROW(cachedimage, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA, .sub = &api_meta_desc),
	ROW(cachedimage, spec, "spec", F_INLINE, .flags = FF_REQUIRED,
	    .sub = &cachedimage_spec_desc, .doc = "The image and the nodes that should have it."),
	ROW(cachedimage, status, "status", F_INLINE, API_STATUS_DEFAULT,
	    .sub = &cachedimage_status_desc, .doc = "Observed state, written by drop."),
};
DESC(cachedimage, "CachedImage", "An image that drop pulls onto nodes before workloads need it.");
