/* Which nodes are targeted and eligible (behaviour.md 1, 2). */
#include "tests/unit.h"

#include "reconciler/rules/target.h"

#define MAP(...)                                                                                   \
	{                                                                                          \
		(struct api_kv[]){__VA_ARGS__},                                                    \
			sizeof((struct api_kv[]){__VA_ARGS__}) / sizeof(struct api_kv)             \
	}

struct toleration_row {
	const char *name;
	struct api_toleration t;
	struct node_taint taint;
	bool want;
};

static const struct toleration_row tolerations[] = {
	{"equal", {"k", "Equal", "v", "NoSchedule"}, {"k", "v", "NoSchedule"}, true},
	{"equal by default", {"k", NULL, "v", "NoSchedule"}, {"k", "v", "NoSchedule"}, true},
	{"equal, other value", {"k", "Equal", "w", "NoSchedule"}, {"k", "v", "NoSchedule"}, false},
	{"equal, absent is empty", {"k", NULL, NULL, NULL}, {"k", "", "NoExecute"}, true},
	{"exists ignores the value", {"k", "Exists", NULL, NULL}, {"k", "v", "NoExecute"}, true},
	{"exists, other key", {"l", "Exists", NULL, NULL}, {"k", "v", "NoExecute"}, false},
	{"empty key with Exists tolerates all",
	 {NULL, "Exists", NULL, NULL},
	 {"k", "v", "NoSchedule"},
	 true},
	{"empty key, but one effect",
	 {"", "Exists", NULL, "NoExecute"},
	 {"k", "v", "NoSchedule"},
	 false},
	{"empty key without Exists is nothing",
	 {NULL, NULL, NULL, NULL},
	 {"k", "", "NoSchedule"},
	 false},
	{"other effect", {"k", "Exists", NULL, "NoExecute"}, {"k", "v", "NoSchedule"}, false},
	{"unknown operator", {"k", "Lt", "v", NULL}, {"k", "v", "NoSchedule"}, false},
};

static void rule_1_tolerations(void **state)
{
	(void)state;
	FOREACH_ROW(struct toleration_row, tolerations)
	assert_int_equal(target_tolerates(&row->t, &row->taint), row->want);
}

struct match_row {
	const char *name;
	struct api_map selector, labels;
	struct node_taint taint;
	struct api_toleration of_image, of_policy;
	bool want;
};

static const struct match_row matches[] = {
	{"nothing asked", .labels = MAP({"a", "1"}), .want = true},
	{"selected", .selector = MAP({"a", "1"}), .labels = MAP({"a", "1"}, {"b", "2"}),
	 .want = true},
	{"every pair", .selector = MAP({"a", "1"}, {"b", "3"}),
	 .labels = MAP({"a", "1"}, {"b", "2"})},
	{"label absent", .selector = MAP({"c", "1"}), .labels = MAP({"a", "1"})},
	{"NoSchedule", .taint = {"t", "", "NoSchedule"}},
	{"NoExecute", .taint = {"t", "", "NoExecute"}},
	{"PreferNoSchedule is no matter", .taint = {"t", "", "PreferNoSchedule"}, .want = true},
	{"tolerated by the image", .taint = {"t", "", "NoSchedule"},
	 .of_image = {"t", "Exists", NULL, NULL}, .want = true},
	{"tolerated by the policy", .taint = {"t", "", "NoSchedule"},
	 .of_policy = {"t", "Exists", NULL, NULL}, .want = true},
};

static void rule_1_matches(void **state)
{
	(void)state;
	FOREACH_ROW(struct match_row, matches)
	{
		struct match_row r = *row;
		struct api_tolerations image = {&r.of_image, r.of_image.key != NULL};
		struct api_tolerations policy = {&r.of_policy, r.of_policy.key != NULL};
		struct node_taints taints = {&r.taint, r.taint.key != NULL};
		assert_int_equal(target_matches(&r.selector, &image, &policy, &r.labels, &taints),
				 r.want);
		/* What is not matched can be named. */
		assert_int_equal(target_missing(&r.selector, &r.labels) == NULL &&
					 target_untolerated(&image, &policy, &taints) == NULL,
				 r.want);
	}
}

static void rule_1_virtual(void **state)
{
	(void)state;
	struct api_map kubelet = MAP({"type", "vm"}), vk = MAP({"type", "virtual-kubelet"}),
		       fargate = MAP({"eks.amazonaws.com/compute-type", "fargate"});
	assert_false(target_is_virtual(&kubelet));
	assert_true(target_is_virtual(&vk));
	assert_true(target_is_virtual(&fargate));
}

struct eligible_row {
	const char *name, *ready, *pressure, *taint;
	int64_t deleted;
	enum target_state want;
};

static const struct eligible_row eligibles[] = {
	{"ready", "True", NULL, NULL, 0, TARGET_ELIGIBLE},
	{"not ready", "False", NULL, NULL, 0, TARGET_NOT_READY},
	{"unknown", "Unknown", NULL, NULL, 0, TARGET_NOT_READY},
	{"never reported", NULL, NULL, NULL, 0, TARGET_NOT_READY},
	{"disk pressure", "True", "True", NULL, 0, TARGET_DISK_PRESSURE},
	{"no disk pressure", "True", "False", NULL, 0, TARGET_ELIGIBLE},
	{"being deleted", "True", NULL, NULL, 5, TARGET_DELETED},
	{"cluster autoscaler", "True", NULL, "ToBeDeletedByClusterAutoscaler", 0, TARGET_LEAVING},
	{"karpenter", "True", NULL, "karpenter.sh/disrupted", 0, TARGET_LEAVING},
	{"karpenter before 1.0", "True", NULL, "karpenter.sh/disruption", 0, TARGET_LEAVING},
	{"AWS node termination handler", "True", NULL, "aws-node-termination-handler/spot-itn", 0,
	 TARGET_LEAVING},
	{"its name alone", "True", NULL, "aws-node-termination-handler", 0, TARGET_ELIGIBLE},
	{"GKE preemption", "True", NULL, "cloud.google.com/impending-node-termination", 0,
	 TARGET_LEAVING},
	{"out of service", "False", NULL, "node.kubernetes.io/out-of-service", 0, TARGET_SHUTDOWN},
	{"shut down", "Unknown", NULL, "node.cloudprovider.kubernetes.io/shutdown", 0,
	 TARGET_SHUTDOWN},
	{"not registered", "True", NULL, "karpenter.sh/unregistered", 0, TARGET_NOT_YET},
	{"not initialized", "True", NULL, "node.cloudprovider.kubernetes.io/uninitialized", 0,
	 TARGET_NOT_YET},
	{"no network", "True", NULL, "node.kubernetes.io/network-unavailable", 0, TARGET_NOT_YET},
	{"candidate of the autoscaler", "True", NULL, "DeletionCandidateOfClusterAutoscaler", 0,
	 TARGET_ELIGIBLE},
	{"excluded by option", "True", NULL, "example.com/drain", 0, TARGET_EXCLUDED},
	{"excluded by prefix", "True", NULL, "example.org/a/b", 0, TARGET_EXCLUDED},
	{"a key that goes on", "True", NULL, "example.com/drained", 0, TARGET_ELIGIBLE},
	{"another taint", "True", NULL, "dedicated", 0, TARGET_ELIGIBLE},
};

static void rule_2_eligible(void **state)
{
	(void)state;
	FOREACH_ROW(struct eligible_row, eligibles)
	{
		struct node_condition conditions[2];
		struct node_taint taint = {row->taint, "", "NoSchedule"};
		struct node n = {.meta.deleted = row->deleted,
				 .taints = {&taint, row->taint != NULL},
				 .conditions = {conditions, 0}};
		if (row->ready)
			conditions[n.conditions.n++] = (struct node_condition){"Ready", row->ready};
		if (row->pressure)
			conditions[n.conditions.n++] =
				(struct node_condition){"DiskPressure", row->pressure};
		assert_int_equal(target_state(&n, "example.com/drain,example.org/*"), row->want);
	}
}

/* 2. Pulls there come last. */
static void rule_2_last(void **state)
{
	(void)state;
	struct node_taint taint = {"DeletionCandidateOfClusterAutoscaler", "1", "PreferNoSchedule"};
	struct node n = {.taints = {&taint, 1}};
	assert_true(target_last(&n));
	taint.key = "dedicated";
	assert_false(target_last(&n));
}

static void excluded_taints_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *list;
		size_t bad;
	} lists[] = {{NULL, 0}, {"", 0},     {"a", 0},     {"a.b/c,d/*,e", 0}, {"a,,b", 2},
		     {"*", 1},  {"a, b", 2}, {"a,b c", 2}, {"a*b", 1},         {",", 1}};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(target_excluded_bad(lists[i].list), lists[i].bad);
}

static void rule_17a_kubelets(void **state)
{
	(void)state;
	static const struct {
		const char *version;
		bool checks;
	} rows[] = {
		{"v1.34.4", false},
		{"v1.35.0", true},
		{"v1.35.0-alpha.1+abc", true},
		{"v1.36.3-eks-1234", true},
		{"1.100.0", true},
		{"v2.0.0", true},
		{"v1.9", false},
		{"v1", false},
		{"", false},
		{NULL, false},
		{"v1.x", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(target_checks_credentials(rows[i].version), rows[i].checks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_1_tolerations), cmocka_unit_test(rule_1_matches),
		cmocka_unit_test(rule_1_virtual),     cmocka_unit_test(rule_2_eligible),
		cmocka_unit_test(rule_2_last),        cmocka_unit_test(excluded_taints_are_checked),
		cmocka_unit_test(rule_17a_kubelets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
