/* usage/fold.c: what the report is told of pulls and first starts (behaviour 56). */
#include "tests/usage/world.h"

#include "api/pullpod.h"

/* Whether a start waited, and what our pods pulled before. */
static void rule_56_first_starts_are_told(void **state)
{
	struct world *w = world_new();
	(void)state;
	w->listed = false;
	struct pulled own = event(w, "r.example/ours:1");
	own.ns = "drop-system";
	own.container = PULLPOD_CONTAINER;
	see(w, &own);
	struct pulled hit = event(w, "r.example/ours:1"), again = event(w, "r.example/ours:1");
	hit.was_pulled = again.was_pulled = false;
	see(w, &hit);
	see(w, &again);
	struct pulled miss = event(w, "r.example/cold:1");
	see(w, &miss);
	const struct start *pull = starts_after(w->u->starts, 0);
	assert_true(pull->own && pull->cold && pull->rv == own.rv && pull->seconds == own.seconds);
	const struct start *first = starts_after(w->u->starts, 1);
	assert_string_equal(first->image, "r.example/ours:1");
	assert_string_equal(first->node_uid, "n1");
	assert_false(first->cold || first->own);
	const struct start *second = starts_after(w->u->starts, 2);
	assert_true(second->cold && second->waited == 12 && second->at_s == w->now);
	assert_int_equal(starts_head(w->u->starts), 3);
	/* Pulled by a workload's pod again, for longer than a look takes. */
	struct pulled repull = event(w, "r.example/ours:1");
	repull.ns = "drop-system";
	repull.container = PULLPOD_CONTAINER;
	see(w, &repull);
	struct pulled slow = event(w, "r.example/ours:1");
	see(w, &slow);
	const struct start *third = starts_after(w->u->starts, 4);
	assert_true(third->again && !third->cold && !third->own);
	/* A look of ours that stood in the queue brought nothing. */
	struct pulled queued = event(w, "r.example/cold:1");
	queued.ns = "drop-system";
	queued.container = PULLPOD_CONTAINER;
	queued.seconds = 0.2;
	see(w, &queued);
	assert_int_equal(starts_head(w->u->starts), 5);
	double typical = demand_pull_seconds(w->u->demand, "r.example/ours:1");
	assert_true(typical > 9.9 && typical < 10.1);
	world_free(w);
}

/*
 * Of a batch nobody knows how long each image took. What the node lists may have been there; an
 * event that was written once is of when it was written, whatever the node's clock says.
 */
static void rule_56_what_a_start_says(void **state)
{
	struct world *w = world_new();
	(void)state;
	w->listed = false;
	list(w);
	struct pulled batch = event(w, "r.example/b:1");
	batch.ns = "drop-system";
	batch.container = PULLPOD_CONTAINER "-3";
	see(w, &batch);
	const struct start *own = starts_after(w->u->starts, 0);
	assert_true(own->own && own->cold && own->seconds < 0);
	w->listed = true;
	w->now += 100;
	struct pulled late = event(w, "r.example/l:1");
	late.created_s = w->now - 50;
	late.last_s = w->now - 10;
	see(w, &late);
	const struct start *there = starts_after(w->u->starts, 1);
	assert_true(!there->cold && there->fetched);
	assert_int_equal(there->at_s, w->now - 50);
	/* As it is written: the image was there before. */
	struct pulled fresh = event(w, "r.example/f:1");
	fresh.created_s = w->now - 20;
	see(w, &fresh);
	assert_false(starts_after(w->u->starts, 2)->fetched);
	world_free(w);
}

/* What was folded before a restart is told to the report again, and counts for nothing else. */
static void rule_56_a_restart_tells_again(void **state)
{
	struct world *w = world_new();
	(void)state;
	struct pulled before = event(w, "a:1"), later = event(w, "b:1");
	w->u->rv = before.rv;
	usage_list_begin(w->u, w->now);
	usage_event(w->u, &later, w->now);
	usage_event(w->u, &before, w->now);
	usage_list_end(w->u);
	assert_int_equal(uses_of(w, "a:1"), 0);
	assert_int_equal(starts_after(w->u->starts, 0)->rv, before.rv);
	assert_int_equal(starts_after(w->u->starts, 1)->rv, later.rv);
	/* Once is enough: what a later list repeats was told as it came. */
	struct pulled again = event(w, "c:1");
	see(w, &again);
	usage_list_begin(w->u, w->now);
	usage_event(w->u, &again, w->now);
	usage_list_end(w->u);
	assert_int_equal(starts_head(w->u->starts), 3);
	world_free(w);
}

/* We have just started: what the node lists was there, or its list came before the event. */
static void rule_56_a_slow_look_is_no_miss_after_a_restart(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	struct pulled look = event(w, "a:1"), quick = event(w, "c:1"), cold = event(w, "b:1");
	see(w, &look);
	quick.seconds = quick.waited = 0.4;
	see(w, &quick);
	w->listed = false;
	see(w, &cold);
	const struct start *first = starts_after(w->u->starts, 0);
	const struct start *second = starts_after(w->u->starts, 1);
	const struct start *third = starts_after(w->u->starts, 2);
	assert_true(first->again && !first->cold);
	assert_true(!second->again && !second->cold); /* that was a look, and nothing came */
	assert_true(third->cold && !third->again);
	world_free(w);
}

/* A node was replaced: what was pulled onto the old one, and started there, is not on the new one.
 */
static void rule_56_an_earlier_node_of_that_name_is_another(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct pulled before = event(w, "a:1"), own = event(w, "b:1"), folded = event(w, "c:1");
	own.ns = "drop-system";
	own.container = PULLPOD_CONTAINER;
	w->u->rv = folded.rv;
	before.rv += 3;
	own.rv += 3;
	w->now += 60;
	const struct node new = {.meta = {.name = "n1", .uid = "n1-new", .created = w->now}};
	usage_node_seen(w->u, &new, NULL);
	w->listed = false;
	struct pulled after = event(w, "a:1");
	after.rv += 3;
	usage_list_begin(w->u, w->now);
	usage_event(w->u, &before, w->now);
	usage_event(w->u, &own, w->now);
	usage_event(w->u, &folded, w->now);
	usage_event(w->u, &after, w->now);
	usage_list_end(w->u);
	assert_int_equal(starts_head(w->u->starts), 1);
	const struct start *first = starts_after(w->u->starts, 0);
	assert_string_equal(first->node_uid, "n1-new");
	/* It waited: the image was on the old node only. */
	assert_true(first->rv == after.rv && first->cold);
	assert_int_equal(w->u->outcomes[USAGE_used], 2);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_56_first_starts_are_told),
		cmocka_unit_test(rule_56_what_a_start_says),
		cmocka_unit_test(rule_56_a_restart_tells_again),
		cmocka_unit_test(rule_56_a_slow_look_is_no_miss_after_a_restart),
		cmocka_unit_test(rule_56_an_earlier_node_of_that_name_is_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
