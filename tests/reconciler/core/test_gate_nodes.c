/*
 * Which gating images one held node waits for and another does not, and what follows from answers
 * of removals (behaviour 45, 46).
 */
#include "tests/reconciler/core/rig.h"

#define S   1000
#define MIN (60 * S)
#define D   (8 * MIN)
#define MB  INT64_C(1000000)

struct machine {
	const char *name, *uid, *taint, *arch;
	bool not_ready;
	int64_t age_s;
};

static void put(struct rig *r, struct machine m)
{
	struct node_taint t = {m.taint, "", "NoSchedule"};
	struct node_condition c = {"Ready", m.not_ready ? "False" : "True", r->now.wall_s,
				   r->now.wall_s};
	struct node n = {
		.meta = {.name = m.name,
			 .uid = m.uid != NULL ? m.uid : m.name,
			 .created = r->now.wall_s - m.age_s},
		.taints = {&t, m.taint != NULL},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = m.arch != NULL ? m.arch : "amd64",
	};
	core_put(r->core, KIND_NODE, &n, r->now);
}

#define COLD(...) ((struct machine){.taint = "cold", __VA_ARGS__})

static void put_policy(struct rig *r, struct pullpolicy_spec spec)
{
	spec.max_concurrent_nodes = spec.max_concurrent_nodes != 0 ? spec.max_concurrent_nodes : 9;
	spec.max_pulls_per_node = 2;
	spec.pull_timeout = 30 * MIN;
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"}, .spec = spec};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* Image i gates; node old has it if it is known. */
static void begin(struct rig *r, struct pullpolicy_spec spec, bool known)
{
	static const char *const old[] = {"old"};
	static const struct rig_listed lists[] = {{{"docker.io/library/i:1"}, 100 * MB},
						  {{NULL}, 0}};
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_new(r);
	core_hold_nodes(r->core, "cold", "readiness.k8s.io/x", D);
	put_policy(r, spec);
	img.spec.gate_nodes = true;
	img.spec.image_pull_policy = "IfNotPresent";
	if (known) {
		rig_node_lists(r, "old", RIG_WALL_S, lists);
		img.status = (struct cachedimage_status){
			.observed_generation = 1,
			.cached_image = "i:1",
			.cached_nodes = {(const char **)(uintptr_t)old, 1},
			.last_pulled_at = RIG_WALL_S - 1000,
		};
	}
	rig_put_image(r, &img);
	rig_lead(r);
	rig_turn(r, 0);
}

/* "a b": the nodes that open in the last turn. */
static const char *opens(struct rig *r)
{
	const char *text = "";
	for (size_t i = 0; i < r->acts.n_opens; i++)
		text = arena_printf(&r->keep, "%s%s%s", text, i > 0 ? " " : "",
				    r->acts.opens[i].node);
	return text;
}

static const struct core_fact *fact(struct rig *r, enum core_fact_kind kind)
{
	for (size_t i = 0; i < r->acts.n_facts; i++)
		if (r->acts.facts[i].kind == kind)
			return &r->acts.facts[i];
	return NULL;
}

/* An image that is not there for one node is there for none; a platform's fault is that one's. */
static void rule_45_whose_fault_it_is(void **state)
{
	static const struct {
		const char *name;
		bool known;
		enum fate fate;
		size_t opens; /* of nodes a and b, a first */
	} rows[] = {
		{"the image's, of nobody yet", false, POD_NOT_FOUND, 2},
		{"the image's, which another node has", true, POD_NOT_FOUND, 1},
		{"the platform's", false, POD_NO_PLATFORM, 1},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig r;
		size_t n;
		print_message("# %s\n", rows[i].name);
		begin(&r, (struct pullpolicy_spec){0}, rows[i].known);
		put(&r, COLD(.name = "a", .arch = "arm64"));
		rig_turn(&r, 0);
		rig_pod(&r, rig_start(&r), POD_CREATING);
		const struct core_start *on_a = rig_all_starts(&r, &n);
		put(&r, COLD(.name = "b"));
		rig_turn(&r, 0);
		assert_string_equal(opens(&r), "");
		rig_pod(&r, on_a, rows[i].fate);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_opens, rows[i].opens);
		assert_non_null(strchr(opens(&r), 'a'));
		rig_done(&r);
	}
}

/* 41. */
static void rule_45_too_large_is_not_waited_for(void **state)
{
	(void)state;
	for (int large = 0; large < 2; large++) {
		struct rig r;
		begin(&r, (struct pullpolicy_spec){.max_image_size = large ? "1M" : "1G"}, true);
		put(&r, COLD(.name = "a"));
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, !large);
		assert_string_equal(opens(&r), large ? "a" : "");
		rig_done(&r);
	}
}

/* 51. The windows are those of a policy that does not hold for the node. */
static void rule_45_windows_of_another_node(void **state)
{
	static struct api_kv others[] = {{"no", "such-node"}};
	static struct pull_window_spec shut = {.start = "03:00", .end = "03:01"};
	(void)state;
	for (int for_it = 0; for_it < 2; for_it++) {
		struct rig r;
		begin(&r,
		      (struct pullpolicy_spec){.pull_windows = {&shut, 1},
					       .new_nodes_in_windows = "Obey",
					       .node_selector = {others, for_it ? 0 : 1}},
		      true);
		put(&r, COLD(.name = "a"));
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, !for_it);
		assert_string_equal(opens(&r), for_it ? "a" : "");
		rig_done(&r);
	}
}

/* 46. A taint that drop leaves alone holds a node in the same way: its pulls are not paced. */
static void rule_46_held_by_a_taint_of_others(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 1}, true);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "old"); /* j, which is all that the policy allows */
	put(&r, (struct machine){.name = "a", .taint = "readiness.k8s.io/x"});
	put(&r, (struct machine){.name = "b"});
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	assert_string_equal(opens(&r), "");
	rig_done(&r);
}

static void rule_45_why_it_opened(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){0}, true);
	put(&r, COLD(.name = "a", .age_s = 100));
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_CREATING);
	rig_turn(&r, D);
	assert_string_equal(opens(&r), "a");
	core_opened(r.core, "a", "a", OPEN_REMOVED, r.now);
	rig_turn(&r, 0);
	assert_string_equal(fact(&r, FACT_NODE_OPENED)->reason, "GateTimedOut");
	assert_int_equal(fact(&r, FACT_NODE_OPENED)->took_ms, D);
	rig_done(&r);
}

/* Which images are for a node that is not Ready is not known: also without any it stays held. */
static void rule_45_not_before_it_is_ready(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){.max_image_size = "1M"}, true);
	put(&r, COLD(.name = "a", .not_ready = true));
	rig_turn(&r, 60 * S);
	assert_string_equal(opens(&r), "");
	put(&r, COLD(.name = "a", .age_s = 60));
	rig_turn(&r, 0);
	assert_string_equal(opens(&r), "a");
	rig_done(&r);
}

/* Another machine of the same name is held anew. */
static void rule_45_another_machine(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){0}, true);
	put(&r, COLD(.name = "a", .uid = "a1"));
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(opens(&r), "a");
	core_opened(r.core, "a", "a1", OPEN_REMOVED, r.now);
	put(&r, (struct machine){.name = "a", .uid = "a1"});
	rig_turn(&r, 5 * S);
	put(&r, COLD(.name = "a", .uid = "a2"));
	rig_turn(&r, 5 * S);
	assert_string_equal(rig_starts(&r), "a");
	assert_string_equal(opens(&r), "");
	rig_done(&r);
}

/* The wait before the next try, after so many answers of one kind. */
static void rule_46_when_it_is_tried_again(void **state)
{
	static const struct {
		const char *name;
		enum core_open_result result;
		int64_t wait_ms[4];
	} rows[] = {
		{"the taints changed", OPEN_CHANGED, {200, 400, 800, 1600}},
		{"it failed", OPEN_FAILED, {1000, 2000, 4000, 8000}},
		{"there was nothing to remove", OPEN_NOTHING, {1000, 1000, 1000, 1000}},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig r;
		print_message("# %s\n", rows[i].name);
		begin(&r, (struct pullpolicy_spec){.max_image_size = "1M"}, true);
		put(&r, COLD(.name = "a"));
		rig_turn(&r, 0);
		assert_string_equal(opens(&r), "a");
		for (size_t k = 0; k < ROWS(rows[i].wait_ms); k++) {
			core_opened(r.core, "a", "a", rows[i].result, r.now);
			rig_turn(&r, 0);
			rig_turn(&r, rows[i].wait_ms[k] - 1);
			assert_string_equal(opens(&r), "");
			rig_turn(&r, 1);
			assert_string_equal(opens(&r), "a");
		}
		/* Of another kind: from the beginning. */
		core_opened(r.core, "a", "a", OPEN_NOTHING, r.now);
		rig_turn(&r, 0);
		rig_turn(&r, 1000);
		assert_string_equal(opens(&r), "a");
		core_opened(r.core, "a", "a", OPEN_CHANGED, r.now);
		rig_turn(&r, 0);
		rig_turn(&r, 200);
		assert_string_equal(opens(&r), "a");
		rig_done(&r);
	}
}

/* Whoever put the taint back has stopped long ago: it is not contested any more. */
static void rule_46_contested_long_ago(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){.max_image_size = "1M"}, true);
	put(&r, COLD(.name = "a"));
	rig_turn(&r, 0);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(opens(&r), "a");
		core_opened(r.core, "a", "a", OPEN_REMOVED, r.now);
		rig_turn(&r, 0);
		assert_int_equal(fact(&r, FACT_GATE_CONTESTED) != NULL, i >= 3);
		put(&r, (struct machine){.name = "a"});
		rig_turn(&r, i < 4 ? 20 * S : 11 * MIN);
		put(&r, COLD(.name = "a"));
		rig_turn(&r, 0);
	}
	assert_string_equal(opens(&r), "a");
	core_opened(r.core, "a", "a", OPEN_REMOVED, r.now);
	rig_turn(&r, 0);
	assert_null(fact(&r, FACT_GATE_CONTESTED));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_45_whose_fault_it_is),
		cmocka_unit_test(rule_45_too_large_is_not_waited_for),
		cmocka_unit_test(rule_45_windows_of_another_node),
		cmocka_unit_test(rule_45_why_it_opened),
		cmocka_unit_test(rule_45_not_before_it_is_ready),
		cmocka_unit_test(rule_45_another_machine),
		cmocka_unit_test(rule_46_held_by_a_taint_of_others),
		cmocka_unit_test(rule_46_when_it_is_tried_again),
		cmocka_unit_test(rule_46_contested_long_ago),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
