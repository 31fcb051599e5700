/* Bytes and the time that they take, as status and plan tell them (behaviour 40). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/explain.h"

#define S 1000

/* By bytes and the speed of the nodes; not sooner than the policy's bytes a second. */
static void rule_40_time_by_bytes(void **state)
{
	struct rig r;
	struct explain_summary *list;
	struct explain *nodes;
	(void)state;
	rig_one_node(&r);
	rig_node_lists(&r, "a", 0, (struct rig_listed[]){{{"i:1"}, 100 << 20}, {{0}, 0}});
	const struct core_start *s = rig_start(&r);
	rig_turn(&r, 4 * S);
	rig_pod(&r, s, POD_PULLED);
	/* 25 MiB a second; nine at a time. */
	for (int i = 0; i < 18; i++)
		rig_node(&r, arena_printf(&r.keep, "n%02d", i));
	assert_int_equal(explain_images(r.core, NULL, 1, r.now, &r.keep, &list), 1);
	assert_int_equal(list[0].bytes_left, INT64_C(18) * (100 << 20));
	assert_int_equal(list[0].eta_s, 8);
	assert_int_equal(explain_nodes(r.core, "i", "a", 1, r.now, &r.keep, &nodes), 1);
	assert_int_equal(nodes[0].bytes, 100 << 20);
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9, .max_bytes_per_second = "10Mi"}};
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	assert_int_equal(explain_images(r.core, NULL, 1, r.now, &r.keep, &list), 1);
	assert_int_equal(list[0].eta_s, 180);
	rig_done(&r);
}

/* What a plan says of bytes, also of a reference that no image has yet. */
static void rule_40_a_plan_of_bytes(void **state)
{
	struct rig r;
	struct explain *list;
	uint64_t bytes = 0;
	(void)state;
	rig_one_node(&r);
	rig_node(&r, "b");
	rig_node_lists(&r, "z", 0, (struct rig_listed[]){{{"new:1"}, 64 << 20}, {{0}, 0}});
	struct cachedimage img = rig_image_of("new", "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	size_t n = explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		bytes += list[i].reason == EXPLAIN_NEXT ? list[i].bytes : 0;
	assert_int_equal(bytes, 2 * (64 << 20));
	rig_done(&r);
}

/* The registry is asked for the platforms of the nodes that pull unknown bytes, and is believed. */
static void rule_40_a_plan_with_what_the_registry_tells(void **state)
{
	struct rig r;
	struct explain *list;
	static struct image_platform amd[] = {{"linux/amd64", 30 << 20}, {"linux/arm", 20 << 20}};
	const struct image_platforms told = {amd, 1};
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	core_allow_checks(r.core, true);
	rig_node_as(&r, "a", "a", true, NULL, RIG_WALL_S - 100000, "amd64");
	rig_node_as(&r, "b", "b", true, NULL, RIG_WALL_S - 100000, "arm64");
	struct cachedimage img = rig_image_of("new", "1", "p");
	size_t n = explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	struct api_strings asked = explain_plan_unsized(r.core, &img, list, n, &r.keep);
	assert_int_equal(asked.n, 2);
	assert_string_equal(asked.at[0], "linux/amd64");
	assert_string_equal(asked.at[1], "linux/arm64");
	n = explain_plan_told(r.core, &img, &told, 9, r.now, &r.keep, &list);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].bytes, 30 << 20);
	/* 39. */
	assert_string_equal(list[1].node, "b");
	assert_int_equal(list[1].reason, EXPLAIN_PLATFORM);
	assert_string_equal(list[1].detail, "image is linux/amd64 only");
	assert_int_equal(explain_plan_unsized(r.core, &img, list, n, &r.keep).n, 0);
	n = explain_plan_told(r.core, &img, &(struct image_platforms){amd, 2}, 9, r.now, &r.keep,
			      &list);
	assert_int_equal(list[0].bytes + list[1].bytes, 50 << 20);
	/* Who may not be asked is not. */
	core_allow_checks(r.core, false);
	n = explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	assert_int_equal(explain_plan_unsized(r.core, &img, list, n, &r.keep).n, 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_40_time_by_bytes),
		cmocka_unit_test(rule_40_a_plan_of_bytes),
		cmocka_unit_test(rule_40_a_plan_with_what_the_registry_tells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
