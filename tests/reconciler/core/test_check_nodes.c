/*
 * What one node's list and its last pull tell when the registry has answered, and when the registry
 * is asked at all (behaviour 37, 50).
 */
#include "tests/reconciler/core/repulls.h"

/* The digest is not among its five names. */
static void hides(struct rig *r, const char *node)
{
	const struct rig_listed images[] = {
		{{"docker.io/library/i:1", "x@" OLD, "y@" OLD, "z@" OLD, "v@" OLD}, 1000},
		{{"small:1"}, 10},
		{{NULL}, 0}};
	rig_node_lists(r, node, r->now.wall_s, images);
}

/* Node d joins half an interval after the others, and pulls. */
static void joins_later(struct rig *r)
{
	rig_turn(r, EVERY_S / 2 * S);
	all_list(r, OLD);
	rig_node(r, "d");
	rig_turn(r, 0);
	assert_string_equal(rig_starts(r), "d");
	pull_starts(r);
	rig_turn(r, 3 * S);
	rig_turn(r, 100 * S);
}

/* The others' repull is due, and not yet d's: d has something else, and its pull is older. */
static void rule_37_not_due_but_outdated(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	joins_later(&r);
	lists(&r, "d", OLD);
	rig_turn(&r, (EVERY_S / 2 - 103) * S);
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a b c d");
	rig_done(&r);
}

/* The tag moved before d pulled: its mirror is behind, and it waits for its own interval. */
static void rule_37_a_mirror_that_is_behind(void **state)
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
	all_list(&r, NEW);
	joins_later(&r);
	all_list(&r, NEW);
	lists(&r, "d", OLD);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_checks, 0);
	rig_turn(&r, (EVERY_S / 2 - 203) * S);
	for (int i = 0; i < 60 && r.acts.n_checks == 0; i++)
		rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, NEW, true);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "");
	/* One pull of each that was due is saved. */
	assert_int_equal(r.acts.avoided, 3);
	rig_done(&r);
}

/* What is proven of a node whose repull is not due saves no pull. */
static void rule_37_only_what_was_due_is_saved(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	joins_later(&r);
	lists(&r, "d", OLD);
	rig_turn(&r, (EVERY_S / 2 - 103) * S);
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.avoided, 3);
	rig_done(&r);
}

/* Lists that hide the digest: what the node's own last pull told counts. */
static void rule_37_what_the_last_pull_told(void **state)
{
	static const struct {
		const char *label;
		const char *first, *later; /* what pulls tell on a, b and c, and then on d */
		const char *answer, *starts;
	} rows[] = {
		{"all of them the same", OLD, OLD, OLD, ""},
		{"all of them something else", OLD, OLD, NEW, "a b c"},
		{"the last one the new one", OLD, NEW, NEW, "a b c"},
		{"nothing", NULL, NULL, OLD, "a b c"},
		{"nothing at last", OLD, NULL, OLD, "a b c"},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct rig r;
		print_message("# %s\n", rows[i].label);
		rig_new(&r);
		core_allow_checks(r.core, true);
		policy(&r, 9, NULL, NULL);
		rig_node(&r, "a");
		rig_node(&r, "b");
		rig_node(&r, "c");
		rig_image(&r, "i", "1", "p");
		rig_lead(&r);
		if (rows[i].first != NULL)
			r.image_id = arena_printf(&r.keep, "docker.io/library/i@%s", rows[i].first);
		rig_turn(&r, 0);
		tell(&r, NULL, false);
		pull_starts(&r);
		rig_turn(&r, 2 * S);
		pull_starts(&r);
		rig_turn(&r, EVERY_S / 2 * S);
		rig_node(&r, "d");
		r.image_id = rows[i].later != NULL ? arena_printf(&r.keep, "docker.io/library/i@%s",
								  rows[i].later)
						   : NULL;
		rig_turn(&r, 0);
		assert_non_null(strstr(rig_starts(&r), "d"));
		if (r.acts.n_checks != 0)
			tell(&r, NULL, false);
		pull_starts(&r);
		rig_turn(&r, 100 * S);
		for (const char *node = "abcd"; *node != '\0'; node++)
			hides(&r, arena_strndup(&r.keep, node, 1));
		rig_turn(&r, (EVERY_S / 2 - 90) * S);
		assert_int_equal(r.acts.n_checks, 1);
		tell(&r, rows[i].answer, true);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), rows[i].starts);
		rig_done(&r);
	}
}

/* An answer that another node's repull asked for does not take the place of the seventh's pod. */
static void rule_37_the_seventh_waits_for_its_turn(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	for (int i = 1; i < 7; i++) {
		due(&r);
		tell(&r, OLD, true);
		rig_turn(&r, 3 * S);
		all_list(&r, OLD);
	}
	joins_later(&r);
	lists(&r, "d", OLD);
	policy(&r, 1, NULL, NULL);
	rig_turn(&r, (EVERY_S / 2 - 103) * S);
	assert_string_equal(rig_starts(&r), "a");
	const struct core_start *on_a = rig_start(&r);
	rig_turn(&r, EVERY_S / 4 * S);
	rig_pod(&r, on_a, POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	const struct core_start *on_b = rig_start(&r);
	for (int i = 0; i < 300 && r.acts.n_checks == 0; i++)
		rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_checks, 1); /* for d */
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	rig_pod(&r, on_b, POD_PULLED);
	rig_turn(&r, 3 * S);
	assert_string_equal(rig_starts(&r), "c");
	rig_done(&r);
}

/* What was asked for a new node makes no repull of the others due. */
static void rule_37_asked_for_a_new_node(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	core_allow_checks(r.core, true);
	policy(&r, 9, NULL, NULL);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	tell(&r, NULL, false);
	pull_starts(&r);
	rig_turn(&r, 100 * S);
	lists(&r, "a", OLD);
	rig_turn(&r, 11 * 60 * S);
	rig_node(&r, "d");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	tell(&r, NEW, true);
	rig_turn(&r, 5 * S);
	assert_null(strstr(rig_starts(&r), "a"));
	lists(&r, "a", OLD);
	rig_turn(&r, 5 * S);
	assert_null(strstr(rig_starts(&r), "a"));
	rig_done(&r);
}

/* 17a. Kubelets that do not check credentials do not mind other secrets. */
static void rule_37_other_secrets(void **state)
{
	static struct api_name_ref secret[] = {{"s"}};
	struct rig r;
	(void)state;
	begin(&r);
	due(&r);
	tell(&r, OLD, true);
	rig_turn(&r, 3 * S);
	all_list(&r, OLD);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.generation = 2;
	img.meta.rv = 1000;
	img.spec.image_pull_secrets = (struct api_name_refs){secret, 1};
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	due(&r);
	tell(&r, OLD, true);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* 50. Of what is suspended nothing is asked, and at once when it is resumed. */
static void rule_50_a_suspended_image_is_not_asked_about(void **state)
{
	struct rig r;
	(void)state;
	begin(&r);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.generation = 2;
	img.meta.rv = 1000;
	img.spec.suspend = true;
	rig_put_image(&r, &img);
	for (int i = 0; i < 3; i++) {
		rig_turn(&r, EVERY_S * S);
		all_list(&r, OLD);
		assert_int_equal(r.acts.n_checks + r.acts.n_starts, 0);
	}
	img.meta.generation = 3;
	img.meta.rv = 1001;
	img.spec.suspend = false;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* 38. A node that comes while another one waits for the answer does not make that one wait longer.
 */
static void rule_38_five_seconds_at_most(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	core_allow_checks(r.core, true);
	policy(&r, 9, NULL, NULL);
	lists(&r, "a", OLD);
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_checks, 1);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 4 * S);
	assert_int_equal(r.acts.n_starts, 0);
	lists(&r, "d", OLD);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, S + 100);
	assert_true(r.acts.n_starts != 0);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_37_not_due_but_outdated),
		cmocka_unit_test(rule_37_a_mirror_that_is_behind),
		cmocka_unit_test(rule_37_only_what_was_due_is_saved),
		cmocka_unit_test(rule_37_what_the_last_pull_told),
		cmocka_unit_test(rule_37_the_seventh_waits_for_its_turn),
		cmocka_unit_test(rule_37_asked_for_a_new_node),
		cmocka_unit_test(rule_37_other_secrets),
		cmocka_unit_test(rule_38_five_seconds_at_most),
		cmocka_unit_test(rule_50_a_suspended_image_is_not_asked_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
