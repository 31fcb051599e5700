/*
 * CachedImageSet: many images under one set of rules, listed or discovered
 * (behaviour.md 23-25).
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

/* The CEL rule of an entry runs for each: this bounds its cost (behaviour.md 33). */
#define SET_IMAGES_MAX 1000

static const struct desc_rule entry_rules[] = {API_TAG_XOR_DIGEST, {0}};

static const struct field image_entry_rows[] = {
	ROW(image_entry, image, "image", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_IMAGE_MAX, .rules = api_repository_rules,
	    .doc = "Repository to pull from, with its registry and without tag or digest."),
	ROW(image_entry, tag, "tag", F_STRING, .max_len = API_TAG_MAX,
	    .doc = "Tag to pull; latest when neither tag nor digest is given."),
	ROW(image_entry, digest, "digest", F_STRING, .pattern = API_DIGEST_PATTERN, .max_len = 71,
	    .doc = "Digest to pull instead of a tag, sha256: and 64 hex digits."),
};
static DESC(image_entry, "ImageEntry", "One image of a set.", .rules = entry_rules);

static const struct field cachedimageset_spec_rows[] = {
	ROW(cachedimageset_spec, policy_ref, "policyRef", F_OBJECT, .sub = &api_policy_ref_desc,
	    .doc = "PullPolicy with the limits, delays and back-off of the pulls; built-in "
		   "defaults when left out."),
	ROW(cachedimageset_spec, discovery_policy_ref, "discoveryPolicyRef", F_OBJECT,
	    .sub = &api_discovery_ref_desc,
	    .doc = "DiscoveryPolicy whose discovered images are added to spec.images. Left "
		   "out: none."),
	ROW(cachedimageset_spec, image_pull_policy, "imagePullPolicy", F_STRING,
	    .flags = FF_HAS_DEFAULT, .def_str = "Always", .enums = api_pull_policies,
	    .doc = "imagePullPolicy of the pull pods of each image."),
	ROW(cachedimageset_spec, image_pull_secrets, "imagePullSecrets", F_LIST,
	    .sub = &api_secret_ref_desc, .max_items = 100,
	    .doc = "Secrets with registry credentials, in the namespace of the pull pods; left "
		   "out: "
		   "those of the operator's options only."),
	ROW(cachedimageset_spec, node_selector, "nodeSelector", F_MAP, API_SELECTOR,
	    .doc = "Labels that a node must have to get the images; all must match. Left out: "
		   "every "
		   "node."),
	ROW(cachedimageset_spec, tolerations, "tolerations", F_LIST, .sub = &api_toleration_desc,
	    .max_items = API_TOLERATIONS_MAX,
	    .doc = "Taints to tolerate: nodes with these taints get the images too. Left out: "
		   "none."),
	ROW(cachedimageset_spec, pod_metadata, "podMetadata", F_OBJECT, .flags = FF_ADDITIVE,
	    .sub = &pod_metadata_desc,
	    .doc = "Labels and annotations of the pull pods of each image."),
	ROW(cachedimageset_spec, gate_nodes, "gateNodes", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "gateNodes of each image: a new node with a startup taint (--startup-taint) "
		   "keeps it until it has them, or until the deadline."),
	ROW(cachedimageset_spec, suspend, "suspend", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "true: no pull of the images of this set starts; pulls in flight end as usual. "
		   "suspend is not written into the CachedImages. false when left out."),
	ROW(cachedimageset_spec, images, "images", F_LIST, .sub = &image_entry_desc,
	    .max_items = SET_IMAGES_MAX,
	    .doc = "Images to cache. drop creates one CachedImage for each."),
};
DESC(cachedimageset_spec, "CachedImageSetSpec", "The images and the nodes that should have them.");

static const struct field cachedimageset_status_rows[] = {
	ROW(cachedimageset_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS, .bits = 64,
	    .doc = "metadata.generation of the spec that this status describes."),
	ROW(cachedimageset_status, phase, "phase", F_STRING, .max_len = 64,
	    .doc = "Pending, Ready or Degraded."),
	ROW(cachedimageset_status, images_managed, "imagesManaged", F_INT, STATUS_COUNT,
	    .doc = "Number of CachedImages that belong to the set."),
	ROW(cachedimageset_status, images_ready, "imagesReady", F_INT, STATUS_COUNT,
	    .doc = "Number of these CachedImages that are Ready."),
	ROW(cachedimageset_status, conditions, "conditions", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Condition Ready; Children, Reconciling, Stalled and Suspended only while they "
		   "apply."),
};
DESC(cachedimageset_status, "CachedImageSetStatus", "Observed state, written by drop.");

static const struct field cachedimageset_rows[] = {
	ROW(cachedimageset, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA,
	    .sub = &api_meta_desc),
	ROW(cachedimageset, spec, "spec", F_INLINE, .sub = &cachedimageset_spec_desc,
	    .doc = "The images and the nodes that should have them."),
	ROW(cachedimageset, status, "status", F_INLINE, API_STATUS_DEFAULT,
	    .sub = &cachedimageset_status_desc, .doc = "Observed state, written by drop."),
};
DESC(cachedimageset, "CachedImageSet",
     "A list of images, fixed or discovered, that share nodes, secrets and PullPolicy.");
