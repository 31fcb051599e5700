/*
 * Pull windows of a policy (behaviour 51): what starts when, new nodes that ignore or obey them, a
 * time zone that does not exist, a clock that is set, and what is told.
 */
#include "tests/reconciler/core/rig.h"

#include "base/zone.h"
#include "reconciler/core/image_stats.h"
#include "reconciler/explain/explain.h"

#define S   1000
#define MIN (60 * S)
/* RIG_WALL_S is Tuesday, 2023-11-14 22:13:20 UTC: 23:13 in Berlin. */

static struct pull_window_spec one;

static void put_policy(struct rig *r, const char *start, const char *end, const char *zone,
		       const char *new_nodes)
{
	one = (struct pull_window_spec){.start = start, .end = end, .timezone = zone};
	static int64_t generation;
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p", .generation = ++generation},
			       .spec = {.max_concurrent_nodes = 9,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * MIN,
					.new_nodes_in_windows = new_nodes,
					.pull_windows = {&one, start != NULL}}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static void begin(struct rig *r, const char *start, const char *end, const char *zone,
		  const char *new_nodes)
{
	rig_new(r);
	put_policy(r, start, end, zone, new_nodes);
	rig_node(r, "a");
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
}

static const char *why(struct rig *r, const char *node)
{
	return explain_text(explain_pair(r->core, "i", node, r->now, &r->keep), &r->keep);
}

static void rule_51_it_starts_when_the_window_opens(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "22:30", "06:00", NULL, NULL);
	assert_int_equal(r.acts.n_starts, 0);
	assert_string_equal(why(&r, "a"), "waiting for policy p: its pull windows open at "
					  "2023-11-14 22:30 UTC");
	assert_true(r.next_ms <= r.now.boot_ms + 10 * MIN);
	rig_turn(&r, 16 * MIN + 39 * S);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.next_ms, r.now.boot_ms + S);
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* What is in flight when it shuts ends, a failure waits for the next time. */
static void rule_51_what_runs_ends(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "22:00", "22:15", NULL, NULL);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 2 * MIN);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_pod(&r, s, POD_EVICTED);
	rig_turn(&r, S);
	for (int i = 0; i < 30; i++) {
		rig_turn(&r, MIN);
		assert_int_equal(r.acts.n_starts, 0);
	}
	assert_string_equal(why(&r, "a"), "waiting for policy p: its pull windows open at "
					  "2023-11-15 22:00 UTC");
	while (r.acts.n_starts == 0 && r.now.wall_s < RIG_WALL_S + 25 * 3600)
		rig_turn(&r, MIN);
	assert_string_equal(rig_starts(&r), "a");
	assert_in_range(r.now.wall_s, 1700085600, 1700085660); /* 2023-11-15 22:00 */
	rig_done(&r);
}

static void rule_51_new_nodes(void **state)
{
	static const struct {
		const char *policy;
		const char *starts;
	} rows[] = {{NULL, "b"}, {"Ignore", "b"}, {"Obey", ""}};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig r;
		begin(&r, "08:00", "09:00", NULL, rows[i].policy);
		rig_node(&r, "b"); /* new: it came after the first full read (13) */
		rig_turn(&r, S);
		assert_string_equal(rig_starts(&r), rows[i].starts);
		if (*rows[i].starts == '\0')
			assert_string_equal(why(&r, "b"),
					    "waiting for policy p: its pull windows open at "
					    "2023-11-15 08:00 UTC");
		rig_done(&r);
	}
}

/* 45. A held node waits for what comes at once, not for a window that it has to obey. */
static void rule_51_held_nodes(void **state)
{
	static const char *const policies[] = {"Ignore", "Obey"};
	(void)state;
	for (int obey = 0; obey < 2; obey++) {
		struct rig r;
		struct cachedimage img = rig_image_of("i", "1", "p");
		rig_new(&r);
		core_hold_nodes(r.core, "cold", NULL, 8 * MIN);
		put_policy(&r, "22:30", "23:00", NULL, policies[obey]);
		img.spec.gate_nodes = true;
		rig_put_image(&r, &img);
		rig_node_as(&r, "n", "n", true, "cold", RIG_WALL_S, "amd64");
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), obey ? "" : "n");
		assert_int_equal(r.acts.n_opens, obey);
		/* Nor for one that never opens, from that moment on. */
		put_policy(&r, "22:30", "23:00", "Mars/Phobos", policies[obey]);
		rig_turn(&r, S);
		assert_int_equal(r.acts.n_opens, !obey);
		rig_done(&r);
	}
}

/* What a node will never be given does not keep it new, nor are repulls there those of a new node.
 */
static void rule_51_new_no_more(void **state)
{
	static const struct {
		const char *zone, *size; /* of policy q, whose image i2 node b never gets */
	} rows[] = {{"Mars/Phobos", NULL}, {NULL, "1k"}};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig r;
		struct pull_window_spec never = {
			.start = "00:00", .end = "23:59", .timezone = rows[i].zone};
		struct pullpolicy q = {.meta = {.name = "q", .uid = "q"},
				       .spec = {.max_concurrent_nodes = 9,
						.max_image_size = rows[i].size,
						.pull_windows = {&never, 1}}};
		rig_new(&r);
		put_policy(&r, "08:00", "09:00", NULL, NULL);
		core_put(r.core, KIND_PULLPOLICY, &q, r.now);
		rig_node_lists(&r, "a", RIG_WALL_S,
			       (struct rig_listed[]){{{"i2:1"}, 5000000}, {{NULL}, 0}});
		rig_image(&r, "i", "1", "p");
		rig_image(&r, "i2", "1", "q");
		rig_lead(&r);
		rig_turn(&r, 0);
		rig_node(&r, "b");
		rig_turn(&r, S);
		assert_string_equal(rig_starts(&r), "b");
		rig_pod(&r, rig_start(&r), POD_PULLED);
		rig_settle(&r);
		rig_node(&r, "b"); /* its heartbeat */
		rig_image(&r, "k", "1", "p");
		rig_turn(&r, S);
		assert_string_equal(rig_starts(&r), "");
		rig_done(&r);
	}
}

static void rule_51_a_repull_on_a_new_node(void **state)
{
	struct rig r;
	struct pull_window_spec obeyed = {.start = "08:00", .end = "09:00"};
	struct pullpolicy q = {.meta = {.name = "q", .uid = "q"},
			       .spec = {.max_concurrent_nodes = 9,
					.new_nodes_in_windows = "Obey",
					.pull_windows = {&obeyed, 1}}};
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.repull_interval = 60 * MIN,
					.pull_windows = {&obeyed, 1}}};
	(void)state;
	begin(&r, "08:00", "09:00", NULL, NULL);
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	core_put(r.core, KIND_PULLPOLICY, &q, r.now);
	rig_image(&r, "j", "1", "q"); /* node b is new until it is tried there */
	rig_node(&r, "b");
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "b");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	for (int i = 0; i < 90; i++) {
		rig_turn(&r, MIN);
		assert_int_equal(r.acts.n_starts, 0);
	}
	rig_done(&r);
}

static void rule_51_a_zone(void **state)
{
	struct rig r;
	struct arena mem = ARENA_INIT;
	const struct zone *berlin;
	struct err err;
	(void)state;
	assert_int_equal(zone_load("Europe/Berlin", &mem, &berlin, &err), 0);
	rig_new(&r);
	core_know_zone(r.core, "Europe/Berlin", berlin);
	assert_true(core_knows_zone(r.core, "Europe/Berlin"));
	put_policy(&r, "23:30", "06:00", "Europe/Berlin", NULL);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(why(&r, "a"), "waiting for policy p: its pull windows open at "
					  "2023-11-14 22:30 UTC");
	rig_done(&r);
	arena_done(&mem);
}

static void rule_51_no_such_zone(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "00:00", "23:59", "Mars/Phobos", NULL);
	assert_int_equal(r.acts.n_facts, 1); /* an event, once */
	assert_int_equal(r.acts.facts[0].kind, FACT_NO_ZONE);
	assert_string_equal(r.acts.facts[0].policy, "p");
	assert_string_equal(r.acts.facts[0].message, "Mars/Phobos");
	rig_node(&r, "b");
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_facts, 0);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_starts, 0);
	assert_string_equal(why(&r, "b"),
			    "waiting for policy p: unknown time zone Mars/Phobos");
	assert_string_equal(rig_condition(&r, "Ready")->message,
			    "0/2 nodes ready; nothing starts: the time zone Mars/Phobos of "
			    "PullPolicy p does not exist");
	const struct api_condition *c = api_condition_find(&r.policy.conditions, "Ready");
	assert_string_equal(c->status, "False");
	assert_string_equal(c->reason, "UnknownTimeZone");
	assert_string_equal(c->message, "Unknown time zone Mars/Phobos: no pull starts");
	assert_non_null(api_condition_find(&r.policy.conditions, "Stalled"));
	put_policy(&r, "00:00", "23:59", "UTC", NULL);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_starts, 1); /* one by one until the first has succeeded (14) */
	rig_turn(&r, 3 * S);
	assert_string_equal(rig_condition(&r, "Ready")->message, "0/2 nodes ready");
	rig_done(&r);
}

/* The wall clock is set, forth into the window and back. */
static void rule_51_the_clock_is_set(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, "08:00", "09:00", NULL, NULL);
	assert_int_equal(r.acts.n_starts, 0);
	r.now.wall_s += 10 * 3600;
	r.now.boot_ms += 10 * MIN; /* it looks so often */
	struct core_actions acts;
	core_turn(r.core, r.now, (struct core_room){64, 64, 64, 4, 4, 4, 4, 4}, &r.turn, &acts);
	assert_int_equal(acts.n_starts, 1);
	core_started(r.core, acts.starts[0].pod_name, START_FAILED, NULL, r.now);
	r.now.wall_s -= 10 * 3600;
	for (int i = 0; i < 9; i++) {
		r.now.boot_ms += 10 * S;
		core_turn(r.core, r.now, (struct core_room){64, 64, 64, 4, 4, 4, 4, 4}, &r.turn,
			  &acts);
		assert_int_equal(acts.n_starts, 0); /* not asked for again */
	}
	rig_done(&r);
}

/* On nodes outside of the policy's nodeSelector the default policy paces, which has none (1). */
static void rule_51_other_nodes(void **state)
{
	struct rig r;
	struct api_kv pool = {"pool", "a"};
	(void)state;
	begin(&r, "08:00", "09:00", NULL, NULL);
	one = (struct pull_window_spec){.start = "08:00", .end = "09:00"};
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.pull_windows = {&one, 1},
					.node_selector = {&pool, 1}}};
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_51_what_is_told(void **state)
{
	struct rig r;
	struct explain *list;
	struct explain_summary *sums;
	struct window_stats *stats;
	struct cachedimage img = rig_image_of("j", "1", "p");
	(void)state;
	begin(&r, "22:30", "23:00", NULL, NULL);
	assert_int_equal(explain_plan(r.core, &img, 9, r.now, &r.keep, &list), 1);
	assert_string_equal(explain_text(&list[0], &r.keep),
			    "waiting for policy p: its pull windows open at 2023-11-14 22:30 UTC");
	assert_int_equal(core_window_stats(r.core, &r.keep, &stats), 1);
	assert_false(stats[0].open);
	assert_int_equal(stats[0].change_s, RIG_WALL_S + 1000);
	rig_turn(&r, 17 * MIN);
	const struct core_start *s = rig_start(&r);
	rig_turn(&r, 5 * S);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, MIN);
	core_window_stats(r.core, &r.keep, &stats);
	assert_true(stats[0].open);
	rig_turn(&r, 60 * MIN);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, S);
	assert_int_equal(explain_images(r.core, "i", 9, r.now, &r.keep, &sums), 1);
	assert_in_range(sums[0].eta_s, 22 * 3600, 24 * 3600); /* after it has opened */
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_51_it_starts_when_the_window_opens),
		cmocka_unit_test(rule_51_what_runs_ends),
		cmocka_unit_test(rule_51_new_nodes),
		cmocka_unit_test(rule_51_held_nodes),
		cmocka_unit_test(rule_51_new_no_more),
		cmocka_unit_test(rule_51_a_repull_on_a_new_node),
		cmocka_unit_test(rule_51_a_zone),
		cmocka_unit_test(rule_51_no_such_zone),
		cmocka_unit_test(rule_51_the_clock_is_set),
		cmocka_unit_test(rule_51_other_nodes),
		cmocka_unit_test(rule_51_what_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
