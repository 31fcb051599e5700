/* Whose taints may be removed, what a node waits for, and the deadline (behaviour 45). */
#include "tests/unit.h"

#include "reconciler/rules/startup.h"

static void rule_45_keys(void **state)
{
	static const struct {
		const char *remove, *tolerate;
		enum startup_fault fault;
		size_t number;
	} rows[] = {
		{NULL, NULL, STARTUP_OK, 0},
		{"example.com/a,drop.corewire.io/cold", "readiness.k8s.io/x", STARTUP_OK, 0},
		{"startup-taint.cluster-autoscaler.kubernetes.io/drop", NULL, STARTUP_OK, 0},
		{NULL, "node.cilium.io/agent-not-ready", STARTUP_OK, 0},
		{"a,node.cilium.io/agent-not-ready", NULL, STARTUP_FOREIGN, 2},
		{"node.kubernetes.io/not-ready", NULL, STARTUP_FOREIGN, 1},
		{"node-role.kubernetes.io/control-plane", NULL, STARTUP_FOREIGN, 1},
		{"node.cloudprovider.kubernetes.io/uninitialized", NULL, STARTUP_FOREIGN, 1},
		{"karpenter.sh/unregistered", NULL, STARTUP_FOREIGN, 1},
		{"readiness.k8s.io/x", NULL, STARTUP_FOREIGN, 1},
		{"ToBeDeletedByClusterAutoscaler", NULL, STARTUP_FOREIGN, 1},
		{"ToBeDeletedByClusterAutoscalerX", NULL, STARTUP_OK, 0},
		{"a b", NULL, STARTUP_NO_KEY, 1},
		{"a,,b", NULL, STARTUP_NO_KEY, 2},
		{NULL, "a,*", STARTUP_NO_KEY, 2},
		{"a,b", "c,b", STARTUP_TWICE, 2},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct startup_keys keys = {rows[i].remove, rows[i].tolerate};
		size_t number = 0;
		bool tolerate;
		assert_int_equal(startup_check(&keys, &number, &tolerate), rows[i].fault);
		if (rows[i].fault != STARTUP_OK)
			assert_int_equal(number, rows[i].number);
	}
}

static void rule_45_a_key_is_compared_whole(void **state)
{
	struct startup_keys keys = {"a/b,c", "d"};
	(void)state;
	assert_int_equal(startup_taint_of(&keys, "a/b"), STARTUP_REMOVE);
	assert_int_equal(startup_taint_of(&keys, "c"), STARTUP_REMOVE);
	assert_int_equal(startup_taint_of(&keys, "d"), STARTUP_TOLERATE);
	assert_int_equal(startup_taint_of(&keys, "a"), STARTUP_NONE);
	assert_int_equal(startup_taint_of(&keys, "a/b,c"), STARTUP_NONE);
	assert_int_equal(startup_taint_of(&keys, ""), STARTUP_NONE);
	assert_int_equal(startup_taint_of(&keys, NULL), STARTUP_NONE);
}

static void rule_45_others_come_first(void **state)
{
	struct node_taint karpenter = {"karpenter.sh/unregistered", NULL, "NoExecute"};
	struct node_taint cloud = {"node.cloudprovider.kubernetes.io/uninitialized", "true",
				   "NoSchedule"};
	struct api_kv labels[] = {{"karpenter.sh/nodepool", "p"},
				  {"karpenter.sh/registered", "true"}};
	struct node n = {0};
	(void)state;
	assert_false(startup_unfinished(&n));
	n.taints = (struct node_taints){&karpenter, 1};
	assert_true(startup_unfinished(&n));
	n.taints = (struct node_taints){&cloud, 1};
	assert_true(startup_unfinished(&n));
	n.taints.n = 0;
	n.meta.labels = (struct api_map){labels, 1};
	assert_true(startup_unfinished(&n));
	n.meta.labels.n = 2;
	assert_false(startup_unfinished(&n));
	labels[1].value = "false";
	assert_true(startup_unfinished(&n));
}

/* What only advises the scheduler keeps no pod away. */
static void rule_45_taints_of_the_node_itself(void **state)
{
	static const struct {
		const char *key, *effect;
		bool unsettled;
	} rows[] = {
		{"node.kubernetes.io/not-ready", "NoSchedule", true},
		{"node.kubernetes.io/network-unavailable", "NoExecute", true},
		{"node.kubernetes.io/memory-pressure", "PreferNoSchedule", false},
		{"node.kubernetes.io.example/x", "NoSchedule", false},
		{"cold", "NoSchedule", false},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct node_taint t = {rows[i].key, NULL, rows[i].effect};
		struct node n = {.taints = {&t, 1}};
		assert_int_equal(startup_unsettled(&n), rows[i].unsettled);
	}
}

static void rule_45_the_deadline(void **state)
{
	int64_t d = 8 * 60 * 1000;
	(void)state;
	assert_int_equal(startup_deadline(1000, 1010, d), 1010 + 480);
	/* The clock of the kubelet is behind. */
	assert_int_equal(startup_deadline(1000, 700, d), 1000 + 480);
	/* It became Ready again and again, or its clock is ahead. */
	assert_int_equal(startup_deadline(1000, 1900, d), 1000 + 960);
	assert_int_equal(startup_deadline(1000, 0, d), 1000 + 960);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_45_keys),
		cmocka_unit_test(rule_45_a_key_is_compared_whole),
		cmocka_unit_test(rule_45_others_come_first),
		cmocka_unit_test(rule_45_taints_of_the_node_itself),
		cmocka_unit_test(rule_45_the_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
