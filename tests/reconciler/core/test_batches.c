/* Several images in one pod, told through core.h (behaviour 42-44). */
#include "tests/reconciler/core/batches.h"

static void rule_42_one_pod(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	size_t told = 0;
	for (size_t i = 0; i < r.acts.n_facts; i++)
		told += r.acts.facts[i].kind == FACT_PULL_STARTED;
	assert_int_equal(told, N);
	for (size_t i = 0; i < N; i++) {
		assert_string_equal(s->pulls[i].image_name, names[i]);
		assert_int_equal(status_of(&r, names[i])->nodes_pulling, 1);
		assert_int_equal(status_of(&r, names[i])->last_attempted_at, r.now.wall_s);
	}
	rig_done(&r);
}

/* 1: each in its own, under the name and label that it always had. */
static void rule_42_one_each(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 1);
	assert_int_equal(r.acts.n_starts, 2); /* maxPullsPerNode */
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(r.acts.starts[i].n_pulls, 1);
		assert_null(r.acts.starts[i].batch);
	}
	rig_done(&r);
}

/* A pod is one pull for the limits: two pods of two images fill maxPullsPerNode: 2. */
static void rule_43_counts_as_one(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 2);
	assert_int_equal(r.acts.n_starts, 2);
	assert_int_equal(r.acts.starts[0].n_pulls, 2);
	assert_int_equal(r.acts.starts[1].n_pulls, 2);
	rig_node(&r, "b"); /* maxConcurrentPulls: 2 */
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_done(&r);
}

/* Not known in size, or never pulled: alone, and the others go without it. */
static void rule_42_the_unknown_goes_alone(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	struct cachedimage fresh = rig_image_of("a-fresh", "1", "p");
	struct cachedimage unsized = known_image(&r, "b-unsized");
	rig_put_image(&r, &fresh);
	rig_put_image(&r, &unsized);
	rig_batch(&r, one_batch(&r, N),
		  (const enum fate[]){POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED});
	rig_turn(&r, 0);
	for (size_t i = 0; i < r.acts.n_starts; i++)
		assert_int_equal(r.acts.starts[i].n_pulls, 1);
	assert_true(r.acts.n_starts != 0);
	rig_done(&r);
}

/* Each has its own outcome at once; the pod goes when all of them are in the API. */
static void rule_43_outcomes(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_batch(&r, s,
		  (const enum fate[]){POD_CREATING, POD_CREATING, POD_CREATING, POD_CREATING});
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_deletes, 0);
	const enum fate some[] = {POD_PULLED, POD_SCRATCH, POD_NOT_FOUND, POD_CREATING};
	rig_batch(&r, s, some);
	rig_turn(&r, 2 * S);
	assert_int_equal(status_of(&r, "i0")->nodes_ready, 2);
	assert_int_equal(status_of(&r, "i1")->nodes_ready, 2);
	const struct cachedimage_status *failed = status_of(&r, "i2");
	assert_int_equal(failed->failed_nodes.n, 1);
	assert_string_equal(failed->failed_nodes.at[0].reason, "ErrImagePull");
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 0); /* i3 still pulls */
	assert_int_equal(r.acts.n_starts, 0);  /* and nothing of i2 starts beside the pod */
	const enum fate all[] = {POD_PULLED, POD_SCRATCH, POD_NOT_FOUND, POD_PULLED};
	rig_batch(&r, s, all);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 0); /* i3 is not in the API yet */
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	/* What failed has its own back-off, and goes alone. */
	rig_turn(&r, 60 * S);
	const struct core_start *retry = rig_start(&r);
	assert_int_equal(retry->n_pulls, 1);
	assert_string_equal(retry->pulls[0].image_name, "i2");
	assert_string_equal(retry->pulls[0].attempt, "1");
	rig_done(&r);
}

/* Nothing is told before the end: each has the time of all, and then all of them failed. */
static void rule_43_time(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	rig_batch(&r, one_batch(&r, N),
		  (const enum fate[]){POD_CREATING, POD_CREATING, POD_CREATING, POD_CREATING});
	rig_turn(&r, 0);
	for (int minutes = 0; minutes < N * 30 - 1; minutes++) {
		rig_turn(&r, MIN);
		for (size_t i = 0; i < r.acts.n_writes; i++)
			assert_int_equal(r.acts.writes[i].new->failed_nodes.n, 0);
	}
	rig_turn(&r, 2 * MIN);
	for (size_t i = 0; i < N; i++) {
		const struct failed_node *f = &status_of(&r, names[i])->failed_nodes.at[0];
		assert_string_equal(f->reason, "Timeout");
		assert_non_null(strstr(f->message, "pullTimeout for each"));
	}
	rig_done(&r);
}

/* Refused: nobody's PodRejected. Each goes alone; after ten minutes they go together again. */
static void rule_43_refused(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	core_started(r.core, one_batch(&r, N)->pod_name, START_REFUSED, "exceeded quota", r.now);
	rig_turn(&r, 0);
	size_t facts = 0;
	for (size_t i = 0; i < r.acts.n_facts; i++) {
		assert_int_not_equal(r.acts.facts[i].kind, FACT_POD_REFUSED);
		facts += r.acts.facts[i].kind == FACT_BATCH_REFUSED;
	}
	assert_int_equal(facts, 1);
	size_t n;
	const struct core_start *starts = rig_all_starts(&r, &n);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(starts[i].n_pulls, 1);
		rig_pod(&r, &starts[i], POD_PULLED);
	}
	for (size_t i = 0; i < r.acts.n_writes; i++)
		assert_string_not_equal(r.acts.writes[i].new->phase, "Degraded");
	rig_turn(&r, 9 * MIN);
	starts = rig_all_starts(&r, &n);
	assert_int_equal(n, 2);
	assert_int_equal(starts[0].n_pulls, 1);
	for (size_t i = 0; i < n; i++)
		rig_pod(&r, &starts[i], POD_PULLED);
	rig_turn(&r, 2 * MIN);
	rig_node(&r, "b");
	rig_turn(&r, 0);
	one_batch(&r, N);
	rig_done(&r);
}

/* Two are several. */
static void rule_43_two_refused(void **state)
{
	(void)state;
	struct rig r;
	begin_with(&r, 2, 1);
	core_started(r.core, one_batch(&r, 2)->pod_name, START_REFUSED, "no", r.now);
	rig_turn(&r, 0);
	for (size_t i = 0; i < r.acts.n_facts; i++)
		assert_int_not_equal(r.acts.facts[i].kind, FACT_POD_REFUSED);
	assert_int_equal(rig_start(&r)->n_pulls, 1);
	rig_done(&r);
}

/*
 * The API server refuses one image again and again. Once pods of several are made again, the others
 * are in one, on a new node, and it is not among them.
 */
static void rule_43_the_refused_one_stays_alone(void **state)
{
	(void)state;
	struct rig r;
	size_t n;
	begin(&r, 20);
	core_started(r.core, one_batch(&r, N)->pod_name, START_REFUSED, "no", r.now);
	for (int turn = 0; turn < 3; turn++) {
		rig_turn(&r, 0);
		const struct core_start *starts = rig_all_starts(&r, &n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(starts[i].n_pulls, 1);
			if (strcmp(starts[i].pulls[0].image_name, "i0") == 0)
				core_started(r.core, starts[i].pod_name, START_REFUSED, "no i0",
					     r.now);
			else
				rig_pod(&r, &starts[i], POD_PULLED);
		}
	}
	rig_turn(&r, 0);
	rig_node(&r, "b");
	rig_turn(&r, 60 * MIN);
	const struct core_start *starts = rig_all_starts(&r, &n);
	size_t together = 0;
	for (size_t i = 0; i < n; i++) {
		together += starts[i].n_pulls == N - 1;
		for (size_t k = 0; starts[i].n_pulls > 1 && k < starts[i].n_pulls; k++)
			assert_string_not_equal(starts[i].pulls[k].image_name, "i0");
	}
	assert_int_equal(together, 1);
	rig_done(&r);
}

/* One image that the API server refuses alone is PodRejected, as ever. */
static void rule_43_refused_alone(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	core_started(r.core, one_batch(&r, N)->pod_name, START_REFUSED, "no", r.now);
	rig_turn(&r, 0);
	core_started(r.core, r.acts.starts[0].pod_name, START_REFUSED, "no i0", r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts > 0 ? r.acts.facts[0].kind : 0, FACT_POD_REFUSED);
	assert_string_equal(r.acts.facts[0].image, "i0");
	rig_done(&r);
}

/* Deleted or changed in flight: the pod lives on for the others. */
static void rule_44_deleted_in_flight(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_batch(&r, s,
		  (const enum fate[]){POD_CREATING, POD_CREATING, POD_CREATING, POD_CREATING});
	core_gone(r.core, KIND_CACHEDIMAGE, "i0", r.now);
	struct cachedimage changed = rig_image_of("i1", "2", "p");
	changed.meta.generation = 2;
	changed.meta.rv = 9;
	rig_put_image(&r, &changed);
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_deletes, 0);
	/* i1:2 on node a waits for the pod, which still pulls i1:1; node old is free. */
	for (size_t i = 0; i < r.acts.n_starts; i++)
		assert_string_equal(r.acts.starts[i].node, "old");
	const enum fate all[] = {POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED};
	rig_batch(&r, s, all);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 0);
	assert_int_equal(status_of(&r, "i2")->nodes_ready, 2);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_done(&r);
}

/* The create failed: asked for again as it was; if an image went meanwhile, not at all. */
static void rule_44_frozen(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_image(&r, "i4", "1", "p"); /* what comes later does not join it */
	core_started(r.core, s->pod_name, START_FAILED, "no answer", r.now);
	rig_turn(&r, 3 * S);
	const struct core_start *again = NULL;
	for (size_t i = 0; i < r.acts.n_starts; i++)
		if (strcmp(r.acts.starts[i].pod_name, s->pod_name) == 0)
			again = &r.acts.starts[i];
	assert_non_null(again);
	assert_int_equal(again->n_pulls, N);
	for (size_t i = 0; i < N; i++)
		assert_string_equal(again->pulls[i].image_uid, s->pulls[i].image_uid);
	core_started(r.core, s->pod_name, START_FAILED, "no answer", r.now);
	core_gone(r.core, KIND_CACHEDIMAGE, "i0", r.now);
	/* It may have been made: nothing starts until the watch would have shown it. */
	for (int i = 0; i < 9; i++) {
		rig_turn(&r, 3 * S);
		for (size_t k = 0; k < r.acts.n_starts; k++)
			assert_string_equal(r.acts.starts[k].pulls[0].image_name, "i4");
	}
	bool others = false;
	for (int i = 0; i < 3 && !others; i++) {
		rig_turn(&r, 3 * S);
		for (size_t k = 0; k < r.acts.n_starts; k++)
			others |= r.acts.starts[k].n_pulls == N - 1;
	}
	assert_true(others);
	rig_done(&r);
}

/* It is any of its images that may go, not only the first. */
static void rule_44_the_last_image_goes(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	core_started(r.core, s->pod_name, START_FAILED, "no answer", r.now);
	core_gone(r.core, KIND_CACHEDIMAGE, "i3", r.now);
	bool others = false;
	for (int i = 0; i < 20 && !others; i++) {
		rig_turn(&r, 3 * S);
		for (size_t k = 0; k < r.acts.n_starts; k++) {
			assert_string_not_equal(r.acts.starts[k].pod_name, s->pod_name);
			others |= r.acts.starts[k].n_pulls == N - 1;
		}
	}
	assert_true(others);
	rig_done(&r);
}

/* Another life reads the pod, and takes each pull up by itself. */
static void rule_44_another_leader(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	struct core_start s = *one_batch(&r, N);
	rig_restart(&r);
	batch_policy(&r, 20, 2);
	rig_node(&r, "a");
	old_node(&r);
	for (size_t i = 0; i < N; i++) {
		static const char *const both[] = {"a", "old"};
		struct cachedimage img = known_image(&r, names[i]);
		/* i1 was recorded by the life before, i3 is gone. */
		if (i == 1) {
			img.status.cached_nodes.at = (const char **)(uintptr_t)both;
			img.status.cached_nodes.n = 2;
			img.status.last_pulled_at = RIG_WALL_S;
		}
		if (i != 3)
			rig_put_image(&r, &img);
	}
	rig_batch(&r, &s,
		  (const enum fate[]){POD_CREATING, POD_PULLED, POD_CREATING, POD_CREATING});
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_batch(&r, &s, (const enum fate[]){POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED});
	rig_turn(&r, 0);
	assert_int_equal(status_of(&r, "i0")->nodes_ready, 2);
	assert_int_equal(status_of(&r, "i2")->nodes_ready, 2);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_settle(&r);
	rig_done(&r);
}

/* Deleted by somebody before it ended: each fails by itself, as a fault of the node. */
static void rule_43_the_pod_is_deleted(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_batch(&r, s, (const enum fate[]){POD_PULLED, POD_CREATING, POD_CREATING, POD_CREATING});
	core_gone(r.core, KIND_POD, s->pod_name, r.now);
	rig_turn(&r, 2 * S);
	assert_int_equal(status_of(&r, "i0")->failed_nodes.n, 0);
	for (size_t i = 1; i < N; i++)
		assert_string_equal(status_of(&r, names[i])->failed_nodes.at[0].reason,
				    "PodDeleted");
	rig_done(&r);
}

/*
 * A machine that slept in the middle of a write wakes, and its create makes a second pod, of other
 * images: i0 is in both. The first evidence wins, and both go.
 */
static void rule_44_two_pods(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		struct rig r;
		begin_with(&r, 3, 1);
		struct core_start ours = *one_batch(&r, 3), other = ours;
		struct core_start_pull two[2] = {ours.pulls[0],
						 {"i3", "i3", "i3:1", "0", "Always"}};
		other.pod_name = "pull-batch-00000000000000aa";
		other.batch = "batch.00000000000000aa";
		other.pulls = two;
		other.n_pulls = 2;
		const enum fate busy[] = {POD_CREATING, POD_CREATING, POD_CREATING};
		const enum fate done[] = {POD_PULLED, POD_PULLED, POD_PULLED};
		rig_batch(&r, &ours, busy);
		rig_batch(&r, &other, busy);
		rig_turn(&r, S);
		assert_int_equal(r.acts.n_starts + r.acts.n_deletes, 0);
		rig_batch(&r, first == 0 ? &ours : &other, done);
		rig_turn(&r, 2 * S);
		assert_int_equal(status_of(&r, "i0")->nodes_ready, 2);
		rig_turn(&r, 2 * S);
		rig_batch(&r, first == 0 ? &other : &ours, done);
		rig_turn(&r, 2 * S);
		assert_int_equal(status_of(&r, first == 0 ? "i3" : "i1")->nodes_ready, 2);
		rig_turn(&r, 2 * S);
		assert_int_equal(r.acts.n_deletes, 1); /* the first went before */
		rig_settle(&r);
		rig_done(&r);
	}
}

/* What one pod has proven holds on its node, and on no other. */
static void rule_44_two_pods_of_one_node(void **state)
{
	(void)state;
	struct rig r;
	size_t n;
	const enum fate busy[] = {POD_CREATING, POD_CREATING, POD_CREATING};
	const enum fate done[] = {POD_PULLED, POD_PULLED, POD_PULLED};
	begin_with(&r, 3, 1);
	struct core_start ours = *one_batch(&r, 3), other = ours;
	struct core_start_pull two[2] = {ours.pulls[0], {"i3", "i3", "i3:1", "0", "Always"}};
	rig_batch(&r, &ours, busy);
	rig_node(&r, "b");
	rig_turn(&r, 0);
	const struct core_start *on_b = rig_all_starts(&r, &n);
	assert_int_equal(n, 1);
	assert_string_equal(on_b[0].node, "b");
	rig_batch(&r, &on_b[0], busy);
	other.pod_name = "pull-batch-00000000000000aa";
	other.batch = "batch.00000000000000aa";
	other.pulls = two;
	other.n_pulls = 2;
	rig_batch(&r, &other, done);
	rig_turn(&r, 2 * S);
	assert_int_equal(status_of(&r, "i0")->nodes_ready, 2); /* old and a */
	assert_int_equal(status_of(&r, "i0")->nodes_pulling, 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_one_pod),
		cmocka_unit_test(rule_42_one_each),
		cmocka_unit_test(rule_42_the_unknown_goes_alone),
		cmocka_unit_test(rule_43_counts_as_one),
		cmocka_unit_test(rule_43_outcomes),
		cmocka_unit_test(rule_43_time),
		cmocka_unit_test(rule_43_refused),
		cmocka_unit_test(rule_43_refused_alone),
		cmocka_unit_test(rule_43_two_refused),
		cmocka_unit_test(rule_43_the_refused_one_stays_alone),
		cmocka_unit_test(rule_43_the_pod_is_deleted),
		cmocka_unit_test(rule_44_deleted_in_flight),
		cmocka_unit_test(rule_44_frozen),
		cmocka_unit_test(rule_44_the_last_image_goes),
		cmocka_unit_test(rule_44_another_leader),
		cmocka_unit_test(rule_44_two_pods),
		cmocka_unit_test(rule_44_two_pods_of_one_node),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
