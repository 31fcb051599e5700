/* The operator's wall clock is set by hours, or another replica's was wrong (behaviour.md 18, 37).
 */
#include "tests/reconciler/core/rig.h"

#define HEX     "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define S       1000
#define MIN     (60 * S)
#define HOUR_S  3600
#define EVERY_S (4 * HOUR_S)

static const int64_t jumps[] = {-5 * HOUR_S, 5 * HOUR_S};

static const struct rig_listed has_it[] = {{{"i:1"}, 9 << 20}, {{"small:1"}, 1 << 20}, {{NULL}, 0}};
static const struct rig_listed lacks_it[] = {{{"small:1"}, 1 << 20}, {{NULL}, 0}};

/* The node says now, by its own clock, which nobody sets. */
static void lists(struct rig *r, const struct rig_listed *images)
{
	rig_node_lists(r, "a", r->now.wall_s - r->set_s, images);
}

static bool fact(const struct rig *r, enum core_fact_kind kind)
{
	for (size_t i = 0; i < r->acts.n_facts; i++)
		if (r->acts.facts[i].kind == kind)
			return true;
	return false;
}

/* Image i:1 is pulled on node a, which lists it. */
static void begin(struct rig *r)
{
	rig_one_node(r);
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_turn(r, 5 * S);
	rig_turn(r, 5 * S);
	lists(r, has_it);
	rig_turn(r, 0);
}

/* 18. Set after the pull: the next list that lacks the image proves it, and none from before. */
static void rule_18_set_after_the_pull(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;
		begin(&r);
		r.set_s = jumps[i];
		rig_turn(&r, 5 * S);
		lists(&r, lacks_it);
		rig_turn(&r, 0);
		assert_false(fact(&r, FACT_EVICTED));
		rig_turn(&r, 2 * MIN);
		lists(&r, lacks_it);
		rig_turn(&r, 0);
		assert_true(fact(&r, FACT_EVICTED));
		assert_int_equal(r.acts.n_starts, 1);
		rig_done(&r);
	}
}

/* 18. Wrong all the time, or wrong and then corrected: proven within PRESENCE_LATE_S. */
static void rule_18_wrong_at_the_pull(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct rig r;
		rig_one_node(&r);
		const struct core_start *s = rig_start(&r);
		r.set_s = jumps[i % 2];
		rig_turn(&r, 1 * S);
		rig_pod(&r, s, POD_PULLED);
		rig_turn(&r, 5 * S);
		rig_turn(&r, 5 * S);
		lists(&r, has_it);
		if (i >= 2)
			r.set_s = 0;
		rig_turn(&r, 5 * S);
		lists(&r, lacks_it);
		rig_turn(&r, 0);
		assert_false(fact(&r, FACT_EVICTED));
		rig_turn(&r, (HOUR_S + 120) * (int64_t)S);
		lists(&r, lacks_it);
		rig_turn(&r, 0);
		assert_true(fact(&r, FACT_EVICTED));
		rig_done(&r);
	}
}

static void policy(struct rig *r)
{
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * MIN,
					.repull_interval = EVERY_S * S}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* The registry has been asked. */
static size_t answered(struct rig *r)
{
	const struct core_told told = {.known = true, .digest = "sha256:0" HEX};
	size_t n = r->acts.n_checks;
	for (size_t i = 0; i < n; i++)
		core_told(r->core, "i", "i", "i:1", &told, r->now);
	return n;
}

/* 15, 37. The interval is one of time that has passed. */
static void rule_15_repulls_keep_their_interval(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig r;
		rig_one_node(&r);
		core_allow_checks(r.core, true);
		policy(&r);
		rig_pod(&r, rig_start(&r), POD_PULLED);
		size_t first = 0;
		for (int n = 0; n < 3; n++) {
			rig_turn(&r, 5 * S);
			first += answered(&r);
			lists(&r, has_it);
		}
		assert_int_equal(first, 1);
		r.set_s = jumps[i];
		for (int n = 0; n < 23; n++) {
			rig_turn(&r, 10 * MIN);
			assert_int_equal(r.acts.n_starts + answered(&r), 0);
		}
		size_t asked = 0;
		for (int n = 0; n < 2; n++) {
			rig_turn(&r, 10 * MIN);
			asked += answered(&r);
		}
		assert_true(asked != 0);
		rig_done(&r);
	}
}

/* 9. What another replica wrote by a clock that was ahead delays nothing for longer than it does.
 */
static void rule_9_times_of_another_clock(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	struct cachedimage img = rig_image_of("i", "1", "p");
	struct failed_node lost = {.node = "a",
				   .reason = "Evicting",
				   .message = "the node removed the image",
				   .attempts = 2,
				   .last_attempt_at = r.now.wall_s + 5 * HOUR_S};
	img.status.phase = "Pending";
	img.status.observed_generation = 1;
	img.status.failed_nodes.at = &lost;
	img.status.failed_nodes.n = 1;
	rig_restart(&r);
	rig_policy(&r, "p", 9, 0);
	rig_node(&r, "a");
	rig_put_image(&r, &img);
	rig_lead(&r);
	size_t started = 0;
	for (int n = 0; n < 6; n++) {
		rig_turn(&r, 1 * MIN);
		started += r.acts.n_starts;
	}
	assert_int_equal(started, 1);
	rig_done(&r);
}

/* 15. The same of a repull: due one interval after the restart, at the latest. */
static void rule_15_pulled_by_another_clock(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.status = r.api;
	img.status.last_pulled_at = r.now.wall_s + 5 * HOUR_S;
	rig_restart(&r);
	policy(&r);
	rig_put_image(&r, &img);
	lists(&r, has_it);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	/* 18. And it is missed as soon as after a pull. */
	rig_turn(&r, 20 * MIN);
	lists(&r, lacks_it);
	rig_turn(&r, 0);
	assert_true(fact(&r, FACT_EVICTED));
	rig_done(&r);
}

static size_t succeeded(const struct rig *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->acts.n_facts; i++)
		n += r->acts.facts[i].kind == FACT_PULL_SUCCEEDED;
	return n;
}

/* Image i:1 is pulled on node a, and a pod pulls it again, once the interval is over. */
static const struct core_start *begin_repull(struct rig *r)
{
	rig_one_node(r);
	policy(r);
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_turn(r, 5 * S);
	rig_turn(r, 5 * S);
	rig_turn(r, EVERY_S * (int64_t)S);
	const struct core_start *s = rig_start(r);
	rig_pod(r, s, POD_CREATING);
	rig_turn(r, 5 * S);
	r->keep_pods = true;
	return s;
}

/*
 * 10, 15. The lead is lost during a repull, or after its outcome was recorded, and the clock is
 * set: the outcome counts once. (The status was not written, so the pod is still there.)
 */
static void rule_15_a_repull_counts_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct rig r;
		bool before = i / 2;
		const struct core_start *s = begin_repull(&r);
		size_t n = 0;
		if (before) {
			rig_pod(&r, s, POD_PULLED);
			rig_turn(&r, 0);
			n += succeeded(&r);
			rig_turn(&r, 5 * S);
		}
		core_lead(r.core, false, r.now);
		r.set_s = jumps[i % 2];
		rig_turn(&r, 5 * S);
		if (!before)
			rig_pod(&r, s, POD_PULLED);
		rig_lead(&r);
		rig_turn(&r, 0);
		n += succeeded(&r);
		assert_int_equal(n, 1);
		rig_done(&r);
	}
}

/* 10, 15. Its outcome is in the status, by the clock of a replica that was ahead, as is the pod. */
static void rule_15_a_repull_by_another_clock(void **state)
{
	struct rig r;
	(void)state;
	const struct core_start *s = begin_repull(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 5 * S);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.api.nodes_ready, 1);
	r.set_s = -5 * HOUR_S;
	rig_turn(&r, 0);
	rig_next_life(&r);
	policy(&r);
	rig_node(&r, "a");
	rig_pod(&r, s, POD_PULLED);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(succeeded(&r), 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_18_set_after_the_pull),
		cmocka_unit_test(rule_18_wrong_at_the_pull),
		cmocka_unit_test(rule_15_repulls_keep_their_interval),
		cmocka_unit_test(rule_9_times_of_another_clock),
		cmocka_unit_test(rule_15_pulled_by_another_clock),
		cmocka_unit_test(rule_15_a_repull_counts_once),
		cmocka_unit_test(rule_15_a_repull_by_another_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
