/*
 * The descriptor tables, one per struct of api/kinds.h and api/meta.h that is
 * decoded, packed, patched or described on its own.
 */
#ifndef DROP_API_TABLES_H
#define DROP_API_TABLES_H

#include "api/desc.h"

/* api/meta.c: what kinds share. */
extern const struct desc api_meta_desc;
extern const struct desc api_condition_desc;
extern const struct desc api_toleration_desc;
extern const struct desc api_secret_ref_desc;    /* struct api_name_ref to a Secret */
extern const struct desc api_policy_ref_desc;    /* to a PullPolicy */
extern const struct desc api_discovery_ref_desc; /* to a DiscoveryPolicy */
extern const char *const api_pull_policies[];    /* Always, IfNotPresent, Never; NULL ends */

/* Limits that several tables share. */
#define API_NAME_MAX        253 /* DNS subdomain: names of objects */
#define API_IMAGE_MAX       512 /* image without tag or digest; twice what registries allow */
#define API_TAG_MAX         128 /* OCI distribution spec */
#define API_DIGEST_PATTERN  "^(sha256:[a-f0-9]{64})?$" /* "" counts as unset */
#define API_LABEL_KEY_MAX   317 /* of a node: prefix of 253, slash, name of 63 */
#define API_LABEL_VALUE_MAX 63
/* RE2, as the API server checks them (Kubernetes: Labels and Selectors). */
#define API_LABEL_KEY_PATTERN                                                                      \
	"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
#define API_LABEL_VALUE_PATTERN "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
/* Entries of a node selector, and tolerations: more than any object in use has by far. */
#define API_SELECTOR_MAX    128
#define API_TOLERATIONS_MAX 128
#define API_MESSAGE_MAX     32768 /* metav1.Condition */
/* Of a DiscoveryPolicy, in both forms. */
#define API_URL_MAX   2048
#define API_REGEX_MAX 4096
#define API_QUERY_MAX 65536

/* Go durations without a sign; the rule also refuses what overflows (behaviour.md 33, 34). */
#define API_DURATION_PATTERN                                                                       \
	"^\\+?(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h))+)$"
#define API_DURATION_MAX 64                         /* characters */
extern const struct desc_rule api_duration_rules[]; /* of each F_DURATION; rule == NULL ends */

/*
 * Limits of a node selector: what no label of a node can be is refused. The length of a key has no
 * keyword in a schema, so a rule says it.
 */
extern const struct desc_rule api_selector_rules[];
#define API_SELECTOR                                                                               \
	.max_items = API_SELECTOR_MAX, .max_len = API_LABEL_VALUE_MAX,                             \
	.max_key_len = API_LABEL_KEY_MAX, .rules = api_selector_rules

/*
 * `image` is a repository: with a tag or a digest in it the reference has two, and no kubelet takes
 * it. A colon before the last slash is the port of a registry.
 */
extern const struct desc_rule api_repository_rules[];

/*
 * At most one of tag and digest (behaviour.md 33); "" counts as unset, so that a
 * template that renders an empty value stays valid.
 */
#define API_TAG_XOR_DIGEST                                                                         \
	{                                                                                          \
		"!has(self.tag) || self.tag == '' || !has(self.digest) || self.digest == ''",      \
			"set tag or digest, not both"                                              \
	}

extern const struct desc cachedimage_desc, cachedimage_spec_desc, cachedimage_status_desc;
extern const struct desc cachedimageset_desc, cachedimageset_spec_desc, cachedimageset_status_desc;
extern const struct desc discoverypolicy_desc, discoverypolicy_spec_desc,
	discoverypolicy_status_desc, discovery_source_desc;
/* api/discoverypipeline.c: what the pipeline form has besides. */
extern const struct desc cluster_source_desc;
extern const struct desc discovery_query_desc, discovery_signal_desc, discovery_ranking_desc,
	signal_value_desc, query_result_desc;
extern const struct desc_rule api_pipeline_rules[]; /* of the spec; rule == NULL ends */
extern const struct desc pod_metadata_desc;
extern const struct desc pullpolicy_desc, pullpolicy_spec_desc, pullpolicy_status_desc;
extern const struct desc node_desc, pod_desc, lease_desc;

/* A quantity of bytes that is not zero: 500M, 1.5Gi. */
#define API_BYTES .max_len = 20, .pattern = "^[1-9][0-9]{0,14}(\\.[0-9]{1,3})?([kMGTP]|[KMGTP]i)?$"

#endif
