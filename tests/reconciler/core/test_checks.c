/* Repulls that the registry's answer makes needless, and those that it does not (behaviour.md 37,
 * 17a). */
#include "tests/reconciler/core/repulls.h"

#include <stdlib.h>

static void rule_37_nothing_changed(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	for (int i = 1; i < 7; i++) {
		due(&r);
		rig_turn(&r, 4 * S); /* nothing starts, and nothing is asked again, meanwhile */
		assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
		tell(&r, OLD, true);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
		assert_int_equal(r.acts.avoided, 3);
		assert_false(fact(&r, FACT_TAG_MOVED));
		rig_turn(&r, 3 * S);
		rig_written(&r);
		assert_string_equal(r.api.registry->digest, OLD);
		assert_int_equal(r.api.registry->settled_at, r.api.registry->checked_at);
		assert_null(r.api.registry->message);
		assert_string_equal(rig_condition(&r, "Ready")->status, "True");
		all_list(&r, OLD);
	}
	/* Each seventh is pulled by a pod, lest the kubelet collects the image. */
	rig_turn(&r, EVERY_S * S);
	assert_string_equal(rig_starts(&r), "a b c");
	assert_int_equal(r.acts.n_checks, 0);
	rig_done(&r);
}

/* Six times nothing changed, then a pod each. */
static void seventh(struct rig *r)
{
	begin(r);
	for (int i = 1; i < 7; i++) {
		due(r);
		tell(r, OLD, true);
		rig_turn(r, 3 * S);
		all_list(r, OLD);
	}
	rig_turn(r, EVERY_S * S);
	assert_string_equal(rig_starts(r), "a b c");
	pull_starts(r);
	rig_turn(r, 3 * S);
	rig_turn(r, 3 * S);
	assert_int_equal(r->acts.n_writes + r->acts.n_deletes, 0);
}

/* A kubelet looks every 5 minutes what is used: the pod is there for longer than that. */
static void rule_37_the_seventh_is_seen(void **state)
{
	struct rig r;
	(void)state;
	seventh(&r);
	rig_turn(&r, 320 * S);
	assert_int_equal(r.acts.n_deletes, 0);
	assert_string_equal(rig_condition(&r, "Ready")->status, "True");
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_deletes, 3);
	rig_settle(&r);
	rig_done(&r);
}

/* What has to be pulled again does not wait for that. */
static void rule_37_it_is_in_nobodys_way(void **state)
{
	static const struct rig_listed lost[] = {{{"small:1"}, 10}, {{NULL}, 0}};
	struct rig r;
	(void)state;
	seventh(&r);
	all_list(&r, OLD);
	rig_turn(&r, 100 * S);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_node_lists(&r, "b", r.now.wall_s, lost);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	/* A quota may count them: they go when it refuses a pod. */
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "exceeded quota: q", r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 2);
	rig_done(&r);
}

/* Another leader deletes what it finds: nobody counts on it. */
static void rule_37_it_goes_with_its_leader(void **state)
{
	struct rig r;
	(void)state;
	seventh(&r);
	core_lead(r.core, false, r.now);
	rig_turn(&r, 0);
	rig_lead(&r);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

static void rule_37_moved(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 100 * S);
	lists(&r, "b", NEW); /* a workload has pulled it there */
	rig_turn(&r, 0);
	due(&r);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a c");
	assert_true(fact(&r, FACT_TAG_MOVED));
	policy(&r, 8, NULL, NULL); /* is no reason to ask again */
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 0);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.registry->digest, NEW);
	assert_true(r.api.registry->settled_at < r.api.registry->checked_at);
	assert_string_equal(r.api.ready, "3/3");
	rig_done(&r);
}

/* It got there by another way while its pull waited for others. */
static void rule_37_it_came_by_itself(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	policy(&r, 1, NULL, NULL);
	due(&r);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	lists(&r, "b", NEW);
	pull_starts(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	pull_starts(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_checks, 0);
	rig_done(&r);
}

static void rule_37_no_answer(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	tell(&r, NULL, false);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c");
	assert_int_equal(r.acts.n_checks, 0);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.registry->message, "it is down (HTTP 503)");
	assert_true(r.api.registry->checked_at < r.now.wall_s - EVERY_S);
	rig_done(&r);
}

/* Nothing tells whether it is there: the list may have been cut. */
static void rule_37_not_listed(void **state)
{
	static const struct rig_listed larger[] = {{{"j:1", "i@" OLD}, 2000}, {{NULL}, 0}};
	struct rig r;
	(void)state;
	begin(&r);
	rig_node_lists(&r, "b", r.now.wall_s, larger);
	rig_turn(&r, EVERY_S * S);
	assert_string_equal(rig_starts(&r), "b");
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* Five names hide the digest. */
static void rule_37_hidden(void **state)
{
	struct rig r;
	const struct rig_listed images[] = {
		{{"docker.io/library/i:1", "x@" OLD, "y@" OLD, "z@" OLD, "v@" OLD}, 1000},
		{{"small:1"}, 10},
		{{NULL}, 0}};
	(void)state;
	begin(&r);
	rig_node_lists(&r, "b", r.now.wall_s, images);
	due(&r);
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/* What a node did not tell when the registry was asked it tells by its next list. */
static void rule_37_shown_later(void **state)
{
	static const struct {
		const char *label;
		int64_t after_s; /* the answer, the list comes */
		const char *has, *starts;
	} rows[] = {{"another", 30, OLD, "d"},
		    {"the same", 30, NEW, ""},
		    {"another, while the answer is good", 5 * 60 - 2, OLD, "d"},
		    {"another, when the answer is old", 5 * 60 + 2, OLD, ""}};
	const struct rig_listed hidden[] = {
		{{"docker.io/library/i:1", "x@" OLD, "y@" OLD, "z@" OLD, "v@" OLD}, 1000},
		{{"small:1"}, 10},
		{{NULL}, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		print_message("# %s\n", rows[i].label);
		begin(&r);
		rig_turn(&r, EVERY_S / 2 * S);
		rig_node(&r, "d");
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), "d");
		pull_starts(&r);
		rig_turn(&r, 3 * S);
		all_list(&r, OLD);
		rig_turn(&r, 100 * S);
		rig_node_lists(&r, "d", r.now.wall_s, hidden);
		rig_turn(&r, (EVERY_S / 2 - 103) * S);
		assert_int_equal(r.acts.n_checks, 1);
		tell(&r, NEW, true);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), "a b c");
		pull_starts(&r);
		rig_turn(&r, rows[i].after_s * S);
		lists(&r, "d", rows[i].has);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), rows[i].starts);
		rig_done(&r);
	}
}

/* A mirror still gives the old image: one useless round, then as without the registry. */
static void rule_37_stale_mirror(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c");
	pull_starts(&r);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 100 * S);
	all_list(&r, OLD);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_checks, 0);
	rig_turn(&r, EVERY_S * S - 200 * S);
	assert_int_equal(r.acts.n_starts + r.acts.n_checks, 0);
	rig_turn(&r, 200 * S);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c");
	rig_done(&r);
}

static const struct off_row {
	const char *name, *mode, *checks;
	bool allowed;
} off_rows[] = {
	{"--registry-checks=false", NULL, NULL, false},
	{"registryChecks: Disabled", NULL, "Disabled", true},
	{"repullMode: Always", "Always", NULL, true},
};

static void rule_37_switched_off(void **state)
{
	(void)state;
	FOREACH_ROW(struct off_row, off_rows)
	{
		struct rig r;
		begin(&r);
		core_allow_checks(r.core, row->allowed);
		policy(&r, 9, row->mode, row->checks);
		rig_turn(&r, EVERY_S * S);
		assert_string_equal(rig_starts(&r), "a b c");
		assert_int_equal(r.acts.n_checks, 0);
		rig_done(&r);
	}
}

/* An interval that is shorter than an answer is good for: each repull asks. */
static void rule_37_short_interval(void **state)
{
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9, .repull_interval = 60 * S}};
	struct rig r;
	(void)state;
	begin(&r);
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	for (int i = 0; i < 3; i++) {
		rig_turn(&r, 60 * S);
		assert_int_equal(r.acts.n_checks, 1);
		tell(&r, OLD, true);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
		assert_true(r.next_ms > r.now.boot_ms);
	}
	rig_done(&r);
}

/* ---- another life ---- */

static void next_life(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_restart(r);
	core_allow_checks(r->core, true);
	policy(r, 9, NULL, NULL);
	img.status = r->api;
	rig_put_image(r, &img);
}

/* Only one of three nodes has what the tag means now, and another leader begins. */
static void in_the_middle(struct rig *r)
{
	begin(r);
	due(r);
	tell(r, OLD, true);
	rig_turn(r, 3 * S);
	due(r);
	tell(r, NEW, true);
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "a b c");
	rig_pod(r, &r->acts.starts[0], POD_PULLED);
	rig_turn(r, 0);
	rig_turn(r, 100 * S);
	rig_written(r);
	assert_true(r->api.registry->settled_at < r->api.registry->checked_at);
	next_life(r);
	lists(r, "a", NEW);
	lists(r, "b", OLD);
	lists(r, "c", OLD);
}

/* The others follow at once, not an interval later. */
static void others_follow(struct rig *r)
{
	assert_int_equal(r->acts.n_checks, 1);
	assert_int_equal(r->acts.n_starts, 0);
	tell(r, NEW, true);
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "b c");
}

static void rule_37_a_restart_in_the_middle(void **state)
{
	struct rig r;
	(void)state;
	in_the_middle(&r);
	rig_lead(&r);
	rig_turn(&r, 0);
	others_follow(&r);
	rig_done(&r);
}

/* Nor does it matter what else was changed meanwhile. */
static void rule_37_a_restart_and_another_interval(void **state)
{
	static const int64_t every_s[] = {EVERY_S * 30, EVERY_S / 4};
	(void)state;
	for (size_t i = 0; i < sizeof(every_s) / sizeof(every_s[0]); i++) {
		struct rig r;
		in_the_middle(&r);
		policy_every(&r, every_s[i], 9, NULL, NULL);
		rig_lead(&r);
		rig_turn(&r, 0);
		others_follow(&r);
		rig_done(&r);
	}
}

/* What kept the registry from being asked ends later. */
static void rule_37_a_restart_before_it_may_be_asked(void **state)
{
	static const struct {
		int64_t every_s;
		const char *mode, *checks;
	} rows[] = {
		{0, NULL, NULL}, {EVERY_S * 30, "Always", NULL}, {EVERY_S * 30, NULL, "Disabled"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		in_the_middle(&r);
		policy_every(&r, rows[i].every_s, 9, rows[i].mode, rows[i].checks);
		rig_lead(&r);
		rig_turn(&r, 0);
		rig_turn(&r, 30 * S);
		assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
		policy_every(&r, EVERY_S * 30, 9, NULL, NULL);
		rig_turn(&r, 0);
		others_follow(&r);
		rig_done(&r);
	}
}

static void rule_37_a_restart_after_all_was_settled(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	tell(&r, OLD, true);
	rig_turn(&r, 3 * S);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_int_equal(r.api.registry->settled_at, r.api.registry->checked_at);
	next_life(&r);
	all_list(&r, OLD);
	rig_lead(&r);
	rig_turn(&r, (EVERY_S - 100) * S);
	assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
	rig_turn(&r, 100 * S);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* A leader that left while the question was open asks it again when it is back. */
static void rule_37_lead_lost_before_the_answer(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	rig_written(&r);
	core_lead(r.core, false, r.now);
	tell(&r, NEW, true); /* of a question that is void */
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.n_checks, 1);
	rig_done(&r);
}

/* Another reference: the answer is about the old one. */
static void rule_37_answer_to_another_reference(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	struct cachedimage img = rig_image_of("i", "2", "p");
	img.meta.generation = 2;
	img.meta.rv = 1000;
	rig_put_image(&r, &img);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_null(r.api.registry);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_37_nothing_changed),
		cmocka_unit_test(rule_37_the_seventh_is_seen),
		cmocka_unit_test(rule_37_it_is_in_nobodys_way),
		cmocka_unit_test(rule_37_it_goes_with_its_leader),
		cmocka_unit_test(rule_37_moved),
		cmocka_unit_test(rule_37_it_came_by_itself),
		cmocka_unit_test(rule_37_no_answer),
		cmocka_unit_test(rule_37_not_listed),
		cmocka_unit_test(rule_37_hidden),
		cmocka_unit_test(rule_37_shown_later),
		cmocka_unit_test(rule_37_stale_mirror),
		cmocka_unit_test(rule_37_switched_off),
		cmocka_unit_test(rule_37_short_interval),
		cmocka_unit_test(rule_37_a_restart_in_the_middle),
		cmocka_unit_test(rule_37_a_restart_and_another_interval),
		cmocka_unit_test(rule_37_a_restart_before_it_may_be_asked),
		cmocka_unit_test(rule_37_a_restart_after_all_was_settled),
		cmocka_unit_test(rule_37_lead_lost_before_the_answer),
		cmocka_unit_test(rule_37_answer_to_another_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
