/* Which images of a plan may share a pod (behaviour 42), and which limits pace it (55). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/explain.h"

/* Each differs from the first in one thing. */
static void rule_42_what_may_share_a_pod(void **state)
{
	struct rig r;
	struct api_name_ref secrets[] = {{.name = "s"}, {.name = "t"}};
	struct api_kv notes[] = {{"team", "a"}, {"team", "b"}};
	struct pod_metadata metadata = {.annotations = {&notes[0], 1}};
	struct pod_metadata another = {.annotations = {&notes[1], 1}}, none = {0};
	struct cachedimage first = rig_image_of("x", "1", "p"), other = first;
	(void)state;
	rig_one_node(&r);
#define POD_OF(image) explain_plan_pods(r.core, &(image), &r.keep)
	assert_int_equal(POD_OF(first).images_per_pod, 1);
	other.spec.image = "docker.io/library/y";
	other.spec.pod_metadata = &none;
	assert_true(POD_OF(first).together == POD_OF(other).together);
	other.spec.image = "registry.example/y";
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.policy_ref = NULL;
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.image_pull_secrets = (struct api_name_refs){&secrets[0], 1};
	assert_true(POD_OF(first).together != POD_OF(other).together);
	first.spec.image_pull_secrets = (struct api_name_refs){&secrets[1], 1};
	assert_true(POD_OF(first).together != POD_OF(other).together);
	other = first;
	other.spec.pod_metadata = &metadata;
	assert_true(POD_OF(first).together != POD_OF(other).together);
	first.spec.pod_metadata = &another;
	assert_true(POD_OF(first).together != POD_OF(other).together);
#undef POD_OF
	rig_done(&r);
}

static void rule_55_the_limits_of_a_plan(void **state)
{
	struct rig r;
	struct cachedimage img = rig_image_of("x", "1", "p");
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 3,
					.min_delay_between_pulls = 2000,
					.concurrency_scope = "Image"}};
	(void)state;
	rig_one_node(&r);
	struct explain_limits l = explain_plan_limits(r.core, &img, &r.keep);
	assert_int_equal(l.max_nodes, 9);
	assert_false(l.by_image);
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	l = explain_plan_limits(r.core, &img, &r.keep);
	assert_string_equal(l.policy, "p");
	assert_int_equal(l.max_nodes, 3);
	assert_int_equal(l.delay_ms, 2000);
	assert_true(l.by_image);
	img.spec.policy_ref = NULL;
	l = explain_plan_limits(r.core, &img, &r.keep);
	assert_string_equal(l.policy, "");
	assert_int_equal(l.max_nodes, 1);
	assert_int_equal(l.delay_ms, 10000);
	assert_false(l.by_image);
	rig_done(&r);
}

/* An image that exists: what is there or on its way is not pulled again, a new tag is. */
static void what_a_change_would_pull(void **state)
{
	struct rig r;
	struct cachedimage img = rig_image_of("i", "1", "p");
	struct explain *list;
	(void)state;
	rig_one_node(&r);
	rig_node(&r, "b");
	const struct core_start *s = rig_start(&r);
	assert_int_equal(explain_plan(r.core, &img, 9, r.now, &r.keep, &list), 2);
	assert_string_equal(list[0].node, "b");
	assert_int_equal(list[0].reason, EXPLAIN_NEXT);
	assert_int_equal(list[1].reason, EXPLAIN_PULLING);
	assert_string_equal(list[1].subject, s->pod_name);
	assert_int_equal(list[1].at, r.now.wall_s);
	rig_pod(&r, s, POD_PULLED);
	explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	assert_int_equal(list[1].reason, EXPLAIN_CACHED);
	img.spec.tag = "2";
	explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	assert_int_equal(list[1].reason, EXPLAIN_NEXT);
	rig_done(&r);
}

/* 17a. Other secrets: a kubelet that gives listed images only to those that pulled them is asked.
 */
static void rule_17a_other_secrets(void **state)
{
	struct api_name_ref secrets[] = {{.name = "s"}};
	struct node_condition ready = {"Ready", "True"};
	struct node n = {.meta = {.name = "a", .uid = "a", .created = RIG_WALL_S - 100000},
			 .conditions = {&ready, 1},
			 .os = "linux",
			 .arch = "amd64"};
	struct explain *list;
	(void)state;
	for (int checks = 0; checks < 2; checks++) {
		struct rig r;
		struct cachedimage img = rig_image_of("i", "1", "p");
		img.spec.image_pull_policy = "IfNotPresent";
		n.kubelet_version = checks ? "v1.35.0" : "v1.34.0";
		rig_new(&r);
		rig_policy(&r, "p", 9, 0);
		core_put(r.core, KIND_NODE, &n, r.now);
		rig_put_image(&r, &img);
		rig_lead(&r);
		rig_turn(&r, 0);
		rig_pod(&r, rig_start(&r), POD_PULLED);
		explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
		assert_int_equal(list[0].reason, EXPLAIN_CACHED);
		img.spec.image_pull_secrets = (struct api_name_refs){secrets, 1};
		explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
		assert_int_equal(list[0].reason, checks ? EXPLAIN_NEXT : EXPLAIN_CACHED);
		/* And so it is. */
		img.meta.generation++;
		rig_put_image(&r, &img);
		size_t started = 0;
		for (int turn = 0; turn < 3; turn++) {
			rig_turn(&r, 5000);
			started += r.acts.n_starts;
		}
		assert_int_equal(started, checks);
		rig_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_what_may_share_a_pod),
		cmocka_unit_test(rule_55_the_limits_of_a_plan),
		cmocka_unit_test(what_a_change_would_pull),
		cmocka_unit_test(rule_17a_other_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
