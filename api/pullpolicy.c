/* PullPolicy: the pace of pulls (behaviour.md 9, 11-15), and whether it is valid (59). */
#include "api/kinds.h"

#include "api/pullpod.h"
#include "api/row.h"
#include "api/tables.h"

static const struct desc_rule timeout_rules[] = {
	{"duration(self) > duration('0s')", "pullTimeout must be longer than zero"},
	{0},
};

static const char *const concurrency_scopes[] = {"Policy", PULLPOLICY_SCOPE_IMAGE, NULL};
static const char *const repull_modes[] = {"Auto", "Always", NULL};
static const char *const registry_checks[] = {"Auto", "Disabled", NULL};

static const char *const new_nodes[] = {"Ignore", "Obey", NULL};
static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", NULL};

#define CLOCK_TIME "^([01][0-9]|2[0-3]):[0-5][0-9]$"

static const struct desc_rule window_rules[] = {
	{"self.start != self.end", "start and end must differ"},
	{0},
};

static const struct field pull_window_spec_rows[] = {
	ROW(pull_window_spec, start, "start", F_STRING, .flags = FF_REQUIRED, .max_len = 5,
	    .pattern = CLOCK_TIME, .doc = "Time of day at which the window opens, such as 22:00."),
	ROW(pull_window_spec, end, "end", F_STRING, .flags = FF_REQUIRED, .max_len = 5,
	    .pattern = CLOCK_TIME,
	    .doc = "Time of day at which the window closes, on the next day if it is earlier than "
		   "start."),
	ROW(pull_window_spec, days, "days", F_STRINGS, .enums = days, .max_items = 7,
	    .doc = "Days on which the window opens. Left out: every day."),
	ROW(pull_window_spec, timezone, "timezone", F_STRING, .max_len = 64,
	    .pattern = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
	    .doc = "IANA name of the time zone, such as Europe/Berlin; UTC when left out."),
};
static DESC(pull_window_spec, "PullWindow", "A time of the day at which pulls may start.",
	    .rules = window_rules);

static const struct field failure_backoff_rows[] = {
	ROW(failure_backoff, initial, "initial", F_DURATION, .flags = FF_HAS_DEFAULT,
	    .def_str = "30s",
	    .doc = "Delay after the first failure; doubled after each further failure."),
	ROW(failure_backoff, max, "max", F_DURATION, .flags = FF_HAS_DEFAULT, .def_str = "5m",
	    .doc = "Upper limit of the delay."),
};
static DESC(failure_backoff, "BackoffConfig", "Delay before a failed pull is retried.");

static const struct field pullpolicy_spec_rows[] = {
	ROW(pullpolicy_spec, max_concurrent_nodes, "maxConcurrentNodes", F_INT,
	    .flags = FF_HAS_DEFAULT, .def_num = 1, COUNT32_MIN1,
	    .doc = "Maximum number of nodes that pull at the same time, over all images of this "
		   "policy; with concurrencyScope Image, for each image."),
	ROW(pullpolicy_spec, concurrency_scope, "concurrencyScope", F_STRING, .flags = FF_ADDITIVE,
	    .enums = concurrency_scopes,
	    .doc = "What maxConcurrentNodes and minDelayBetweenPulls apply to. Policy: all images "
		   "of "
		   "this policy together. Image: each image separately, whatever the others do; "
		   "maxConcurrentPulls limits them together. Policy when left out."),
	ROW(pullpolicy_spec, max_concurrent_pulls, "maxConcurrentPulls", F_INT,
	    .flags = FF_ADDITIVE, COUNT32,
	    .doc = "Maximum number of concurrent pulls over all images of this policy; 0 or left "
		   "out: no limit."),
	ROW(pullpolicy_spec, max_pulls_per_node, "maxPullsPerNode", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 2, COUNT32_MIN1,
	    .doc = "Maximum number of concurrent pulls on one node, counting the pulls of all "
		   "policies."),
	ROW(pullpolicy_spec, max_held_nodes, "maxHeldNodes", F_INT, .flags = FF_ADDITIVE, COUNT32,
	    .doc = "Maximum number of new nodes with a startup taint that pull images with "
		   "gateNodes at the same time, which maxConcurrentNodes does not limit; 0 or left "
		   "out: no limit."),
	ROW(pullpolicy_spec, max_bytes_per_second, "maxBytesPerSecond", F_STRING,
	    .flags = FF_ADDITIVE, API_BYTES,
	    .doc = "Maximum rate of this policy's pulls in compressed bytes per second, "
		   "such as 50M or 200Mi; left out: no limit. A pull starts when the time "
		   "that the earlier ones take at this rate is over, so the rate is "
		   "exceeded by one image at most."),
	ROW(pullpolicy_spec, max_images_per_pod, "maxImagesPerPod", F_INT, .flags = FF_ADDITIVE,
	    .bits = 32, .min = 1, .max = PULLPOD_IMAGES_MAX,
	    .doc = "Maximum number of images that one pull pod pulls, one after another, "
		   "if they are in the same registry and start on the same node at the "
		   "same time; such a pod counts as one pull for the limits of this "
		   "policy. 1 when left out."),
	ROW(pullpolicy_spec, max_image_size, "maxImageSize", F_STRING, .flags = FF_ADDITIVE,
	    API_BYTES,
	    .doc = "Maximum size of an image in compressed bytes, such as 2G; a larger "
		   "one is not pulled and is Degraded with reason ImageTooLarge. Left "
		   "out: no limit."),
	ROW(pullpolicy_spec, max_node_image_disk_percent, "maxNodeImageDiskPercent", F_INT,
	    .flags = FF_ADDITIVE, .bits = 32, .min = 1, .max = 100,
	    .doc = "Maximum share of a node's ephemeral storage that its images and the "
		   "image to pull take, by a coarse estimate; a node without room for 10 "
		   "minutes is skipped. Left out: no limit."),
	ROW(pullpolicy_spec, min_delay_between_pulls, "minDelayBetweenPulls", F_DURATION,
	    .flags = FF_HAS_DEFAULT, .def_str = "10s",
	    .doc = "Minimum delay between the start of a pull on one node and the next start on "
		   "another node; 0s: no delay."),
	ROW(pullpolicy_spec, pull_timeout, "pullTimeout", F_DURATION,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_str = "30m", .rules = timeout_rules,
	    .doc = "Time after which an unfinished pull counts as failed. For a pod of several "
		   "images "
		   "it is multiplied by their number, up to 2h."),
	ROW(pullpolicy_spec, failure_backoff, "failureBackoff", F_OBJECT,
	    .sub = &failure_backoff_desc,
	    .doc = "Delays after failures; from 30s, doubled up to 5m, when left out."),
	ROW(pullpolicy_spec, repull_interval, "repullInterval", F_DURATION,
	    .doc = "Interval after which an image is pulled again; 0s or left out: never."),
	ROW(pullpolicy_spec, repull_mode, "repullMode", F_STRING, .flags = FF_ADDITIVE,
	    .enums = repull_modes,
	    .doc = "Auto: a repull that would change nothing according to the registry "
		   "creates no pod, except for every seventh. Always: every repull "
		   "creates a pod. Auto when left out."),
	ROW(pullpolicy_spec, registry_checks, "registryChecks", F_STRING, .flags = FF_ADDITIVE,
	    .enums = registry_checks,
	    .doc = "Auto: requests about images of this policy are sent to registries "
		   "where that saves pulls. Disabled: never. Auto when left out."),
	ROW(pullpolicy_spec, suspend, "suspend", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "true: no pull of an image of this policy starts, on any node; pulls in flight "
		   "end as usual. false when left out."),
	ROW(pullpolicy_spec, pull_windows, "pullWindows", F_LIST, .flags = FF_ADDITIVE,
	    .sub = &pull_window_spec_desc, .max_items = PULL_WINDOWS_MAX,
	    .doc = "Times of the week at which pulls may start; pulls in flight end as usual. Left "
		   "out: at any time."),
	ROW(pullpolicy_spec, new_nodes_in_windows, "newNodesInWindows", F_STRING,
	    .flags = FF_ADDITIVE, .enums = new_nodes,
	    .doc = "Ignore: pulls on new nodes, and pulls that a node with a startup taint waits "
		   "for, "
		   "start at any time. Obey: they start only in pullWindows. Ignore when left "
		   "out."),
	ROW(pullpolicy_spec, node_selector, "nodeSelector", F_MAP, API_SELECTOR,
	    .doc = "Labels of the nodes to which this policy applies; on other nodes the built-in "
		   "defaults apply. Left out: all nodes."),
	ROW(pullpolicy_spec, tolerations, "tolerations", F_LIST, .sub = &api_toleration_desc,
	    .max_items = API_TOLERATIONS_MAX,
	    .doc = "Taints to tolerate, in addition to the tolerations of the image."),
};
DESC(pullpolicy_spec, "PullPolicySpec", "Pacing, back-off and timeouts for image pulls.");

static const struct field pullpolicy_status_rows[] = {
	ROW(pullpolicy_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS | FF_ADDITIVE, .bits = 64,
	    .doc = "metadata.generation of the spec that this status describes."),
	ROW(pullpolicy_status, conditions, "conditions", F_LIST,
	    .flags = FF_LIST_KEYED | FF_ADDITIVE, .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Condition Ready, with the number of images that use the policy; Stalled and "
		   "Suspended only while they apply."),
};
DESC(pullpolicy_status, "PullPolicyStatus", "Observed state, written by drop.");

static const struct field pullpolicy_rows[] = {
	ROW(pullpolicy, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA, .sub = &api_meta_desc),
	ROW(pullpolicy, spec, "spec", F_INLINE, .flags = FF_HAS_DEFAULT,
	    .sub = &pullpolicy_spec_desc, .doc = "Pacing, back-off and timeouts for image pulls."),
	ROW(pullpolicy, status, "status", F_INLINE, API_STATUS_DEFAULT,
	    .sub = &pullpolicy_status_desc, .doc = "Observed state, written by drop."),
};
DESC(pullpolicy, "PullPolicy", "Pacing, back-off and timeouts for image pulls.");
