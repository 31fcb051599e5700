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
	    .doc = "When the kubelet asks the registry: at each pull, only if the image is not "
		   "there, or never."),
	ROW(cachedimage_spec, image_pull_secrets, "imagePullSecrets", F_LIST,
	    .sub = &api_secret_ref_desc, .max_items = 100,
	    .doc = "Secrets with registry credentials (.dockerconfigjson), in the namespace of the "
		   "pull pods."),
	ROW(cachedimage_spec, node_selector, "nodeSelector", F_MAP, API_SELECTOR,
	    .doc = "Labels a node must have, all of them, to get the image."),
	ROW(cachedimage_spec, tolerations, "tolerations", F_LIST, .sub = &api_toleration_desc,
	    .max_items = API_TOLERATIONS_MAX,
	    .doc = "Taints that do not keep the image off a node."),
	ROW(cachedimage_spec, priority, "priority", F_INT, .bits = 32,
	    .doc = "Place in the queue: lower numbers are pulled first, equal ones by name."),
	ROW(cachedimage_spec, policy_ref, "policyRef", F_OBJECT, .sub = &api_policy_ref_desc,
	    .doc = "PullPolicy that paces the pulls; built-in defaults when left out."),
	ROW(cachedimage_spec, pod_metadata, "podMetadata", F_OBJECT, .flags = FF_ADDITIVE,
	    .sub = &pod_metadata_desc, .doc = "Labels and annotations of the pull pods."),
};
DESC(cachedimage_spec, "CachedImageSpec", "Which image, and on which nodes.", .rules = spec_rules);

static const struct field failed_node_rows[] = {
	ROW(failed_node, node, "node", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_NAME_MAX, .doc = "Name of the node."),
	ROW(failed_node, reason, "reason", F_STRING, .max_len = 1024,
	    .doc = "Why the last attempt failed, as one word."),
	ROW(failed_node, message, "message", F_STRING, .max_len = FAILED_MESSAGE_MAX,
	    .doc = "Why the last attempt failed, as a sentence."),
	ROW(failed_node, attempts, "attempts", F_INT, STATUS_COUNT,
	    .doc = "Attempts that failed in a row."),
	ROW(failed_node, last_attempt_at, "lastAttemptAt", F_TIME,
	    .doc = "When the last attempt began."),
};
static DESC(failed_node, "FailedNode", "A node whose last attempt failed.");

static const struct field cachedimage_status_rows[] = {
	ROW(cachedimage_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS, .bits = 64, .doc = "Generation of the spec this status is about."),
	ROW(cachedimage_status, phase, "phase", F_STRING, .max_len = 64,
	    .doc = "Pending, Pulling, Ready or Degraded."),
	ROW(cachedimage_status, ready, "ready", F_STRING, .max_len = 32,
	    .doc = "Nodes that have the image of those that should, such as 2/3."),
	ROW(cachedimage_status, resolved_digest, "resolvedDigest", F_STRING, .max_len = 1024,
	    .doc = "Digest of what was pulled, as the node reported it."),
	ROW(cachedimage_status, nodes_targeted, "nodesTargeted", F_INT, STATUS_COUNT,
	    .doc = "Nodes that should have the image."),
	ROW(cachedimage_status, nodes_ready, "nodesReady", F_INT, STATUS_COUNT,
	    .doc = "Nodes that have it."),
	ROW(cachedimage_status, nodes_pulling, "nodesPulling", F_INT, STATUS_COUNT,
	    .doc = "Nodes that are pulling it now."),
	ROW(cachedimage_status, cached_image, "cachedImage", F_STRING, .flags = FF_ADDITIVE,
	    .max_len = 1024, .doc = "Reference that cachedNodes is about."),
	ROW(cachedimage_status, cached_nodes, "cachedNodes", F_STRINGS,
	    .doc = "Names of the nodes that have the image, sorted."),
	ROW(cachedimage_status, failed_nodes, "failedNodes", F_LIST, .flags = FF_ADDITIVE,
	    .sub = &failed_node_desc, .max_items = FAILED_NODES_MAX,
	    .doc = "Nodes whose last attempt failed, the most attempted first."),
	ROW(cachedimage_status, consecutive_failures, "consecutiveFailures", F_INT, STATUS_COUNT,
	    .doc = "Most failed attempts in a row of any node; 0 once Ready."),
	ROW(cachedimage_status, last_pulled_at, "lastPulledAt", F_TIME,
	    .doc = "When a pull last succeeded."),
	ROW(cachedimage_status, last_attempted_at, "lastAttemptedAt", F_TIME,
	    .doc = "When a pull was last started."),
	ROW(cachedimage_status, conditions, "conditions", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Ready and PullProgress, with reasons."),
};
DESC(cachedimage_status, "CachedImageStatus", "What became of it.");

static const struct field cachedimage_rows[] = {
	ROW(cachedimage, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA, .sub = &api_meta_desc),
	ROW(cachedimage, spec, "spec", F_INLINE, .flags = FF_REQUIRED,
	    .sub = &cachedimage_spec_desc, .doc = "Which image, and on which nodes."),
	ROW(cachedimage, status, "status", F_INLINE, .sub = &cachedimage_status_desc,
	    .doc = "What became of it; written by drop."),
};
DESC(cachedimage, "CachedImage", "An image that is kept on nodes before workloads ask for it.");
