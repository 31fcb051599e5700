/*
 * Pods of several images whose create fails, that the watch shows otherwise than they were asked
 * for, and that another leader finds (behaviour 43, 44).
 */
#include "tests/reconciler/core/batches.h"

#include "reconciler/explain/explain.h"

static const enum fate all_busy[N] = {POD_CREATING, POD_CREATING, POD_CREATING, POD_CREATING};
static const enum fate all_done[N] = {POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED};

/* The same pod, with other annotations of the container at `place`. */
static struct core_start other_notes(struct rig *r, const struct core_start *s, size_t place,
				     const char *image_uid, const char *attempt)
{
	struct core_start seen = *s;
	seen.pulls = arena_memdup(&r->keep, s->pulls, s->n_pulls * sizeof(*s->pulls));
	if (image_uid != NULL)
		seen.pulls[place].image_uid = image_uid;
	if (attempt != NULL)
		seen.pulls[place].attempt = attempt;
	return seen;
}

/* Starts of the last turn that pull the image on node a. */
static size_t starts_of(const struct rig *r, const char *image)
{
	size_t n = 0;
	for (size_t i = 0; i < r->acts.n_starts; i++)
		for (size_t k = 0; k < r->acts.starts[i].n_pulls; k++)
			n += strcmp(r->acts.starts[i].node, "a") == 0 &&
			     strcmp(r->acts.starts[i].pulls[k].image_name, image) == 0;
	return n;
}

/* A webhook has taken the annotations of one container away: the pod pulls the others. */
static void rule_44_notes_are_missing(void **state)
{
	(void)state;
	for (size_t place = 0; place < N; place += N - 1) {
		struct rig r;
		begin(&r, 20);
		const struct core_start *s = one_batch(&r, N);
		struct core_start seen = other_notes(&r, s, place, NULL, "?");
		rig_batch(&r, &seen, all_busy);
		rig_turn(&r, 0);
		assert_int_equal(rig_start(&r)->n_pulls, 1);
		assert_int_equal(starts_of(&r, names[place]), 1);
		enum fate fates[N] = {POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED};
		fates[1] = POD_NOT_FOUND;
		rig_batch(&r, &seen, fates);
		rig_turn(&r, 2 * S);
		assert_int_equal(status_of(&r, "i1")->failed_nodes.n, 1);
		assert_int_equal(status_of(&r, "i2")->nodes_ready, 2);
		rig_turn(&r, 2 * S);
		assert_int_equal(r.acts.n_deletes, 1);
		rig_done(&r);
	}
}

/* It says that one container pulls for another CachedImage: ours is not there yet. */
static void rule_44_another_image(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	struct core_start seen = other_notes(&r, s, 0, "other", NULL);
	rig_batch(&r, &seen, all_busy);
	rig_turn(&r, 0);
	assert_int_equal(starts_of(&r, "i0"), 0); /* that pod may be pulling it */
	rig_batch(&r, &seen, all_done);
	rig_turn(&r, 2 * S);
	assert_int_equal(status_of(&r, "i1")->nodes_ready, 2);
	assert_int_equal(status_of(&r, "i0")->nodes_ready, 1);
	size_t n = 0;
	for (int i = 0; i < 5; i++) {
		rig_turn(&r, 2 * S);
		n += starts_of(&r, "i0");
	}
	assert_int_equal(n, 1);
	rig_done(&r);
}

/* 10. What is none of ours any more goes, but not before its create was answered. */
static void rule_44_deleted_after_its_answer(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	r.keep_pods = true;
	const struct core_start *s = one_batch(&r, N);
	struct core_start seen = *s;
	for (size_t i = 0; i < N; i++)
		seen = other_notes(&r, &seen, i, "other", NULL);
	rig_batch(&r, &seen, all_done);
	for (int i = 0; i < 3; i++) {
		rig_turn(&r, 2 * S);
		assert_int_equal(r.acts.n_deletes, 0);
	}
	core_started(r.core, s->pod_name, START_MADE, "", r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_done(&r);
}

/* 20. Each image says why it is not pulled. */
static void rule_43_creates_fail(void **state)
{
	(void)state;
	struct rig r;
	bool said[N] = {false};
	begin(&r, 20);
	for (int turn = 0; turn < 60; turn++) {
		for (size_t i = 0; i < r.acts.n_starts; i++)
			core_started(r.core, r.acts.starts[i].pod_name, START_FAILED,
				     "HTTP 500: no space left", r.now);
		rig_turn(&r, 2 * S);
		for (size_t i = 0; i < N; i++) {
			const struct cachedimage_status *st = status_of(&r, names[i]);
			const struct api_condition *c =
				st != NULL ? api_condition_find(&st->conditions, "Ready") : NULL;
			said[i] |= c != NULL && strstr(c->message, "CreateFailed on a") != NULL;
		}
	}
	for (size_t i = 0; i < N; i++)
		assert_true(said[i]);
	rig_done(&r);
}

/* 9. The API server takes a pod of the image: it is not PodRejected any more. */
static void rule_43_taken_after_a_refusal(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	r.keep_pods = true;
	const struct core_start *s = one_batch(&r, N);
	batch_policy(&r, 1, 2);
	rig_node(&r, "b");
	for (int i = 0; i < 2; i++) {
		rig_turn(&r, 0);
		const struct core_start *alone = rig_start(&r);
		assert_string_equal(alone->pulls[0].image_name, names[i]);
		core_started(r.core, alone->pod_name, START_REFUSED, "no", r.now);
	}
	rig_turn(&r, 0);
	assert_string_equal(status_of(&r, "i1")->phase, "Degraded");
	core_started(r.core, s->pod_name, START_MADE, "", r.now);
	rig_turn(&r, 0);
	assert_string_equal(status_of(&r, "i1")->phase, "Pulling");
	rig_done(&r);
}

/* The node is another one when the create may be asked for again: nothing of the old pod stays. */
static void rule_44_another_node_of_that_name(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	core_started(r.core, one_batch(&r, N)->pod_name, START_FAILED, "no answer", r.now);
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_node_as(&r, "a", "other", true, NULL, RIG_WALL_S, "amd64");
	size_t all = 0;
	for (int i = 0; i < 60 && all == 0; i++) {
		rig_turn(&r, 2 * S);
		for (size_t k = 0; k < r.acts.n_starts; k++) {
			assert_string_equal(r.acts.starts[k].node_uid, "other");
			all += r.acts.starts[k].n_pulls == N;
		}
	}
	assert_int_equal(all, 1);
	rig_done(&r);
}

/* Another life: i1 is on the node already, and the pod does not stay for it. */
static void rule_44_another_leader_needs_not_all(void **state)
{
	(void)state;
	static const char *const both[] = {"a", "old"};
	struct rig r;
	begin(&r, 20);
	struct core_start s = *one_batch(&r, N);
	rig_restart(&r);
	batch_policy(&r, 20, 2);
	rig_node(&r, "a");
	old_node(&r);
	for (size_t i = 0; i < N; i++) {
		struct cachedimage img = known_image(&r, names[i]);
		if (i == 1) {
			img.status.cached_nodes.at = (const char **)(uintptr_t)both;
			img.status.cached_nodes.n = 2;
			img.status.last_pulled_at = RIG_WALL_S;
		}
		rig_put_image(&r, &img);
	}
	rig_batch(&r, &s, all_busy);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_deletes, 0);
	assert_int_equal(status_of(&r, "i0")->nodes_pulling, 1);
	assert_true(status_of(&r, "i1") == NULL || status_of(&r, "i1")->nodes_pulling == 0);
	rig_batch(&r, &s, (const enum fate[]){POD_PULLED, POD_CREATING, POD_PULLED, POD_PULLED});
	rig_turn(&r, 2 * S);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_done(&r);
}

/* The same replica leads again: each of the pulls is counted once. */
static void rule_44_it_leads_again(void **state)
{
	(void)state;
	struct rig r;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_batch(&r, s, all_busy);
	rig_turn(&r, S);
	core_lead(r.core, false, r.now);
	rig_turn(&r, S);
	core_lead(r.core, true, r.now);
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_starts + r.acts.n_deletes, 0);
	rig_batch(&r, s, all_done);
	rig_turn(&r, 2 * S);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(status_of(&r, names[i])->nodes_ready, 2);
		assert_int_equal(status_of(&r, names[i])->nodes_pulling, 0);
	}
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_settle(&r);
	rig_done(&r);
}

/* The kubelet pulls one image after another: each took its share of the time, as far as is known.
 */
static void rule_43_how_long_it_took(void **state)
{
	(void)state;
	struct rig r;
	struct explain_summary *list;
	begin(&r, 20);
	const struct core_start *s = one_batch(&r, N);
	rig_batch(&r, s, all_busy);
	rig_turn(&r, 40 * S);
	rig_batch(&r, s, all_done);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_int_equal(explain_images(r.core, NULL, N + 1, r.now, &r.keep, &list), N + 1);
	for (size_t i = 0; i < N + 1; i++)
		assert_int_equal(list[i].pull_ms, 10 * S);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_43_creates_fail),
		cmocka_unit_test(rule_43_taken_after_a_refusal),
		cmocka_unit_test(rule_43_how_long_it_took),
		cmocka_unit_test(rule_44_notes_are_missing),
		cmocka_unit_test(rule_44_another_image),
		cmocka_unit_test(rule_44_deleted_after_its_answer),
		cmocka_unit_test(rule_44_another_node_of_that_name),
		cmocka_unit_test(rule_44_another_leader_needs_not_all),
		cmocka_unit_test(rule_44_it_leads_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
