/*
 * usage/demand.c and demand_save.c: what is counted, what is forgotten, what a restart keeps; and
 * what must hold of the ranking whatever was seen (behaviour 54).
 */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "usage/demand.h"
#include "usage/node_pool.h"
#include "usage/waiting_saved.h"

static const struct waiting_how usual = {.young_hours = WAITING_YOUNG_HOURS};

static uint64_t rng = 7;

static unsigned below(unsigned n)
{
	rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(rng >> 33) % n;
}

/* Value of image in pool; -1: not ranked. */
static double value(const struct demand *d, const char *pool, const char *image)
{
	struct arena a = ARENA_INIT;
	struct waiting_saved *ranked;
	size_t n = waiting_saved_rank(d, pool, &usual, &a, &ranked);
	double ret = -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(ranked[i].image, image) == 0)
			ret = ranked[i].value;
	arena_done(&a);
	return ret;
}

/* Days of random uses of n images in two pools. */
static struct demand *random_demand(unsigned images, int hours)
{
	struct demand *d = demand_new();
	static const char *const pools[] = {"", "gpu"};
	demand_hour(d, 1000, true);
	for (int h = 0; h < hours; h++) {
		for (int p = 0; p < 2; p++)
			demand_nodes(d, pools[p], 1 + below(30), below(2));
		demand_nodes_end(d);
		for (unsigned k = 0; k < images; k++) {
			char name[32];
			unsigned i = below(images);
			const char *pool = pools[below(2)];
			snprintf(name, sizeof(name), "r.example/i%u:1", i);
			if (below(4) == 0)
				demand_pull(d, pool, name, 1 + below(60), below(3) * 1e8);
			if (below(24) > (unsigned)h % 24)
				demand_use(d, pool, name, 1 + below(5));
		}
		demand_hour(d, 1001 + h, below(10) != 0);
	}
	return d;
}

static void same_ranking(const struct demand *x, const struct demand *y)
{
	struct arena a = ARENA_INIT;
	static const char *const pools[] = {"", "gpu", NULL};
	for (int p = 0; p < 3; p++) {
		struct waiting_saved *one, *two;
		size_t n = waiting_saved_rank(x, pools[p], &usual, &a, &one);
		assert_int_equal(waiting_saved_rank(y, pools[p], &usual, &a, &two), n);
		for (size_t i = 0; i < n; i++) {
			assert_true(fabs(one[i].value - two[i].value) <= 1e-9 * one[i].value);
			if (i > 0)
				assert_true(one[i - 1].value >= one[i].value);
		}
	}
	arena_done(&a);
}

static void rule_54_a_restart_keeps_scores(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct demand *d = random_demand(2 + below(60), 5 + (int)below(120));
		struct demand *again = demand_new();
		struct buf saved = {0};
		struct err err;
		demand_use(d, "gpu", "r.example/now:1", 3);
		assert_int_equal(demand_save(d, &saved, SIZE_MAX), 0);
		assert_int_equal(demand_restore(again, saved.data, saved.len, &err), 0);
		same_ranking(d, again);
		/* What was counted in the running hour goes on, too. */
		demand_hour(d, 2000, true);
		demand_hour(again, 2000, true);
		same_ranking(d, again);
		for (size_t cut = 0; cut < saved.len; cut += 1 + saved.len / 50)
			assert_int_equal(demand_restore(again, saved.data, cut, &err), -1);
		assert_int_equal(demand_images(again), 0);
		demand_free(d);
		demand_free(again);
		buf_done(&saved);
	}
}

static void rule_54_saved_within_a_limit_best_first(void **state)
{
	(void)state;
	struct demand *d = random_demand(200, 100), *again = demand_new();
	struct arena a = ARENA_INIT;
	struct buf saved = {0};
	struct waiting_saved *ranked;
	size_t all = demand_images(d), left_out = demand_save(d, &saved, 6000);
	assert_in_range(saved.len, 5000, 6000);
	assert_in_range(left_out, 1, all - 1);
	assert_int_equal(demand_restore(again, saved.data, saved.len, NULL), 0);
	assert_int_equal(demand_images(again), all - left_out);
	waiting_saved_rank(d, NULL, &usual, &a, &ranked);
	assert_true(demand_used(again, ranked[0].image));
	assert_true(demand_save(d, &(struct buf){0}, 3) == all);
	demand_free(d);
	demand_free(again);
	arena_done(&a);
	buf_done(&saved);
}

static void rule_54_value_falls_while_it_is_due(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	demand_hour(d, 0, true);
	for (int h = 0; h < 72; h++) {
		demand_use(d, "", "steady", 2);
		if (h < 48)
			demand_use(d, "", "gone", 2);
		demand_hour(d, h + 1, true);
		if (h == 47)
			assert_true(value(d, "", "gone") == value(d, "", "steady"));
	}
	double before = value(d, "", "gone");
	assert_true(before < 0.2 * value(d, "", "steady"));
	for (int h = 72; h < 240; h++) {
		demand_use(d, "", "steady", 2);
		demand_hour(d, h + 1, true);
		if (h % 24 != 23)
			continue;
		assert_true(value(d, "", "gone") < before);
		before = value(d, "", "gone");
	}
	demand_free(d);
}

static void rule_54_chance_is_a_chance_and_seconds_a_factor(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		struct demand *d = random_demand(1 + below(50), (int)below(200));
		struct arena a = ARENA_INIT;
		struct waiting_saved *ranked;
		size_t n = waiting_saved_rank(d, "gpu", &usual, &a, &ranked);
		for (size_t i = 0; i < n; i++) {
			assert_true(ranked[i].chance >= 0 && ranked[i].chance <= 1);
			assert_true(ranked[i].seconds > 0);
			assert_true(ranked[i].value == ranked[i].chance * ranked[i].seconds);
		}
		demand_free(d);
		arena_done(&a);
	}
}

static void rule_54_missed_hours_are_unknown_not_zero(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	demand_hour(d, 0, true);
	for (int h = 0; h < 30; h++) {
		demand_use(d, "", "a", 2);
		demand_hour(d, h + 1, true);
	}
	double before = value(d, "", "a");
	demand_hour(d, 30 + 48, false);
	assert_true(value(d, "", "a") == before);
	demand_use(d, "", "a", 1000);
	demand_hour(d, 30 + 72, false);
	assert_true(value(d, "", "a") == before);
	demand_hour(d, 50, true); /* a clock that went back */
	assert_true(value(d, "", "a") == before);
	demand_free(d);
}

static void rule_54_only_what_was_used_is_ranked(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	demand_hour(d, 0, true);
	demand_pull(d, "", "ours", 20, 1e8);
	demand_use(d, "", "bad name", 1);
	demand_use(d, "", "", 1);
	demand_use(d, "", "none", 0);
	assert_true(value(d, "", "ours") == -1);
	assert_int_equal(demand_images(d), 1);
	demand_use(d, "", "ours", 1);
	assert_true(value(d, "", "ours") > 0);
	assert_true(value(d, "other", "ours") == -1);
	demand_free(d);
}

/* Names that are used once push each other out, not what is used every day. */
static void rule_54_bounded_under_many_names(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	char name[32], pool[32];
	demand_hour(d, 0, true);
	for (int h = 0; h < 48; h++) {
		if (h % 24 == 10)
			demand_use(d, "", "daily", 5);
		demand_hour(d, h + 1, true);
	}
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "flood%u", i);
		snprintf(pool, sizeof(pool), "p%u", i % 100);
		demand_use(d, i % 2 == 0 ? "" : pool, name, 1);
	}
	assert_in_range(demand_images(d), 10000, DEMAND_IMAGES_MAX);
	/* Pools share what there is. */
	assert_in_range(demand_pool_images(d, ""), 300, 500);
	assert_true(demand_evicted(d) >= 100000 - DEMAND_IMAGES_MAX);
	assert_true(value(d, "", "daily") > 0);
	assert_non_null(demand_pool(d, 0));
	assert_null(demand_pool(d, DEMAND_POOLS_MAX));
	demand_free(d);
}

static void rule_54_over_pools_by_share_of_new_nodes(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	demand_hour(d, 0, true);
	demand_nodes(d, "a", 10, 3);
	demand_nodes(d, "b", 10, 1);
	demand_nodes_end(d);
	demand_use(d, "a", "one", 5);
	demand_use(d, "b", "two", 5);
	double a = value(d, "a", "one"), share = (3 + 0.5) / (4 + 1);
	assert_true(fabs(value(d, NULL, "one") - share * a) < 1e-9);
	assert_true(fabs(value(d, NULL, "two") - (1 - share) * a) < 1e-9);
	demand_free(d);
}

static void rule_56_typical_seconds_of_a_pull(void **state)
{
	(void)state;
	struct demand *d = demand_new();
	demand_hour(d, 0, true);
	assert_true(demand_pull_seconds(d, "i") == 0);
	demand_pull(d, "a", "i", 10, 0);
	demand_pull(d, "b", "i", 40, 0);
	demand_pull(d, "b", "j", 99, 0);
	assert_true(fabs(demand_pull_seconds(d, "i") - 20) < 1e-9);
	demand_free(d);
}

/* Sums over pulls never end: what was saved can be read, and the seconds a byte stay. */
static void rule_54_sums_are_bounded(void **state)
{
	(void)state;
	struct demand *d = demand_new(), *again = demand_new();
	struct buf saved = {0};
	struct err err;
	demand_hour(d, 0, true);
	for (int i = 0; i < 1500000; i++)
		demand_pull(d, "", i % 2 == 0 ? "i" : "j", 100, 1e12);
	demand_use(d, "", "new", 1);
	demand_size(d, "new", 1e12);
	assert_int_equal(demand_save(d, &saved, SIZE_MAX), 0);
	assert_int_equal(demand_restore(again, saved.data, saved.len, &err), 0);
	struct arena a = ARENA_INIT;
	struct waiting_saved *ranked;
	assert_int_equal(waiting_saved_rank(again, "", &usual, &a, &ranked), 1);
	assert_true(fabs(ranked[0].seconds - 102) < 0.1);
	arena_done(&a);
	buf_done(&saved);
	demand_free(d);
	demand_free(again);
}

static void rule_54_pool_of_a_node(void **state)
{
	(void)state;
	struct api_kv at[] = {{"cloud.google.com/gke-nodepool", "g"},
			      {"karpenter.sh/nodepool", "k"},
			      {"team", "t"}};
	struct api_map labels = {at, 3}, one = {at, 1}, none = {0};
	assert_string_equal(node_pool(&labels, NULL), "k");
	assert_string_equal(node_pool(&one, ""), "g");
	assert_string_equal(node_pool(&labels, "team"), "t");
	assert_string_equal(node_pool(&one, "team"), "");
	assert_string_equal(node_pool(&none, NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_54_a_restart_keeps_scores),
		cmocka_unit_test(rule_54_saved_within_a_limit_best_first),
		cmocka_unit_test(rule_54_value_falls_while_it_is_due),
		cmocka_unit_test(rule_54_chance_is_a_chance_and_seconds_a_factor),
		cmocka_unit_test(rule_54_missed_hours_are_unknown_not_zero),
		cmocka_unit_test(rule_54_only_what_was_used_is_ranked),
		cmocka_unit_test(rule_54_bounded_under_many_names),
		cmocka_unit_test(rule_54_over_pools_by_share_of_new_nodes),
		cmocka_unit_test(rule_54_sums_are_bounded),
		cmocka_unit_test(rule_54_pool_of_a_node),
		cmocka_unit_test(rule_56_typical_seconds_of_a_pull),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
