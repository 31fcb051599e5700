/*
 * usage/fold.c and what it keeps against what others write: forged events, and ConfigMaps that come
 * from another cluster (behaviour 52).
 */
#include "tests/usage/world.h"

/* What a tenant may write: sizes and durations that no image has. */
static void rule_52_forged_figures(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	for (double bytes = 1; bytes < 1e19; bytes *= 10) {
		struct pulled e = event(w, "a:1");
		e.bytes = bytes;
		see(w, &e);
		restart(w); /* what is kept can be read */
		assert_int_equal(w->u->images.n, 1);
		list(w);
	}
	assert_true(image_of(w, "a:1")->bytes <= 1e12);
	struct pulled slow = event(w, "b:1");
	slow.seconds = 3;
	slow.waited = 1e38;
	see(w, &slow);
	const struct start *start = starts_after(w->u->starts, starts_head(w->u->starts) - 1);
	assert_string_equal(start->image, slow.image);
	assert_true(start->waited == 3);
	slow = event(w, "c:1");
	slow.seconds = slow.waited = 1e38;
	see(w, &slow);
	start = starts_after(w->u->starts, starts_head(w->u->starts) - 1);
	assert_true(start->waited == -1);
	world_free(w);
}

/* Kept in one cluster, put into another by a backup: there, versions are lower. */
static void rule_52_kept_in_another_cluster(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	w->rv = 1000000;
	use(w, "a:1");
	int64_t kept = w->now;
	restart(w);
	w->rv = 100;
	w->now += 20 * 60;
	usage_list_begin(w->u, w->now);
	struct pulled e = event(w, "b:1");
	see(w, &e);
	usage_list_end(w->u);
	use(w, "b:1");
	assert_int_equal(uses_of(w, "b:1"), 2);
	assert_false(coverage_whole(&w->u->coverage, kept, w->now));
	/* Later lists repeat what was folded. */
	usage_list_begin(w->u, w->now);
	see(w, &e);
	usage_list_end(w->u);
	assert_int_equal(uses_of(w, "b:1"), 2);
	world_free(w);
}

/* A list that broke off: what of it was not seen has lower versions, too. */
static void rule_52_a_list_that_broke_off_is_no_other_history(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	use(w, "a:1");
	struct pulled old = event(w, "a:1");
	see(w, &old);
	w->now += 30 * 60;
	struct pulled young = event(w, "b:1");
	old.count = 2;
	old.rv = ++w->rv;
	usage_list_begin(w->u, w->now);
	see(w, &old);
	usage_list_begin(w->u, w->now);
	see(w, &old);
	see(w, &young);
	usage_list_end(w->u);
	assert_int_equal(uses_of(w, "a:1"), 3);
	assert_int_equal(w->u->rv, old.rv);
	world_free(w);
}

/* In the middle of a list, some events have lower versions than the one that would be kept. */
static void rule_52_not_kept_in_the_middle_of_a_list(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	use(w, "a:1");
	assert_true(usage_whole(w->u));
	w->now += 20 * 60;
	struct pulled first = event(w, "b:1"), second = event(w, "a:1");
	usage_list_begin(w->u, w->now);
	assert_true(usage_whole(w->u));
	see(w, &second);
	assert_false(usage_whole(w->u));
	usage_list_begin(w->u, w->now); /* it broke off */
	assert_false(usage_whole(w->u));
	see(w, &first);
	see(w, &second);
	usage_list_end(w->u);
	assert_true(usage_whole(w->u));
	restart(w);
	usage_list_begin(w->u, w->now);
	see(w, &first);
	see(w, &second);
	usage_list_end(w->u);
	assert_int_equal(uses_of(w, "a:1"), 2);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_52_forged_figures),
		cmocka_unit_test(rule_52_kept_in_another_cluster),
		cmocka_unit_test(rule_52_a_list_that_broke_off_is_no_other_history),
		cmocka_unit_test(rule_52_not_kept_in_the_middle_of_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
