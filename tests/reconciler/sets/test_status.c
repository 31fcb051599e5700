/* Status of sets (behaviour.md 20, 21, 24): phases, counts, messages, and when it is written. */
#include "tests/reconciler/sets/sets_rig.h"

static struct api_name_ref discovered = {"d"};

/* The set of these images, settled. found: what its DiscoveryPolicy has; NULL: it names none. */
static void begin(struct sets_rig *r, const char *images, const char *found)
{
	rig_new(r);
	if (found != NULL) {
		r->set.spec.discovery_policy_ref = &discovered;
		rig_discovery(r, "d", "True", found);
	}
	rig_set(r, images);
	rig_lead(r);
	rig_settle(r);
}

/* Phases of the children, one letter each: R, D, P (Pending), - (no child is there). */
static const struct phase_row {
	const char *name, *children;
	const char *ready; /* of the DiscoveryPolicy: its condition; "" not synced, "none" */
	bool missing;      /* names one that is not there */
	const char *phase, *status, *reason, *message;
	int managed, n_ready;
} rows[] = {
	{"all Ready", "RR", "none", false, "Ready", "True", "Ready", "All 2 images are cached", 2,
	 2},
	{"one is not", "RP", "none", false, "Pending", "False", "Progressing", "1/2 images cached",
	 2, 1},
	{"nothing wanted", "", "none", false, "Ready", "True", "Ready", "0 of 0 images are cached",
	 0, 0},
	{"nothing found", "", "True", true, "Ready", "True", "Ready", "0 of 0 images are cached", 0,
	 0},
	{"nothing, and nobody knows", "", "False", true, "Pending", "False", "Progressing",
	 "0/0 images cached; DiscoveryPolicy d is failing: DNSError", 0, 0},
	{"one Degraded", "RD", "none", false, "Degraded", "False", "Degraded",
	 "1/2 images cached, failing: 1 (s-b-1)", 2, 1},
	{"two Degraded", "DDP", "none", false, "Degraded", "False", "Degraded",
	 "0/3 images cached, failing: 2 (s-a-1, s-b-1)", 3, 0},
	{"many Degraded", "DDDDDDD", "none", false, "Degraded", "False", "Degraded",
	 "0/7 images cached, failing: 7 (s-a-1, s-b-1, s-c-1, s-d-1, s-e-1, ...)", 7, 0},
	{"no DiscoveryPolicy", "R", "none", true, "Degraded", "False", "DiscoveryPolicyNotFound",
	 "DiscoveryPolicy d not found; 1/1 images cached", 1, 1},
	{"not synced yet", "R", "", true, "Pending", "False", "Progressing",
	 "1/1 images cached; waiting for DiscoveryPolicy d to be synced", 1, 1},
	{"Unknown is not synced", "R", "Unknown", true, "Pending", "False", "Progressing",
	 "1/1 images cached; waiting for DiscoveryPolicy d to be synced", 1, 1},
	{"a failing one", "R", "False", true, "Ready", "True", "Ready",
	 "All 1 images are cached; DiscoveryPolicy d is failing: DNSError", 1, 1},
	{"a synced one", "R", "True", true, "Ready", "True", "Ready", "All 1 images are cached", 1,
	 1},
};

static void rule_24_phases(void **state)
{
	static const char *const names[] = {"a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1"};
	(void)state;
	FOREACH_ROW(struct phase_row, rows)
	{
		struct sets_rig r;
		const char *list = "";
		rig_new(&r);
		for (size_t i = 0; i < strlen(row->children); i++)
			list = arena_printf(&r.keep, "%s %s", list, names[i]);
		if (row->missing)
			r.set.spec.discovery_policy_ref = &discovered;
		if (strcmp(row->ready, "none") != 0)
			rig_discovery(&r, "d", *row->ready != '\0' ? row->ready : NULL, "");
		rig_set(&r, list);
		rig_lead(&r);
		rig_settle(&r);
		for (size_t i = 0; i < strlen(row->children); i++) {
			struct cachedimage *c =
				rig_get(&r, arena_printf(&r.keep, "s-%c-1", names[i][0]));
			rig_phase(&r, c,
				  row->children[i] == 'R'   ? "Ready"
				  : row->children[i] == 'D' ? "Degraded"
							    : "Pending");
		}
		rig_settle(&r);
		assert_string_equal(r.set.status.phase, row->phase);
		assert_string_equal(rig_ready(&r)->status, row->status);
		assert_string_equal(rig_ready(&r)->reason, row->reason);
		assert_string_equal(rig_ready(&r)->message, row->message);
		assert_int_equal(r.set.status.images_managed, row->managed);
		assert_int_equal(r.set.status.images_ready, row->n_ready);
		assert_int_equal(r.set.status.observed_generation, r.set.meta.generation);
		rig_done(&r);
	}
}

static const struct api_condition *found(const struct sets_rig *r, const char *type)
{
	return api_condition_find(&r->set.status.conditions, type);
}

/* Its children's condition Stalled, of their present generation, whatever their phase. */
static void rule_59_stalled_by_children(void **state)
{
	struct api_condition stalled = {.type = "Stalled", .status = "True"};
	struct sets_rig r;
	(void)state;
	begin(&r, "a:1 b:1", NULL);
	assert_string_equal(found(&r, "Reconciling")->reason, "Progressing");
	assert_null(found(&r, "Stalled"));
	struct cachedimage *a = rig_get(&r, "s-a-1"), *b = rig_get(&r, "s-b-1");
	rig_phase(&r, b, "Ready");
	a->status.conditions = (struct api_conditions){&stalled, 1};
	rig_phase(&r, a, "Pending");
	rig_settle(&r);
	assert_string_equal(rig_ready(&r)->reason, "Progressing");
	assert_string_equal(found(&r, "Stalled")->reason, "ImagesStalled");
	assert_string_equal(found(&r, "Stalled")->message,
			    "1 of 2 images do not become Ready by themselves: s-a-1");
	assert_null(found(&r, "Reconciling"));
	/* Another spec: the condition was about the old one. */
	a->meta.generation++;
	rig_changed(&r, a);
	rig_settle(&r);
	assert_null(found(&r, "Stalled"));
	a->status.conditions.n = 0;
	rig_phase(&r, a, "Ready");
	rig_settle(&r);
	assert_null(found(&r, "Stalled"));
	assert_null(found(&r, "Reconciling"));
	/* Degraded, and it may heal. */
	rig_phase(&r, a, "Degraded");
	rig_settle(&r);
	assert_string_equal(found(&r, "Reconciling")->reason, "Degraded");
	rig_done(&r);
}

static void rule_59_no_discovery_policy(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.discovery_policy_ref = &discovered;
	rig_set(&r, "");
	rig_lead(&r);
	rig_settle(&r);
	rig_turn(&r, 3000);
	rig_settle(&r);
	assert_string_equal(found(&r, "Stalled")->reason, "DiscoveryPolicyNotFound");
	int64_t since = found(&r, "Stalled")->last_transition;
	rig_restart(&r);
	rig_lead(&r);
	rig_settle(&r);
	rig_turn(&r, 60000);
	rig_settle(&r);
	assert_true(found(&r, "Stalled")->last_transition >= since);
	rig_discovery(&r, "d", "True", "");
	rig_settle(&r);
	assert_string_equal(r.set.status.phase, "Ready");
	assert_null(found(&r, "Stalled"));
	rig_done(&r);
}

static void rule_24_discovered_children_stay(void **state)
{
	static const char *const doubts[] = {"False", NULL, "Unknown"};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct sets_rig r;
		begin(&r, "z:1", "x:1 y:1");
		assert_string_equal(rig_names(&r), "s-x-1 s-y-1 s-z-1");
		if (i < 3)
			rig_discovery(&r, "d", doubts[i], "");
		else
			sets_gone(r.sets, KIND_DISCOVERYPOLICY, "d", r.now);
		rig_settle(&r);
		assert_string_equal(rig_names(&r), "s-x-1 s-y-1 s-z-1");
		assert_int_equal(r.set.status.images_managed, 3);
		/* It knows again: what it does not find any more goes. */
		rig_discovery(&r, "d", "True", "y:1");
		rig_settle(&r);
		assert_string_equal(rig_names(&r), "s-y-1 s-z-1");
		rig_done(&r);
	}
}

static void rule_24_no_discovery_any_more(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "z:1", "x:1");
	r.set.spec.discovery_policy_ref = NULL;
	rig_set_changed(&r);
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "s-z-1");
	rig_done(&r);
}

static void rule_23_skipped_are_counted(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "", "x:1 UP::x sha256:zz:1");
	assert_string_equal(rig_ready(&r)->message,
			    "0/1 images cached; 2 discovered images skipped");
	rig_done(&r);
}

static void rule_24_told_once_as_a_fact(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.discovery_policy_ref = &discovered;
	rig_set(&r, "z:1");
	rig_lead(&r);
	rig_turn(&r, 2000);
	assert_int_equal(r.acts.n_facts, 1);
	assert_string_equal(r.acts.facts[0].set, "s");
	assert_string_equal(r.acts.facts[0].uid, "su");
	assert_string_equal(r.acts.facts[0].reason, "DiscoveryPolicyNotFound");
	rig_set_changed(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 0);
	rig_done(&r);
}

/* More sets than are told of in one turn: the others are counted. */
static void rule_24_many_facts(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.discovery_policy_ref = &discovered;
	for (int i = 0; i < 70; i++) {
		char name[16];
		snprintf(name, sizeof(name), "s%d", i);
		r.set.meta.name = r.set.meta.uid = name;
		rig_set(&r, "z:1");
	}
	rig_lead(&r);
	rig_turn(&r, 2000);
	assert_int_equal(r.acts.n_facts + r.acts.facts_dropped, 70);
	assert_true(r.acts.facts_dropped != 0);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts + r.acts.facts_dropped, 0);
	rig_done(&r);
}

static void rule_24_no_complaint_while_a_file_is_applied(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.meta.created = r.now.wall_s - 3600; /* the API server's clock is not ours */
	r.set.spec.discovery_policy_ref = &discovered;
	rig_set(&r, "");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 0);
	rig_do(&r, rig_only(&r, SET_STATUS));
	assert_string_equal(r.set.status.phase, "Pending");
	assert_in_range(r.next_ms, r.now.boot_ms, r.now.boot_ms + 2000);
	rig_turn(&r, 2000);
	assert_int_equal(r.acts.n_facts, 1);
	rig_do(&r, rig_only(&r, SET_STATUS));
	assert_string_equal(r.set.status.phase, "Degraded");
	rig_done(&r);
}

static void rule_24_ready_is_of_the_present_spec(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "a:1", NULL);
	struct cachedimage *c = rig_get(&r, "s-a-1");
	rig_phase(&r, c, "Ready");
	rig_settle(&r);
	assert_string_equal(r.set.status.phase, "Ready");
	c->meta.generation++;
	rig_changed(&r, c);
	rig_settle(&r);
	assert_string_equal(r.set.status.phase, "Pending");
	rig_done(&r);
}

static void rule_20_transition_times(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "a:1 b:1", NULL);
	int64_t since = rig_ready(&r)->last_transition;
	rig_turn(&r, 60000);
	rig_phase(&r, rig_get(&r, "s-a-1"), "Ready");
	rig_settle(&r);
	assert_string_equal(rig_ready(&r)->message, "1/2 images cached");
	assert_int_equal(rig_ready(&r)->last_transition, since);
	/* Also over a restart. */
	rig_restart(&r);
	rig_lead(&r);
	rig_turn(&r, 60000);
	assert_int_equal(rig_count(&r, SET_STATUS), 0);
	rig_phase(&r, rig_get(&r, "s-b-1"), "Ready");
	rig_settle(&r);
	assert_true(rig_ready(&r)->last_transition > since);
	rig_done(&r);
}

static void do_statuses(struct sets_rig *r)
{
	for (size_t i = 0; i < r->acts.n_writes; i++)
		if (r->acts.writes[i].verb == SET_STATUS)
			rig_do(r, &r->acts.writes[i]);
}

static void rule_21_one_write_in_two_seconds(void **state)
{
	const char *list = "";
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	for (int i = 0; i < 40; i++)
		list = arena_printf(&r.keep, "%s x:%d", list, i);
	rig_set(&r, list);
	rig_lead(&r);
	rig_settle(&r);
	size_t before = r.n_statuses;
	for (int i = 0; i < 40; i++) {
		rig_phase(&r, rig_get(&r, arena_printf(&r.keep, "s-x-%d", i)), "Ready");
		rig_turn(&r, 100);
		do_statuses(&r);
	}
	/* 4 seconds: two or three, and the phase at once. */
	assert_in_range(r.n_statuses - before, 2, 4);
	assert_string_equal(r.set.status.phase, "Ready");
	rig_done(&r);
}

static void rule_21_nothing_that_changes_nothing(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "a:1", NULL);
	size_t before = r.n_statuses;
	for (int i = 0; i < 10; i++) {
		rig_changed(&r, rig_get(&r, "s-a-1"));
		sets_put(r.sets, KIND_CACHEDIMAGESET, &r.set, r.now);
		rig_turn(&r, 3000);
		do_statuses(&r);
	}
	assert_int_equal(r.n_statuses, before);
	rig_done(&r);
}

static void rule_21_edited_by_hand(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "a:1", NULL);
	r.set.status.images_ready = 77;
	r.set.meta.rv = ++r.rv;
	sets_put(r.sets, KIND_CACHEDIMAGESET, &r.set, r.now);
	rig_settle(&r);
	assert_int_equal(r.set.status.images_ready, 0);
	/* A late echo of an older state is no edit. */
	struct cachedimageset late = r.set;
	late.status.images_ready = 5;
	late.meta.rv = 1;
	size_t before = r.n_statuses;
	sets_put(r.sets, KIND_CACHEDIMAGESET, &late, r.now);
	rig_settle(&r);
	assert_int_equal(r.n_statuses, before);
	rig_done(&r);
}

static void rule_21_a_lost_write_is_repeated(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	rig_set(&r, "");
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_only(&r, SET_STATUS);
	sets_answered(r.sets, SET_STATUS, "s", "su", SET_FAILED, 0, NULL, r.now);
	rig_turn(&r, 1999);
	assert_int_equal(rig_count(&r, SET_STATUS), 0);
	rig_turn(&r, 1);
	rig_do(&r, rig_only(&r, SET_STATUS));
	rig_turn(&r, 60000);
	assert_int_equal(r.acts.n_writes, 0);
	rig_done(&r);
}

/*
 * etcd was restored from an older backup: the set has its old status and a lower resourceVersion, a
 * child is without our patch, another that we deleted is back. All is done again, after a list
 * that began later than our writes were acknowledged, and not before.
 */
static void rule_21_restored_older_state(void **state)
{
	struct sets_rig r;
	(void)state;
	begin(&r, "nginx:1 redis:1", NULL);
	struct cachedimage *old = rig_get(&r, "s-redis-1");
	assert_non_null(old);
	struct cachedimage kept = *old;
	uint64_t backup_rv = r.rv;
	struct cachedimageset before = r.set;
	int64_t before_ms = r.now.boot_ms;
	rig_set(&r, "nginx:1");
	r.set.spec.image_pull_policy = "IfNotPresent";
	rig_set_changed(&r);
	rig_settle(&r);
	assert_string_equal(rig_names(&r), "s-nginx-1");
	/* The restored status: the API server's numbers are lower than what we have seen. */
	struct cachedimageset set = r.set;
	set.status = before.status;
	set.meta.rv = backup_rv;
	struct cachedimage child = *rig_get(&r, "s-nginx-1");
	child.spec.image_pull_policy = "Always";
	child.meta.rv = backup_rv - 1;
	sets_put(r.sets, KIND_CACHEDIMAGESET, &set, r.now);
	sets_put(r.sets, KIND_CACHEDIMAGE, &child, r.now);
	sets_put(r.sets, KIND_CACHEDIMAGE, &kept, r.now);
	sets_listed(r.sets, before_ms, r.now);
	rig_turn(&r, 60000);
	assert_int_equal(rig_count(&r, SET_PATCH), 0);
	sets_listed(r.sets, r.now.boot_ms, r.now);
	rig_turn(&r, 0);
	assert_int_equal(rig_count(&r, SET_PATCH), 1);
	assert_string_equal(rig_only(&r, SET_STATUS)->status->phase, "Pending");
	rig_done(&r);
}

/* 50. The set says it, and writes it into no child; what a user set on a child stays. */
static void rule_50_suspended(void **state)
{
	struct sets_rig r;
	(void)state;
	rig_new(&r);
	r.set.spec.suspend = true;
	rig_set(&r, "a:1");
	rig_lead(&r);
	rig_settle(&r);
	struct cachedimage *child = rig_get(&r, "s-a-1");
	assert_false(child->spec.suspend);
	const struct api_condition *c = api_condition_find(&r.set.status.conditions, "Suspended");
	assert_non_null(c);
	assert_string_equal(c->status, "True");
	child->spec.suspend = true;
	rig_changed(&r, child);
	r.set.spec.suspend = false;
	rig_set_changed(&r);
	rig_settle(&r);
	rig_turn(&r, 3000);
	rig_settle(&r);
	assert_int_equal(r.n_patches, 0);
	assert_true(rig_get(&r, "s-a-1")->spec.suspend);
	assert_null(api_condition_find(&r.set.status.conditions, "Suspended"));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_24_phases),
		cmocka_unit_test(rule_50_suspended),
		cmocka_unit_test(rule_59_stalled_by_children),
		cmocka_unit_test(rule_59_no_discovery_policy),
		cmocka_unit_test(rule_24_discovered_children_stay),
		cmocka_unit_test(rule_24_no_discovery_any_more),
		cmocka_unit_test(rule_23_skipped_are_counted),
		cmocka_unit_test(rule_24_told_once_as_a_fact),
		cmocka_unit_test(rule_24_many_facts),
		cmocka_unit_test(rule_24_no_complaint_while_a_file_is_applied),
		cmocka_unit_test(rule_24_ready_is_of_the_present_spec),
		cmocka_unit_test(rule_20_transition_times),
		cmocka_unit_test(rule_21_one_write_in_two_seconds),
		cmocka_unit_test(rule_21_nothing_that_changes_nothing),
		cmocka_unit_test(rule_21_edited_by_hand),
		cmocka_unit_test(rule_21_a_lost_write_is_repeated),
		cmocka_unit_test(rule_21_restored_older_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
