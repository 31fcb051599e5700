/* Suspended images, sets and policies: what starts, what ends, what is said (behaviour 50). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/explain.h"

#define S 1000

static struct api_owner owner = {
	API_GROUP "/v1alpha1", "CachedImageSet", "ci", "set-uid", true, true};

/* NULL: it is not there. */
static const struct api_condition *told(struct rig *r, const char *type)
{
	return api_condition_find(&r->api.conditions, type);
}

static void put_image(struct rig *r, bool suspend, int64_t generation)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.owners = (struct api_owners){&owner, 1};
	img.meta.generation = generation;
	img.spec.suspend = suspend;
	rig_put_image(r, &img);
}

static void put_set(struct rig *r, const char *uid, bool suspend)
{
	struct cachedimageset set = {.meta = {.name = "ci", .uid = uid},
				     .spec = {.suspend = suspend}};
	core_put(r->core, KIND_CACHEDIMAGESET, &set, r->now);
}

static void put_policy(struct rig *r, bool suspend)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p", .generation = 1 + suspend},
			       .spec = {.max_concurrent_nodes = 9,
					.max_pulls_per_node = 2,
					.pull_timeout = 30 * 60 * S,
					.suspend = suspend}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

static void by_image(struct rig *r, bool suspend)
{
	put_image(r, suspend, suspend ? 2 : 3);
}

static void by_set(struct rig *r, bool suspend)
{
	put_set(r, "set-uid", suspend);
}

static const struct row {
	const char *name;
	void (*turn)(struct rig *r, bool suspend);
	const char *text;
} rows[] = {
	{"image", by_image, "suspended by its own spec"},
	{"set", by_set, "suspended by CachedImageSet ci"},
	{"policy", put_policy, "suspended by PullPolicy p"},
};

/* Image i of set ci under policy p, nodes a and b; the pull on a is in flight. */
static void begin(struct rig *r)
{
	rig_new(r);
	put_policy(r, false);
	put_set(r, "set-uid", false);
	put_image(r, false, 1);
	rig_node(r, "a");
	rig_lead(r);
	rig_turn(r, 0);
}

static const char *why(struct rig *r, const char *node)
{
	const struct explain *e = explain_pair(r->core, "i", node, r->now, &r->keep);
	return explain_text(e, &r->keep);
}

static void rule_50_nothing_starts_and_what_runs_ends(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct rig r;
		begin(&r);
		const struct core_start *s = rig_start(&r);
		rig_pod(&r, s, POD_CREATING);
		row->turn(&r, true);
		rig_node(&r, "b");
		rig_turn(&r, 10 * S);
		assert_int_equal(r.acts.n_starts, 0);
		assert_int_equal(r.acts.n_deletes, 0); /* the pull goes on */
		assert_string_equal(why(&r, "b"), row->text);
		rig_pod(&r, s, POD_PULLED);
		rig_turn(&r, 10 * S);
		rig_turn(&r, 10 * S);
		assert_int_equal(r.acts.n_starts, 0);
		assert_string_equal(r.api.ready, "1/2");
		assert_string_equal(r.api.phase, "Pulling");
		const struct api_condition *c = rig_condition(&r, "Suspended");
		assert_non_null(c);
		assert_string_equal(c->status, "True");
		assert_string_equal(c->message,
				    arena_printf(&r.keep, "No pull starts: %s", row->text));
		assert_string_equal(rig_condition(&r, "Ready")->message,
				    arena_printf(&r.keep, "1/2 nodes ready; %s", row->text));
		assert_non_null(rig_condition(&r, "Reconciling"));
		row->turn(&r, false);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), "b"); /* and not a again */
		rig_pod(&r, rig_start(&r), POD_PULLED);
		rig_turn(&r, 3 * S);
		rig_turn(&r, 3 * S);
		assert_string_equal(r.api.ready, "2/2");
		assert_null(told(&r, "Suspended"));
		rig_done(&r);
	}
}

/* A set that is gone, or made again without it, suspends nothing; one that is read again does. */
static void rule_50_a_set_that_is_gone(void **state)
{
	static const struct {
		const char *name, *uid; /* of what the full read has; NULL: nothing */
		bool suspend;
		const char *starts;
	} rows2[] = {
		{"gone", NULL, false, "b"},
		{"made again", "other-uid", true, "b"},
		{"still there", "set-uid", true, ""},
		{"resumed", "set-uid", false, "b"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows2); i++) {
		struct rig r;
		print_message("# %s\n", rows2[i].name);
		begin(&r);
		rig_pod(&r, rig_start(&r), POD_PULLED);
		put_set(&r, "set-uid", true);
		rig_turn(&r, 0);
		core_mark(r.core);
		put_policy(&r, false);
		put_image(&r, false, 1);
		rig_node(&r, "a");
		rig_node(&r, "b");
		if (rows2[i].uid != NULL)
			put_set(&r, rows2[i].uid, rows2[i].suspend);
		core_sweep(r.core, r.now);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), rows2[i].starts);
		rig_done(&r);
	}
}

/* Made again before the watch told that it was deleted: the old one suspends nothing. */
static void rule_50_a_set_made_again(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	put_set(&r, "set-uid", true);
	rig_node(&r, "b");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	put_set(&r, "other-uid", true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

static void rule_50_ready_stays_true(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 3 * S);
	put_policy(&r, true);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 3 * S);
	assert_string_equal(rig_condition(&r, "Ready")->status, "True");
	assert_string_equal(rig_condition(&r, "Ready")->message,
			    "Image cached on all 1 target nodes");
	assert_non_null(rig_condition(&r, "Suspended"));
	assert_null(told(&r, "Reconciling"));
	rig_done(&r);
}

/* A child that was suspended by hand stays so; another set of that name is another set. */
static void rule_50_the_childs_own_and_another_set(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 3 * S);
	put_image(&r, true, 2);
	put_set(&r, "set-uid", true);
	rig_node(&r, "b");
	rig_turn(&r, S);
	put_set(&r, "set-uid", false);
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_starts, 0);
	assert_string_equal(why(&r, "b"), "suspended by its own spec");
	put_image(&r, false, 3);
	put_set(&r, "other-uid", true); /* made again: it controls nothing yet */
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

static void rule_50_a_set_that_goes_suspends_nothing(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 3 * S);
	put_set(&r, "set-uid", true);
	rig_node(&r, "b");
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_starts, 0);
	core_gone(r.core, KIND_CACHEDIMAGESET, "ci", r.now);
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/* 12, 50. What was asked for and not made is not asked for again. */
static void rule_50_an_unmade_start_is_given_up(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	const struct core_start *s = rig_start(&r);
	core_started(r.core, s->pod_name, START_FAILED, NULL, r.now);
	put_policy(&r, true);
	for (int i = 0; i < 60; i++) {
		rig_turn(&r, S);
		assert_int_equal(r.acts.n_starts, 0);
	}
	put_policy(&r, false);
	rig_turn(&r, S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* 45. It is not waited for, in its state of that moment. */
static void rule_50_a_held_node_does_not_wait_for_it(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct rig r;
		struct cachedimage img = rig_image_of("i", "1", "p");
		rig_new(&r);
		core_hold_nodes(r.core, "cold", NULL, 480 * S);
		put_policy(&r, false);
		put_set(&r, "set-uid", false);
		img.meta.owners = (struct api_owners){&owner, 1};
		img.spec.gate_nodes = true;
		rig_put_image(&r, &img);
		rig_node_as(&r, "n", "n", true, "cold", RIG_WALL_S, "amd64");
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), "n");
		assert_int_equal(r.acts.n_opens, 0);
		if (row->turn == by_image) {
			img.meta.generation = 2;
			img.spec.suspend = true;
			rig_put_image(&r, &img);
		} else {
			row->turn(&r, true);
		}
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_opens, 1);
		rig_done(&r);
	}
}

/* The condition keeps its time over a restart; a policy says it, too. */
static void rule_50_conditions(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	put_policy(&r, true);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 3 * S);
	int64_t since = rig_condition(&r, "Suspended")->last_transition;
	assert_non_null(api_condition_find(&r.policy.conditions, "Suspended"));
	assert_string_equal(api_condition_find(&r.policy.conditions, "Ready")->status, "True");
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.status = r.api;
	rig_restart(&r);
	r.now.boot_ms += 60 * S;
	put_policy(&r, true);
	rig_put_image(&r, &img);
	rig_node(&r, "b");
	rig_node(&r, "a");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 3 * S);
	assert_int_equal(rig_condition(&r, "Suspended")->last_transition, since);
	put_policy(&r, false);
	rig_turn(&r, 61 * S);
	rig_turn(&r, 61 * S);
	assert_null(api_condition_find(&r.policy.conditions, "Suspended"));
	rig_done(&r);
}

/* It is told before it is made. */
static void rule_50_the_plan_tells_it(void **state)
{
	struct rig r;
	struct explain *list;
	struct cachedimage img = rig_image_of("j", "1", "p");
	(void)state;
	begin(&r);
	put_policy(&r, true);
	rig_turn(&r, 0);
	assert_int_equal(explain_plan(r.core, &img, 9, r.now, &r.keep, &list), 1);
	assert_string_equal(explain_text(&list[0], &r.keep), "suspended by PullPolicy p");
	img.spec.suspend = true;
	explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	assert_string_equal(explain_text(&list[0], &r.keep), "suspended by its own spec");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_50_nothing_starts_and_what_runs_ends),
		cmocka_unit_test(rule_50_a_set_that_is_gone),
		cmocka_unit_test(rule_50_a_set_made_again),
		cmocka_unit_test(rule_50_ready_stays_true),
		cmocka_unit_test(rule_50_the_childs_own_and_another_set),
		cmocka_unit_test(rule_50_a_set_that_goes_suspends_nothing),
		cmocka_unit_test(rule_50_an_unmade_start_is_given_up),
		cmocka_unit_test(rule_50_a_held_node_does_not_wait_for_it),
		cmocka_unit_test(rule_50_conditions),
		cmocka_unit_test(rule_50_the_plan_tells_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
