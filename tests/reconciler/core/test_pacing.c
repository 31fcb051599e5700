/* Which pulls start, and when (behaviour.md 11, 12, 13, 15), and nothing before its time (32). */
#include "tests/reconciler/core/rig.h"

#define S 1000

static void three_nodes(struct rig *r, int64_t nodes, int64_t delay_ms)
{
	rig_new(r);
	rig_policy(r, "p", nodes, delay_ms);
	rig_node(r, "b");
	rig_node(r, "a");
	rig_node(r, "c");
}

/* Leads, and takes the first turn. */
static void begin(struct rig *r)
{
	rig_lead(r);
	rig_turn(r, 0);
}

static void put_policy(struct rig *r, struct pullpolicy_spec spec)
{
	struct pullpolicy p = {.meta = {.name = "p"}, .spec = spec};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static void rule_32_nothing_before_the_lead(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 3, 0);
	rig_image(&r, "i", "1", "p");
	rig_turn(&r, 60 * S);
	assert_int_equal(r.acts.n_starts + r.acts.n_writes + r.acts.n_deletes, 0);
	assert_true(r.next_ms == CLOCK_NEVER);
	begin(&r);
	assert_int_equal(r.acts.n_starts, 1);
	core_lead(r.core, false, r.now);
	rig_turn(&r, 60 * S);
	assert_int_equal(r.acts.n_starts + r.acts.n_writes + r.acts.n_deletes, 0);
	rig_done(&r);
}

static void rule_11_one_node_ten_seconds_by_default(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 3, 0);
	rig_image(&r, "i", "1", NULL);
	rig_image(&r, "j", "1", "no-such-policy");
	begin(&r);
	/* A node counts once: both images at once on the first one. */
	assert_string_equal(rig_starts(&r), "a a");
	struct core_start first = r.acts.starts[0], second = r.acts.starts[1];
	assert_string_equal(first.pulls[0].image_name, "i");
	assert_string_equal(second.pulls[0].image_name, "j");
	rig_pod(&r, &first, POD_PULLED);
	rig_pod(&r, &second, POD_PULLED);
	rig_turn(&r, 9999);
	assert_string_equal(rig_starts(&r), "");
	assert_true(r.next_ms <= RIG_BOOT_MS + 10 * S);
	rig_turn(&r, 1);
	assert_string_equal(rig_starts(&r), "b b");
	rig_done(&r);
}

static void rule_11_nodes_at_once(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 2, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_put_image(&r, &img);
	begin(&r);
	const struct core_start *s = rig_start(&r); /* slow start: one first */
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b c");
	rig_turn(&r, 60 * S);
	assert_string_equal(rig_starts(&r), "");
	rig_done(&r);
}

/* A pod that pulls for a node that is gone counts until it is gone too. */
static void rule_11_a_pod_that_leaves(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 1, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_put_image(&r, &img);
	begin(&r);
	assert_string_equal(rig_starts(&r), "a");
	rig_pod(&r, rig_start(&r), POD_CREATING);
	r.keep_pods = true;
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_turn(&r, 0);
	/* 3. A node that is gone keeps nobody else waiting. */
	assert_string_equal(rig_starts(&r), "b");
	assert_int_equal(r.acts.n_deletes, 1);
	rig_made(&r, rig_start(&r));
	rig_pod(&r, rig_start(&r), POD_CREATING);
	/* An image that is gone does: its pod still pulls, on a node that runs it. */
	core_gone(r.core, KIND_CACHEDIMAGE, "i", r.now);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	assert_int_equal(r.acts.n_deletes, 1);
	r.keep_pods = false;
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/*
 * A start failed, and the server had made the pod; the image is gone before or after the answer. It
 * counts until it was seen, deleted and is gone, or is not seen for 30 s.
 */
static void rule_11_a_start_that_failed_may_have_made_it(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig r;
		bool made = i % 2, gone_later = i / 2;
		three_nodes(&r, 1, 0);
		rig_image(&r, "i", "1", "p");
		begin(&r);
		const struct core_start *s = rig_start(&r);
		if (gone_later)
			core_started(r.core, s->pod_name, START_FAILED, "connection lost", r.now);
		core_gone(r.core, KIND_CACHEDIMAGE, "i", r.now);
		rig_image(&r, "j", "1", "p");
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), "");
		if (!gone_later)
			core_started(r.core, s->pod_name, START_FAILED, "connection lost", r.now);
		rig_turn(&r, made ? 3 * S : 29 * S);
		assert_string_equal(rig_starts(&r), "");
		if (made) {
			rig_pod(&r, s, POD_CREATING);
			rig_turn(&r, 0);
			assert_int_equal(r.acts.n_deletes, 1);
			assert_string_equal(rig_starts(&r), "");
		}
		rig_turn(&r, made ? 0 : 1 * S);
		assert_int_equal(r.acts.n_starts, 1);
		rig_done(&r);
	}
}

/* Made on a node that is gone it keeps no other waiting; while the create is unanswered it may
 * come. */
static void rule_11_a_pod_that_leaves_follows_its_node(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 1, 0);
	rig_image(&r, "i", "1", "p");
	begin(&r);
	const struct core_start *first = rig_start(&r);
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	rig_made(&r, first);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_node(&r, "a");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_node(&r, "a");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 120 * S); /* it was never seen */
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* It was made and gone with its node; its create was repeated, and made it again unseen. */
static void rule_12_a_pod_that_was_made_twice(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r,
		   (struct pullpolicy_spec){.max_concurrent_nodes = 9, .max_pulls_per_node = 1});
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	begin(&r);
	const struct core_start *s = rig_start(&r);
	r.keep_pods = true;
	rig_pod(&r, s, POD_CREATING);
	core_gone(r.core, KIND_NODE, "a", r.now);
	core_gone(r.core, KIND_POD, s->pod_name, r.now);
	rig_image(&r, "j", "1", "p");
	rig_node(&r, "a");
	rig_made(&r, s);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 10 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* A node is new, or was opened since; its image gates, another does not. */
static void put_gated(struct rig *r, bool opened, int64_t delay_ms)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.spec.gate_nodes = true;
	core_hold_nodes(r->core, "cold", NULL, 480 * S);
	rig_policy(r, "p", 9, delay_ms);
	rig_put_image(r, &img);
	rig_node_as(r, "a", "a", true, opened ? NULL : "cold", RIG_WALL_S, "amd64");
}

/*
 * 46. The pull on the held node was not paced; once that is open a new leader cannot tell, and the
 * last start that was paced may have been on another node.
 */
static void rule_11_a_restart_after_a_node_was_opened(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_gated(&r, false, 10 * S);
	begin(&r);
	const struct core_start *s = rig_start(&r);
	rig_restart(&r);
	put_gated(&r, true, 10 * S);
	rig_image(&r, "j", "1", "p");
	r.keep_pods = true;
	rig_pod(&r, s, POD_CREATING);
	begin(&r);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 11 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_12_pulls_at_once_and_on_a_node(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	struct pullpolicy_spec spec = {
		.max_concurrent_nodes = 5, .max_concurrent_pulls = 3, .max_pulls_per_node = 2};
	put_policy(&r, spec);
	rig_node(&r, "a");
	rig_node(&r, "b");
	for (const char *const *n = (const char *const[]){"i", "j", "k", "l", NULL}; *n; n++)
		rig_image(&r, *n, "1", "p");
	begin(&r);
	/* Two a node; the third goes elsewhere; a fourth would be too many. */
	assert_string_equal(rig_starts(&r), "a a b");
	spec.max_concurrent_pulls = 0;
	put_policy(&r, spec);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

static void rule_13_order(void **state)
{
	struct rig r;
	(void)state;
	three_nodes(&r, 9, 0);
	struct cachedimage low = rig_image_of("a-low", "1", "p"),
			   high = rig_image_of("z", "1", "p");
	low.spec.priority = 1;
	rig_put_image(&r, &low);
	rig_put_image(&r, &high);
	begin(&r);
	assert_string_equal(r.acts.starts[0].pulls[0].image_name, "z");
	assert_string_equal(r.acts.starts[1].pulls[0].image_name, "a-low");
	assert_string_equal(rig_starts(&r), "a a");
	rig_done(&r);
}

/* A new node comes before what waits, whatever its name, until each image was tried there. */
static void rule_13_new_nodes_first(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r,
		   (struct pullpolicy_spec){.max_concurrent_nodes = 1, .max_pulls_per_node = 1});
	rig_node(&r, "a");
	rig_node(&r, "b");
	rig_node_as(&r, "c", "c", false, NULL, 1, "amd64");
	rig_image(&r, "i", "1", "p");
	rig_image(&r, "j", "1", "p");
	begin(&r);
	const struct core_start *s = rig_start(&r);
	assert_string_equal(s->node, "a");
	/* z is new, and c for its first time Ready; b was there before and blinks. */
	rig_node(&r, "z");
	rig_node_as(&r, "c", "c", true, NULL, 1, "amd64");
	rig_node_as(&r, "b", "b", false, NULL, RIG_WALL_S - 100000, "amd64");
	rig_node(&r, "b");
	static const char *const order[] = {"i c", "i z", "j c", "j z", "i b", "j a", "j b"};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		rig_pod(&r, s, POD_PULLED);
		rig_turn(&r, 1 * S);
		s = rig_start(&r);
		assert_string_equal(arena_printf(&r.keep, "%s %s", s->pulls[0].image_name, s->node),
				    order[i]);
	}
	/* By now each image was tried on z: it is a node like others. */
	rig_pod(&r, s, POD_PULLED);
	rig_image(&r, "k", "1", "p");
	rig_turn(&r, 1 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* A new node that fails is tried once before the others, and then waits its turn. */
static void rule_13_a_new_node_that_fails(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	begin(&r);
	const struct core_start *a = rig_start(&r);
	rig_node(&r, "b");
	rig_node(&r, "c");
	rig_pod(&r, a, POD_PULLED);
	rig_turn(&r, 0);
	const struct core_start *b = rig_start(&r);
	assert_string_equal(b->node, "b");
	rig_pod(&r, b, POD_EVICTED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	rig_done(&r);
}

static void rule_3_a_node_joins(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 9, 0);
	rig_image(&r, "i", "1", "p");
	begin(&r);
	assert_string_equal(rig_starts(&r), "");
	rig_node_as(&r, "a", "a", false, NULL, RIG_WALL_S, "amd64");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	rig_node_as(&r, "a", "a", true, NULL, RIG_WALL_S, "amd64");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_2_a_cordon_costs_no_pull(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 10 * S);
	rig_node_as(&r, "a", "a", true, "node.kubernetes.io/unschedulable", RIG_WALL_S - 100000,
		    "amd64");
	rig_turn(&r, 10 * S);
	rig_node(&r, "a");
	rig_turn(&r, 10 * S);
	assert_string_equal(rig_starts(&r), "");
	/* Another machine of that name is another matter. */
	rig_settle(&r);
	rig_node_as(&r, "a", "other", true, NULL, r.now.wall_s, "amd64");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_15_repull(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 1,
						.repull_interval = 3600 * S});
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	begin(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 10 * S);
	rig_settle(&r);
	rig_turn(&r, 3580 * S);
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 10 * S);
	const struct core_start *again = rig_start(&r);
	assert_int_equal(again->pulls[0].attempt[0], 'r');
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	/* It fails: still Ready, and not at once again. */
	rig_pod(&r, again, POD_NOT_FOUND);
	rig_turn(&r, 10 * S);
	rig_settle(&r);
	assert_string_equal(r.api.phase, "Ready");
	assert_string_equal(rig_starts(&r), "");
	rig_turn(&r, 60 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/*
 * Slow start keeps the gating image of the second held node waiting: others do not take its place
 * there, nor those of a policy that is looked at earlier. Beside it there is room for one of them.
 */
static void rule_46_gating_images_keep_their_place(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	core_hold_nodes(r.core, "cold", NULL, 8 * 60 * S);
	rig_policy(&r, "p", 9, 0);
	struct pullpolicy q = {.meta = {.name = "q"}, /* allows more than the policy of i */
			       .spec = {.max_concurrent_nodes = 9, .max_pulls_per_node = 5}};
	core_put(r.core, KIND_PULLPOLICY, &q, r.now);
	rig_node(&r, "0");
	rig_image(&r, "k", "1", "q");
	rig_image(&r, "l", "1", "q");
	rig_image(&r, "m", "1", "q");
	begin(&r);
	for (int i = 0; i < 4; i++, rig_turn(&r, 10 * S))
		for (size_t k = r.acts.n_starts; k-- > 0;)
			rig_pod(&r, &r.acts.starts[k], POD_PULLED);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.spec.gate_nodes = true;
	rig_put_image(&r, &img);
	rig_node_as(&r, "a", "a", true, "cold", r.now.wall_s, "amd64");
	rig_node_as(&r, "b", "b", true, "cold", r.now.wall_s, "amd64");
	rig_turn(&r, 0);
	size_t gating = 0, others[2] = {0}, its_node = 0;
	for (size_t k = 0; k < r.acts.n_starts; k++) {
		const struct core_start *s = &r.acts.starts[k];
		if (strcmp(s->pulls[0].image_name, "i") == 0) {
			gating++;
			its_node = *s->node == 'b';
		} else if (*s->node != '0') {
			others[*s->node == 'b']++;
		}
	}
	assert_int_equal(gating, 1);
	assert_true(others[its_node] >= 1);
	assert_int_equal(others[!its_node], 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_32_nothing_before_the_lead),
		cmocka_unit_test(rule_11_one_node_ten_seconds_by_default),
		cmocka_unit_test(rule_11_nodes_at_once),
		cmocka_unit_test(rule_11_a_pod_that_leaves),
		cmocka_unit_test(rule_11_a_start_that_failed_may_have_made_it),
		cmocka_unit_test(rule_46_gating_images_keep_their_place),
		cmocka_unit_test(rule_11_a_pod_that_leaves_follows_its_node),
		cmocka_unit_test(rule_11_a_restart_after_a_node_was_opened),
		cmocka_unit_test(rule_12_a_pod_that_was_made_twice),
		cmocka_unit_test(rule_12_pulls_at_once_and_on_a_node),
		cmocka_unit_test(rule_13_order),
		cmocka_unit_test(rule_13_new_nodes_first),
		cmocka_unit_test(rule_13_a_new_node_that_fails),
		cmocka_unit_test(rule_3_a_node_joins),
		cmocka_unit_test(rule_2_a_cordon_costs_no_pull),
		cmocka_unit_test(rule_15_repull),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
