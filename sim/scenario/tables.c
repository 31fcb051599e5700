/*
 * The scenario file as descriptor tables: names, defaults, limits and the words of
 * docs/scenario.md. The one place that spells a key of it.
 */
#include "sim/scenario/tables.h"

#include <stdint.h>

#include "api/row.h"

#include "sim/scenario/dialect.h"
#include "sim/scenario/pull_faults.h"

#define NAME_PATTERN "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
#define MANY         20000
#define MIB_MAX      (1024 * 1024) /* a tebibyte */

const char *const sim_step_objects[] = {"object", "status", "pod", NULL};

#define NAME_OF(id, name, ...) name,
static const char *const fault_kinds[] = {API_FAULTS(NAME_OF) NULL};
static const char *const step_names[] = {SIM_STEPS(NAME_OF) NULL};
static const char *const pull_faults[] = {PULL_FAULTS(NAME_OF) NULL};
static const char *const verbs[] = {"get",    "list",  "watch",  "create",
				    "update", "patch", "delete", NULL};
static const char *const taint_effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};
static const char *const clocks[] = {"wall", "sleep", NULL};
static const char *const expect_kinds[] = {"CachedImage", "CachedImageSet", "DiscoveryPolicy",
					   "Node", NULL};

static const struct field taint_rows[] = {
	ROW(node_taint, key, "key", F_STRING, .flags = FF_REQUIRED, .doc = "Name of the taint."),
	ROW(node_taint, value, "value", F_STRING, .doc = "Its value."),
	ROW(node_taint, effect, "effect", F_STRING, .flags = FF_REQUIRED, .enums = taint_effects,
	    .doc = "Its effect."),
};
static const struct desc taint_desc = {"taint",    "A taint.", sizeof(struct node_taint),
				       taint_rows, 3,          NULL};

static const struct field sim_startup_taint_rows[] = {
	ROW(sim_startup_taint, key, "key", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Name of the taint."),
	ROW(sim_startup_taint, value, "value", F_STRING, .doc = "Its value."),
	ROW(sim_startup_taint, effect, "effect", F_STRING, .flags = FF_HAS_DEFAULT,
	    .def_str = "NoSchedule", .enums = taint_effects, .doc = "Its effect."),
	ROW(sim_startup_taint, cleared_ms, "clearedAfter", F_DURATION,
	    .doc = "Time after the registration at which another controller removes it, as a "
		   "cloud controller manager does with "
		   "`node.cloudprovider.kubernetes.io/uninitialized`."),
	ROW(sim_startup_taint, back_ms, "backAfter", F_DURATION,
	    .doc = "Time after each removal at which another controller puts it back."),
};
static DESC(sim_startup_taint, "nodes[].startupTaints[]",
	    "A taint that a node registers with and that is not written again by its kubelet.");

static const struct field sim_group_rows[] = {
	ROW(sim_group, name, "name", F_STRING, .flags = FF_REQUIRED, .max_len = 60,
	    .pattern = NAME_PATTERN, .doc = "Nodes are named NAME-000, NAME-001 and so on."),
	ROW(sim_group, count, "count", F_INT, .flags = FF_HAS_DEFAULT, .def_num = 1, .min = 1,
	    .max = MANY, .doc = "Number of nodes."),
	ROW(sim_group, labels, "labels", F_MAP,
	    .doc = "Labels in addition to those that every kubelet sets."),
	ROW(sim_group, taints, "taints", F_LIST, .sub = &taint_desc, .doc = "Taints."),
	ROW(sim_group, startup, "startupTaints", F_LIST, .sub = &sim_startup_taint_desc,
	    .max_items = 16,
	    .doc = "Taints that the nodes register with, as with kubelet's "
		   "`--register-with-taints`."),
	ROW(sim_group, karpenter_ms, "karpenter", F_DURATION,
	    .doc = "The nodes belong to Karpenter: they register with the label "
		   "`karpenter.sh/nodepool` (the group's name) and the taint "
		   "`karpenter.sh/unregistered`. After this time Karpenter registers them: in one "
		   "update it adds those `startupTaints` that are gone, except for those with "
		   "`clearedAfter`, removes its taint and sets the label "
		   "`karpenter.sh/registered`."),
	ROW(sim_group, os, "os", F_STRING, .flags = FF_HAS_DEFAULT, .def_str = "linux",
	    .doc = "Operating system."),
	ROW(sim_group, arch, "arch", F_STRING, .flags = FF_HAS_DEFAULT, .def_str = "amd64",
	    .doc = "Architecture."),
	ROW(sim_group, kubelet, "kubelet", F_STRING, .flags = FF_HAS_DEFAULT,
	    .def_str = DIALECT_DEFAULT, .enums = dialect_names,
	    .doc = "Version of the kubelet (and runtime) whose words and version the nodes have, "
		   "as "
		   "recorded in tests/cluster/dialects.json."),
	ROW(sim_group, disk_mib, "diskMiB", F_INT, .min = 1, .max = MIB_MAX,
	    .doc = "Disk for images. Above 85 % unused images are removed, the longest unused "
		   "first, down to 80 %. Left out: no limit."),
	ROW(sim_group, bandwidth_mib, "bandwidthMiB", F_INT, .min = 1, .max = MIB_MAX,
	    .doc = "Bandwidth of a node in MiB per second, shared by its pulls. Left out: pulls "
		   "take no time."),
	ROW(sim_group, max_pods, "maxPods", F_INT, .flags = FF_HAS_DEFAULT, .def_num = 110,
	    .min = 1, .max = MANY, .doc = "More pods are rejected as OutOfpods."),
	ROW(sim_group, parallel_pulls, "parallelPulls", F_BOOL,
	    .doc = "Pull several images at a time; kubelet's default is one after the other."),
	ROW(sim_group, lost_events, "lostEventsPercent", F_INT, .min = 0, .max = 100,
	    .doc = "Percentage of the events Pulled that the kubelets fail to write, chosen at "
		   "random."),
	ROW(sim_group, max_images, "maxImages", F_INT, .flags = FF_HAS_DEFAULT, .def_num = 50,
	    .min = -1, .max = MANY,
	    .doc = "Images that the Node's status lists (kubelet's nodeStatusMaxImages); -1: all."),
	ROW(sim_group, pad_kib, "padKiB", F_INT, .min = 1, .max = 1024,
	    .doc = "KiB of annotations, to make the Node object large."),
	ROW(sim_group, heartbeat_s, "heartbeatSeconds", F_INT, .flags = FF_HAS_DEFAULT,
	    .def_num = 300, .min = 1, .max = 86400,
	    .doc = "Interval between two updates of the Node."),
	ROW(sim_group, skew_ms, "clockSkew", F_DURATION, .min = INT64_MIN,
	    .doc = "Offset of the kubelets' clocks in whole seconds; negative: behind."),
	ROW(sim_group, by_hand, "byHand", F_BOOL,
	    .doc = "No kubelet: the nodes register once, their pods stay as they are until a step "
		   "`pod-status`; deleted ones go, unless the node is not ready."),
	ROW(sim_group, absent, "absent", F_BOOL, .doc = "They exist only after a `node-join`."),
	ROW(sim_group, images, "images", F_STRINGS, .max_items = 1000, .min_len = 1,
	    .doc = "References that are on the nodes from the start."),
};
static DESC(sim_group, "nodes[]", "A group of equal nodes.");

static const struct field sim_layer_rows[] = {
	ROW(sim_layer, name, "name", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Layers with the same name have the same content; a node downloads it once."),
	ROW(sim_layer, size_mib, "sizeMiB", F_INT, .min = 1, .max = MIB_MAX, .doc = "Its size."),
};
static DESC(sim_layer, "images[].layers[]", "A layer of an image.");

static const struct field sim_image_rows[] = {
	ROW(sim_image, ref, "ref", F_STRING, .flags = FF_REQUIRED, .max_len = 512,
	    .doc = "Reference, as in a pod."),
	ROW(sim_image, size_mib, "sizeMiB", F_INT, .min = 1, .max = MIB_MAX,
	    .doc = "Size of its only layer, if no layers are listed."),
	ROW(sim_image, layers, "layers", F_LIST, .sub = &sim_layer_desc, .max_items = 128,
	    .doc = "Its layers."),
	ROW(sim_image, platforms, "platforms", F_STRINGS, .max_items = 16,
	    .pattern = "^[a-z0-9]+/[a-z0-9]+$",
	    .doc = "Such as linux/amd64; the image is an index with these. Left out: it is no "
		   "index, and every node can pull it."),
	ROW(sim_image, scratch, "scratch", F_BOOL,
	    .doc = "It has no `true` in it, so that containers end with StartError."),
	ROW(sim_image, needs_secret, "needsSecret", F_BOOL,
	    .doc = "401 without an imagePullSecret that exists; over HTTP, without a token."),
};
static DESC(sim_image, "images[]", "An image in a registry.");

static const struct field sim_registry_rows[] = {
	ROW(sim_registry, host, "host", F_STRING, .flags = FF_REQUIRED,
	    .doc = "As in references: docker.io, registry.example:5000."),
	ROW(sim_registry, fault, "fault", F_STRING, .enums = pull_faults,
	    .doc = "Fault of each pull and of each request over HTTP, from the start."),
	ROW(sim_registry, delay_ms, "delay", F_DURATION, .doc = "Delay before the first byte."),
};
static DESC(sim_registry, "registries[]", "A registry with special properties.");

static const struct field sim_metric_rows[] = {
	ROW(sim_metric, image, "image", F_STRING, .flags = FF_REQUIRED, .max_len = 512,
	    .doc = "The label `image` of the series."),
	ROW(sim_metric, value, "value", F_INT, .flags = FF_REQUIRED, .doc = "Its value."),
};
static DESC(sim_metric, "metrics[]", "A series of the simulated Prometheus.");

static const struct field sim_api_fault_rows[] = {
	ROW(sim_api_fault, kind, "kind", F_STRING, .flags = FF_REQUIRED, .enums = fault_kinds,
	    .doc = "What happens; see *Faults of the API*."),
	ROW(sim_api_fault, verbs, "verbs", F_STRINGS, .enums = verbs, .max_items = 7,
	    .doc = "Affected verbs; left out: all."),
	ROW(sim_api_fault, resources, "resources", F_STRINGS, .max_items = 32, .min_len = 1,
	    .doc = "Plural names, `pods` or `pods/status`; left out: all."),
	ROW(sim_api_fault, name, "name", F_STRING, .doc = "Name of the object; left out: any."),
	ROW(sim_api_fault, user_agent, "userAgent", F_STRING,
	    .doc = "Prefix of the client's User-Agent, such as `drop-puller`; left out: any."),
	ROW(sim_api_fault, percent, "percent", F_INT, .flags = FF_HAS_DEFAULT, .def_num = 100,
	    .min = 1, .max = 100, .doc = "Percentage of these requests, chosen at random."),
	ROW(sim_api_fault, limit, "limit", F_INT, .min = 1, .max = INT32_MAX,
	    .doc = "Maximum number of times."),
	ROW(sim_api_fault, code, "code", F_INT, .min = 400, .max = 599,
	    .doc = "HTTP status of `status`; default 500."),
	ROW(sim_api_fault, retry_after_s, "retryAfterSeconds", F_INT, .min = 1, .max = 3600,
	    .doc = "Retry-After header of `status`."),
	ROW(sim_api_fault, delay_ms, "delay", F_DURATION,
	    .doc = "Of `slow`, `lag-watch` and `stale-list`."),
};
DESC(sim_api_fault, "faults[]", "Faults of API requests; the first match applies.");

static const struct field sim_step_rows[] = {
	ROW(sim_step, at_ms, "at", F_DURATION,
	    .doc = "Time after the start (at run time: from now). Steps with equal times run in "
		   "file order."),
	ROW(sim_step, what, "do", F_STRING, .flags = FF_REQUIRED, .enums = step_names,
	    .doc = "What happens; see *Steps*."),
	ROW(sim_step, node, "node", F_STRING, .doc = "`NAME-007`, or `NAME`: each of the group."),
	ROW(sim_step, image, "image", F_STRING, .max_len = 512, .doc = "A reference."),
	ROW(sim_step, registry, "registry", F_STRING, .doc = "A registry's host."),
	ROW(sim_step, fault, "fault", F_STRING, .enums = pull_faults,
	    .doc = "See *Faults of a pull*."),
	ROW(sim_step, size_mib, "sizeMiB", F_INT, .min = 1, .max = MIB_MAX,
	    .doc = "Size of the new content."),
	ROW(sim_step, for_ms, "for", F_DURATION,
	    .doc = "Duration, after which the step is reverted."),
	ROW(sim_step, by_ms, "by", F_DURATION, .min = INT64_MIN,
	    .doc = "Jump of the clocks; negative: back."),
	ROW(sim_step, clock, "clock", F_STRING, .enums = clocks, .flags = FF_HAS_DEFAULT,
	    .def_str = "wall",
	    .doc = "Which: `wall`, or `sleep` as after a suspend (wall and boot time)."),
	ROW(sim_step, end, "end", F_BOOL,
	    .doc = "Reverts the effect of an earlier step of this kind, as `for` does later."),
	ROW(sim_step, api, "api", F_OBJECT, .sub = &sim_api_fault_desc,
	    .doc = "The rule of `api-fault`; keys as in `faults`."),
	ROW(sim_step, object, "object", F_STRING, .doc = "A Kubernetes object, written as YAML."),
	ROW(sim_step, status, "status", F_STRING,
	    .doc = "A status, or a part of one. In its texts `$NOW`, `$NOW-300`, `$NOW+5` "
		   "(seconds) are replaced by times, `$IMAGE` and `$NODE` by those of the pod."),
	ROW(sim_step, pod, "pod", F_STRING,
	    .doc = "A part of a Pod, such as `metadata.labels`, `spec.containers`, "
		   "`spec.initContainers`; containers are merged by their names."),
	ROW(sim_step, stays, "stays", F_BOOL,
	    .doc = "For `pod-status`: applies also to pods created later, until the same step with "
		   "`end`."),
	ROW(sim_step, after_ms, "after", F_DURATION,
	    .doc = "For `pod-status`: delay after the creation of a later pod."),
};
DESC(sim_step, "timeline[]", "One step.");

static const struct field sim_expect_rows[] = {
	ROW(sim_expect, kind, "kind", F_STRING, .flags = FF_HAS_DEFAULT, .def_str = "CachedImage",
	    .enums = expect_kinds, .doc = "Kind of the object."),
	ROW(sim_expect, name, "name", F_STRING, .flags = FF_REQUIRED, .doc = "Its name."),
	ROW(sim_expect, phase, "phase", F_STRING,
	    .doc = "Its `status.phase`; of a Node `open`, or the keys of its taints with commas "
		   "between them; left out: any."),
	ROW(sim_expect, ready, "ready", F_STRING,
	    .doc = "Its `status.ready` (of a set n/m images, of a DiscoveryPolicy "
		   "`status.imageCount`); left out: any."),
	ROW(sim_expect, cause, "cause", F_STRING,
	    .doc = "A part of the message of its Ready condition; left out: any."),
	ROW(sim_expect, current, "current", F_BOOL,
	    .doc = "Of a CachedImage: the nodes in `status.cachedNodes` list the image that its "
		   "reference has in the registry now."),
	ROW(sim_expect, pulls, "pulls", F_INT, .min = 1, .max = MANY,
	    .doc = "Of a CachedImage: how often all nodes together have pulled its reference, for "
		   "any pods; left out: any number."),
};
static DESC(sim_expect, "expect[]", "An expectation at the end.");

static const struct field sim_scenario_rows[] = {
	ROW(sim_scenario, title, "title", F_STRING, .max_len = 200,
	    .doc = "Title of the scenario."),
	ROW(sim_scenario, seed, "seed", F_INT, .min = 0, .max = INT32_MAX,
	    .doc = "Seed of the random numbers; equal seeds give equal runs."),
	ROW(sim_scenario, any_image, "anyImage", F_BOOL,
	    .doc = "Images that are not listed exist, too; default true."),
	ROW(sim_scenario, image_size_mib, "imageSizeMiB", F_INT, .flags = FF_HAS_DEFAULT,
	    .def_num = 50, .min = 1, .max = MIB_MAX, .doc = "Mean size of these images."),
	ROW(sim_scenario, nodes, "nodes", F_LIST, .sub = &sim_group_desc, .max_items = 1000,
	    .doc = "Groups of nodes."),
	ROW(sim_scenario, images, "images", F_LIST, .sub = &sim_image_desc, .max_items = MANY,
	    .doc = "Images with special properties."),
	ROW(sim_scenario, registries, "registries", F_LIST, .sub = &sim_registry_desc,
	    .max_items = 1000, .doc = "Registries with special properties; all others work."),
	ROW(sim_scenario, metrics, "metrics", F_LIST, .sub = &sim_metric_desc, .max_items = MANY,
	    .doc = "Result of every query of `$SERVER/prometheus`."),
	ROW(sim_scenario, faults, "faults", F_LIST, .sub = &sim_api_fault_desc,
	    .max_items = SIM_FAULTS_MAX, .doc = "Faults of the API, from the start."),
	ROW(sim_scenario, timeline, "timeline", F_LIST, .sub = &sim_step_desc,
	    .max_items = SIM_STEPS_MAX, .doc = "Steps with their times."),
	ROW(sim_scenario, expect, "expect", F_LIST, .sub = &sim_expect_desc,
	    .max_items = SIM_EXPECT_MAX, .doc = "Expected result (`drop-sim --until-expected`)."),
};
DESC(sim_scenario, "scenario", "A simulated cluster.");
