/*
 * PullPolicy: the pace of pulls (behaviour.md 9, 11-15). It has no
 * status; nothing is written to it.
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

static const struct desc_rule timeout_rules[] = {
	{"duration(self) > duration('0s')", "pullTimeout must be longer than zero"},
	{0},
};

static const struct field failure_backoff_rows[] = {
	ROW(failure_backoff, initial, "initial", F_DURATION, .flags = FF_HAS_DEFAULT,
	    .def_str = "30s", .doc = "Wait after the first failure; doubles with each more."),
	ROW(failure_backoff, max, "max", F_DURATION, .flags = FF_HAS_DEFAULT, .def_str = "5m",
	    .doc = "Longest wait."),
};
static DESC(failure_backoff, "BackoffConfig", "How long to wait after failures.");

static const struct field pullpolicy_spec_rows[] = {
	ROW(pullpolicy_spec, max_concurrent_nodes, "maxConcurrentNodes", F_INT,
	    .flags = FF_HAS_DEFAULT, .def_num = 1, COUNT32_MIN1,
	    .doc = "Nodes that may pull at the same time, over all images of this policy."),
	ROW(pullpolicy_spec, max_concurrent_pulls, "maxConcurrentPulls", F_INT,
	    .flags = FF_ADDITIVE, COUNT32,
	    .doc = "Pulls at the same time over all images of this policy; 0 or left out: no "
		   "limit."),
	ROW(pullpolicy_spec, max_pulls_per_node, "maxPullsPerNode", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 2, COUNT32_MIN1,
	    .doc = "Pulls at the same time on one node, of any policy."),
	ROW(pullpolicy_spec, min_delay_between_pulls, "minDelayBetweenPulls", F_DURATION,
	    .flags = FF_HAS_DEFAULT, .def_str = "10s",
	    .doc = "Wait between the start on one node and the next start on another; 0s: none."),
	ROW(pullpolicy_spec, pull_timeout, "pullTimeout", F_DURATION,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_str = "30m", .rules = timeout_rules,
	    .doc = "A pull that takes longer counts as failed."),
	ROW(pullpolicy_spec, failure_backoff, "failureBackoff", F_OBJECT,
	    .sub = &failure_backoff_desc,
	    .doc = "Waits after failures; 30s doubling to 5m when left out."),
	ROW(pullpolicy_spec, repull_interval, "repullInterval", F_DURATION,
	    .doc = "Pull again what was pulled longer ago; 0s or left out: never."),
	ROW(pullpolicy_spec, node_selector, "nodeSelector", F_MAP, API_SELECTOR,
	    .doc = "Labels of the nodes this policy paces; others follow the built-in defaults."),
	ROW(pullpolicy_spec, tolerations, "tolerations", F_LIST, .sub = &api_toleration_desc,
	    .max_items = API_TOLERATIONS_MAX,
	    .doc = "Taints that do not keep images of this policy off a node."),
};
DESC(pullpolicy_spec, "PullPolicySpec", "How fast, and how patient.");

static const struct field pullpolicy_rows[] = {
	ROW(pullpolicy, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA, .sub = &api_meta_desc),
	ROW(pullpolicy, spec, "spec", F_INLINE, .flags = FF_HAS_DEFAULT,
	    .sub = &pullpolicy_spec_desc, .doc = "How fast, and how patient."),
};
DESC(pullpolicy, "PullPolicy", "The pace at which images are pulled onto nodes.");
