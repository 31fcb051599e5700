/* The condition of each node for the Node Readiness Controller (behaviour 47). */
#include "tests/reconciler/core/rig.h"

#define S 1000
#define D (60 * S)

static void put(struct rig *r, const char *name, bool ready, const char *ours)
{
	struct node_condition c[] = {{"Ready", ready ? "True" : "False", 0, RIG_WALL_S},
				     {NODE_CONDITION, ours, 0, 0}};
	struct node n = {
		.meta = {.name = name, .uid = name, .created = RIG_WALL_S},
		.conditions = {c, ours != NULL ? 2 : 1},
		.os = "linux",
		.arch = "amd64",
	};
	core_put(r->core, KIND_NODE, &n, r->now);
}

static void put_image(struct rig *r, const char *name, const char *tag, int64_t generation)
{
	struct cachedimage img = rig_image_of(name, tag, "p");
	img.spec.gate_nodes = true;
	img.meta.generation = generation;
	rig_put_image(r, &img);
}

static void begin(struct rig *r, int images)
{
	static const char *const names[] = {"i", "j"};
	rig_new(r);
	core_hold_nodes(r->core, NULL, NULL, D);
	core_node_conditions(r->core, true);
	rig_policy(r, "p", 9, 0);
	for (int i = 0; i < images; i++)
		put_image(r, names[i], "1", 1);
	rig_lead(r);
	rig_turn(r, 0);
}

static void assert_says(struct rig *r, bool status, const char *reason, const char *message)
{
	assert_int_equal(r->acts.n_conditions, 1);
	assert_int_equal(r->acts.conditions[0].status, status);
	assert_string_equal(r->acts.conditions[0].reason, reason);
	assert_string_equal(r->acts.conditions[0].message, message);
}

static void written(struct rig *r, bool done)
{
	core_condition_written(r->core, "a", "a", done, 5 * S, r->now);
}

static void rule_47_pulling_then_ready(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, 2);
	put(&r, "a", false, NULL);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_conditions, 0); /* what targets it is not known yet */
	put(&r, "a", true, NULL);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 2);
	struct core_start starts[2] = {r.acts.starts[0], r.acts.starts[1]};
	assert_says(&r, false, "Pulling", "0 of 2 images are there");
	assert_true(r.acts.conditions[0].turns);
	rig_pod(&r, &starts[0], POD_PULLED);
	written(&r, true);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_conditions, 0); /* a text alone waits */
	rig_turn(&r, 10 * S);
	assert_says(&r, false, "Pulling", "1 of 2 images are there");
	assert_false(r.acts.conditions[0].turns);
	written(&r, true);
	rig_done(&r);

	begin(&r, 1);
	put(&r, "a", true, NULL);
	rig_turn(&r, 0);
	rig_pod(&r, &r.acts.starts[0], POD_PULLED);
	written(&r, true);
	rig_turn(&r, 0); /* True does not wait */
	assert_says(&r, true, "ImagesReady", "1 of 1 images are there");
	assert_true(r.acts.conditions[0].turns);
	rig_done(&r);
}

/* A tag that moves, a new gating image: an open cluster stays open. Also after a restart. */
static void rule_47_true_stays(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, 0);
	put(&r, "a", true, NULL);
	rig_turn(&r, 0);
	assert_says(&r, true, "NoGatingImages", "no image gates this node");
	written(&r, true);
	put_image(&r, "i", "2", 2);
	rig_turn(&r, 20 * S);
	assert_int_equal(r.acts.n_conditions, 0);
	put(&r, "a", true, "True");
	rig_turn(&r, D);
	assert_int_equal(r.acts.n_conditions, 0);
	rig_done(&r);

	begin(&r, 1);
	put(&r, "a", true, "True"); /* an earlier life wrote it */
	rig_turn(&r, 2 * D);
	assert_int_equal(r.acts.n_conditions, 0);
	rig_done(&r);
}

static void rule_47_the_deadline(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, 1);
	put(&r, "a", true, NULL);
	rig_turn(&r, 0);
	rig_pod(&r, &r.acts.starts[0], POD_CREATING);
	written(&r, true);
	rig_turn(&r, 0);
	assert_true(r.next_ms <= r.now.boot_ms + D);
	rig_turn(&r, D);
	assert_says(&r, true, "GateTimedOut", "0 of 1 images are there");
	assert_int_equal(r.acts.n_opens, 0); /* there is no taint */
	rig_done(&r);
}

static void rule_47_a_write_that_fails_is_repeated(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, 0);
	put(&r, "a", true, NULL);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_conditions, 1);
	written(&r, false);
	rig_turn(&r, 4 * S);
	assert_int_equal(r.acts.n_conditions, 0);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_conditions, 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_47_pulling_then_ready),
		cmocka_unit_test(rule_47_true_stays),
		cmocka_unit_test(rule_47_the_deadline),
		cmocka_unit_test(rule_47_a_write_that_fails_is_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
