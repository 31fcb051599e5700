/* What a held node waits for besides the images that are known, and by which clock (behaviour 45,
 * 47). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/held_nodes.h"

#define S 1000
#define D (8 * 60 * S)

static void put(struct rig *r, bool cold, int64_t created_s, int64_t ready_s)
{
	struct node_taint taint = {"cold", "", "NoSchedule"};
	struct node_condition c = {"Ready", "True", 0, ready_s};
	struct node n = {
		.meta = {.name = "a", .uid = "a1", .created = created_s},
		.taints = {&taint, cold},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = "amd64",
	};
	core_put(r->core, KIND_NODE, &n, r->now);
}

static void put_image(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.spec.gate_nodes = true;
	rig_put_image(r, &img);
}

static void begin(struct rig *r)
{
	rig_new(r);
	core_hold_nodes(r->core, "cold", NULL, D);
	rig_policy(r, "p", 9, 0);
	rig_lead(r);
	rig_turn(r, 0);
}

/* The image is under way, and the node opens after ms and not a second before. */
static void opens_after(struct rig *r, int64_t ms)
{
	rig_turn(r, 0);
	if (r->acts.n_starts != 0)
		rig_pod(r, rig_start(r), POD_CREATING);
	rig_turn(r, ms - 2 * S);
	assert_int_equal(r->acts.n_opens, 0);
	rig_turn(r, 3 * S);
	assert_int_equal(r->acts.n_opens, 1);
}

static void rule_45_the_servers_clock_is_ahead(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put_image(&r);
	put(&r, true, r.now.wall_s + 3600, r.now.wall_s + 3601); /* or ours is behind */
	opens_after(&r, D);
	rig_done(&r);
}

static void rule_45_our_clock_jumps(void **state)
{
	(void)state;
	for (int64_t jump_s = -7200; jump_s <= 7200; jump_s += 2 * 7200) {
		struct rig r;
		begin(&r);
		put_image(&r);
		int64_t created_s = r.now.wall_s - 60, ready_s = r.now.wall_s;
		put(&r, true, created_s, ready_s);
		rig_turn(&r, 0);
		rig_pod(&r, rig_start(&r), POD_CREATING);
		rig_turn(&r, 100 * S);
		r.now.wall_s += jump_s;
		put(&r, true, created_s, ready_s);
		struct arena a = ARENA_INIT;
		struct held_node *told = held_node(r.core, "a", r.now, &a);
		int64_t left_s = told->deadline_s - r.now.wall_s;
		assert_true(left_s >= D / S - 101 && left_s <= D / S - 99);
		arena_done(&a);
		opens_after(&r, D - 100 * S);
		rig_done(&r);
	}
}

static void rule_45_children_are_waited_for(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	core_gate_wait(r.core, true);
	put(&r, true, r.now.wall_s, r.now.wall_s);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 0);
	assert_true(r.next_ms <= r.now.boot_ms + 1 * S);
	struct arena a = ARENA_INIT;
	struct held_node *told = held_node(r.core, "a", r.now, &a);
	assert_non_null(strstr(told->text, "a set has not created its images yet"));
	arena_done(&a);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_opens, 0);
	put_image(&r); /* the child */
	core_gate_wait(r.core, false);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_opens, 0); /* it is waited for now */
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 1 * S);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_opens, 1);
	rig_done(&r);
}

static void rule_45_but_not_for_ever(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	core_gate_wait(r.core, true);
	put(&r, true, r.now.wall_s, r.now.wall_s);
	opens_after(&r, D);
	rig_done(&r);
	begin(&r);
	core_gate_wait(r.core, true);
	put(&r, true, r.now.wall_s, r.now.wall_s);
	rig_turn(&r, 0);
	core_gate_wait(r.core, false); /* there is nothing to wait for */
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_opens, 1);
	rig_done(&r);
}

static void rule_47_the_condition_waits_for_children(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	core_node_conditions(r.core, true);
	core_hold_nodes(r.core, NULL, NULL, D);
	rig_policy(&r, "p", 9, 0);
	rig_lead(&r);
	core_gate_wait(r.core, true);
	put(&r, false, r.now.wall_s, r.now.wall_s);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_conditions, 0);
	assert_true(r.next_ms <= r.now.boot_ms + 1 * S);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_conditions, 0);
	core_gate_wait(r.core, false);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_conditions, 1);
	assert_string_equal(r.acts.conditions[0].reason, "NoGatingImages");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_45_the_servers_clock_is_ahead),
		cmocka_unit_test(rule_45_our_clock_jumps),
		cmocka_unit_test(rule_45_children_are_waited_for),
		cmocka_unit_test(rule_45_but_not_for_ever),
		cmocka_unit_test(rule_47_the_condition_waits_for_children),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
