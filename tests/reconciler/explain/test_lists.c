/* Explanations of many pairs: pages, the sum of an image, the queue's order (behaviour.md 13). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/explain.h"

#define S 1000

static void no_such_image(void **state)
{
	struct rig r;
	struct explain *list;
	(void)state;
	rig_one_node(&r);
	assert_null(explain_pair(r.core, "x", "a", r.now, &r.keep));
	assert_int_equal(explain_nodes(r.core, "x", NULL, 9, r.now, &r.keep, &list), -1);
	rig_done(&r);
}

static void pages(void **state)
{
	struct rig r;
	struct explain *list;
	(void)state;
	rig_one_node(&r);
	rig_node(&r, "c");
	rig_node(&r, "b");
	assert_int_equal(explain_nodes(r.core, "i", NULL, 2, r.now, &r.keep, &list), 2);
	assert_string_equal(list[0].node, "a");
	assert_string_equal(list[1].node, "b");
	assert_int_equal(explain_nodes(r.core, "i", list[1].node, 2, r.now, &r.keep, &list), 1);
	assert_string_equal(list[0].node, "c");
	assert_int_equal(explain_nodes(r.core, "i", "c", 2, r.now, &r.keep, &list), 0);
	rig_done(&r);
}

static void sums(void **state)
{
	struct rig r;
	struct explain_summary *list;
	(void)state;
	rig_one_node(&r);
	rig_image(&r, "j", "1", "no-such");
	const struct core_start *s = rig_start(&r);
	assert_int_equal(explain_images(r.core, NULL, 9, r.now, &r.keep, &list), 2);
	assert_int_equal(list[0].eta_s, -1); /* nothing was measured yet */
	rig_turn(&r, 4 * S);
	rig_pod(&r, s, POD_PULLED);
	for (int i = 0; i < 18; i++)
		rig_node(&r, arena_printf(&r.keep, "n%02d", i));
	rig_node_as(&r, "x", "x", false, NULL, 1, "amd64");
	assert_int_equal(explain_images(r.core, NULL, 1, r.now, &r.keep, &list), 1);
	assert_string_equal(list[0].image, "i");
	assert_string_equal(list[0].policy, "p");
	assert_int_equal(list[0].targeted, 20);
	assert_int_equal(list[0].ready, 1);
	assert_int_equal(list[0].groups[GROUP_DONE], 1);
	assert_int_equal(list[0].groups[GROUP_WAITING], 18);
	assert_int_equal(list[0].groups[GROUP_NOTREADY], 1);
	assert_int_equal(list[0].reasons[EXPLAIN_NOT_ELIGIBLE], 1);
	assert_int_equal(list[0].pull_ms, 4 * S);
	assert_int_equal(list[0].eta_s, 8); /* 9 nodes at once: two rounds */
	assert_int_equal(explain_images(r.core, "i", 9, r.now, &r.keep, &list), 1);
	assert_string_equal(list[0].image, "j");
	assert_true(list[0].policy_missing);
	assert_string_equal(list[0].policy, "");
	rig_done(&r);
}

static void rule_13_queue_order(void **state)
{
	struct rig r;
	struct explain_next *list;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 60 * S);
	rig_node(&r, "a");
	rig_node(&r, "b");
	struct cachedimage low = rig_image_of("f", "1", "p");
	low.spec.priority = 5;
	rig_put_image(&r, &low);
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a a");
	struct core_start other = r.acts.starts[1];
	rig_pod(&r, &r.acts.starts[0], POD_EVICTED);
	rig_pod(&r, &other, POD_PULLED);
	rig_node(&r, "z");
	rig_turn(&r, 2 * S);
	rig_settle(&r);
	/* Its back-off is over: a retry. */
	rig_turn(&r, 50 * S);
	assert_int_equal(r.acts.n_starts, 0);
	size_t n = explain_queue(r.core, 9, r.now, &r.keep, &list);
	const char *text = "";
	for (size_t i = 0; i < n; i++)
		text = arena_printf(&r.keep, "%s%s %s %s %s; ", text, list[i].image, list[i].node,
				    list[i].turn, explain_infos[list[i].why.reason].name);
	assert_string_equal(text, "i z new node PolicyDelay; f z new node PolicyDelay; "
				  "i b first PolicyDelay; f b first PolicyDelay; "
				  "i a retry Next; ");
	assert_int_equal(explain_queue(r.core, 2, r.now, &r.keep, &list), 2);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_such_image),
		cmocka_unit_test(pages),
		cmocka_unit_test(sums),
		cmocka_unit_test(rule_13_queue_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
