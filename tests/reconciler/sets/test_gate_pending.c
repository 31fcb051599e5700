/* When nodes wait for children that a set is about to make (behaviour 45). */
#include "tests/reconciler/sets/sets_rig.h"

static bool pending(const struct sets_rig *r)
{
	return sets_gate_pending(r->sets, r->now);
}

static void begin(struct sets_rig *r, bool gates, const char *images)
{
	rig_new(r);
	r->set.spec.gate_nodes = gates;
	rig_set(r, images);
	rig_lead(r);
}

/* The writes of the last turn; between two of them nodes wait. */
static void do_all(struct sets_rig *r)
{
	const struct set_actions acts = r->acts;
	for (size_t i = 0; i < acts.n_writes; i++) {
		assert_true(pending(r));
		rig_do(r, &acts.writes[i]);
	}
}

static void rule_45_until_all_children_are_there(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, true, "a/b:1 a/c:1");
	assert_true(pending(&r)); /* its list is not built yet */
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE), 2);
	do_all(&r);
	assert_false(pending(&r));
	rig_restart(&r); /* they are read before anything is decided */
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_false(pending(&r));
	rig_set(&r, "a/b:1 a/c:1 a/d:1");
	assert_true(pending(&r));
	rig_settle(&r);
	assert_false(pending(&r));
	r.set.spec.suspend = true; /* 50: its children do not gate */
	rig_set(&r, "a/e:1");
	assert_false(pending(&r));
	rig_done(&r);
}

static void rule_45_a_set_that_does_not_gate(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, false, "a/b:1");
	assert_false(pending(&r));
	rig_turn(&r, 0);
	assert_false(pending(&r));
	rig_done(&r);
}

static void rule_45_not_for_what_is_refused(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, true, "a/b:1");
	rig_turn(&r, 0);
	const struct set_write *w = rig_only(&r, SET_CREATE);
	sets_answered(r.sets, SET_CREATE, w->name, w->uid, SET_REFUSED, 0, "exceeded quota", r.now);
	assert_false(pending(&r));
	rig_done(&r);
}

static void rule_45_the_first_sync(void **state)
{
	static struct api_name_ref found = {"found"};
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.gate_nodes = true;
	r.set.spec.discovery_policy_ref = &found;
	rig_set(&r, "");
	rig_discovery(&r, "found", NULL, "");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_true(pending(&r));
	rig_discovery(&r, "found", "True", "a/b:1");
	rig_turn(&r, 0);
	assert_true(pending(&r)); /* the child */
	do_all(&r);
	assert_false(pending(&r));
	rig_done(&r);
}

static void rule_45_a_sync_that_fails_or_never_comes(void **state)
{
	static struct api_name_ref found = {"found"};
	(void)state;
	for (int fails = 0; fails < 2; fails++) {
		struct sets_rig r;
		rig_new(&r);
		r.set.spec.gate_nodes = true;
		r.set.spec.discovery_policy_ref = &found;
		rig_set(&r, "");
		rig_discovery(&r, "found", NULL, "");
		rig_lead(&r);
		rig_turn(&r, 1000);
		assert_true(pending(&r));
		if (fails)
			rig_discovery(&r, "found", "False", "");
		rig_turn(&r, fails ? 0 : 60000);
		assert_false(pending(&r));
		rig_done(&r);
	}
}

/* Children that only stay because nobody knows what is discovered are none of those. */
static void rule_45_beside_children_that_are_kept(void **state)
{
	static struct api_name_ref found = {"found"}, missing = {"missing"};
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.gate_nodes = true;
	r.set.spec.discovery_policy_ref = &found;
	rig_discovery(&r, "found", "True", "a/b:1");
	rig_set(&r, "a/c:1");
	rig_lead(&r);
	rig_settle(&r);
	assert_false(pending(&r));
	r.set.spec.discovery_policy_ref = &missing;
	rig_set(&r, "a/c:1 a/d:1");
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_CREATE), 1);
	do_all(&r);
	assert_false(pending(&r));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_45_until_all_children_are_there),
		cmocka_unit_test(rule_45_a_set_that_does_not_gate),
		cmocka_unit_test(rule_45_not_for_what_is_refused),
		cmocka_unit_test(rule_45_the_first_sync),
		cmocka_unit_test(rule_45_a_sync_that_fails_or_never_comes),
		cmocka_unit_test(rule_45_beside_children_that_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
