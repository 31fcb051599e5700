/*
 * usage/waiting_saved.c and demand.c: values computed by hand (docs/decisions/waiting-saved.md),
 * and what must hold whatever was seen (behaviour 54).
 */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "usage/demand.h"
#include "usage/waiting_saved.h"

static const struct waiting_how plain = {.young_hours = 0};

/* Uses of an image in each day's hour; the last one of a table has count 0. */
struct use {
	const char *image;
	int day, hour;
	unsigned count;
};

struct pulled {
	const char *image;
	double seconds, megabytes;
};

struct want {
	const char *image;
	double chance, seconds, value; /* 0: not compared */
};

static const struct row {
	const char *name;
	unsigned nodes;
	int ticks;
	struct use uses[8];
	struct pulled pulls[8];
	struct want want[2];
} rows[] = {
	{"T1: two hours, two hours with twice as many",
	 10,
	 24,
	 {{"a", 0, 10, 5}, {"a", 0, 11, 5}, {"b", 0, 10, 10}, {"b", 0, 11, 10}},
	 {{"a", 20, 200}, {"a", 45, 200}, {"b", 30, 100}},
	 {{"a", .57180 * .95123, 34.641, 18.842}, {"b", .81599 * .95123, 23.651, 18.358}}},
	{"T2: b is not used on the second day",
	 10,
	 48,
	 {{"a", 0, 10, 5},
	  {"a", 0, 11, 5},
	  {"b", 0, 10, 10},
	  {"b", 0, 11, 10},
	  {"a", 1, 10, 5},
	  {"a", 1, 11, 5}},
	 {{"a", 20, 200}, {"a", 45, 200}, {"b", 30, 100}},
	 {{"a", 0, 34.641, 19.928}, {"b", 0, 23.651, 2.938}}},
	{"T3: ranked at 11:00 of the first day",
	 10,
	 11,
	 {{"a", 0, 10, 5}, {"b", 0, 10, 10}},
	 {{"a", 20, 200}, {"a", 45, 200}, {"b", 30, 100}},
	 {{"a", .34563, 34.641, 11.973}, {"b", .57103, 23.651, 13.506}}},
	{"T4: much use at night",
	 10,
	 24,
	 {{"a", 0, 2, 100}, {"a", 0, 12, 100}, {"b", 0, 12, 5}},
	 {{"a", 30, 100}, {"b", 30, 100}},
	 {{"a", 0, 31.319, 27.136}, {"b", 0, 31.319, 14.217}}},
};

static void tick_to(struct demand *d, int hour)
{
	demand_hour(d, hour, true);
}

static const struct waiting_saved *find(const struct waiting_saved *ranked, size_t n,
					const char *image)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ranked[i].image, image) == 0)
			return &ranked[i];
	fail_msg("%s is not ranked", image);
	return NULL;
}

static void near(double got, double want, const char *what)
{
	if (want != 0 && fabs(got - want) > 0.0006 * fmax(1, fabs(want)))
		fail_msg("%s: %.5f, not %.5f", what, got, want);
}

static struct demand *learned(const struct row *row)
{
	struct demand *d = demand_new();
	tick_to(d, 0);
	demand_nodes(d, "", row->nodes, 0);
	demand_nodes_end(d);
	for (int h = 0; h < row->ticks; h++) {
		for (const struct use *u = row->uses; u->count > 0; u++)
			if (u->day * 24 + u->hour == h)
				demand_use(d, "", u->image, u->count);
		for (const struct pulled *p = row->pulls; h == 10 && p->image != NULL; p++)
			demand_pull(d, "", p->image, p->seconds, p->megabytes * 1e6);
		tick_to(d, h + 1);
	}
	return d;
}

static void rule_54_values_computed_by_hand(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct arena a = ARENA_INIT;
		struct demand *d = learned(row);
		struct waiting_saved *ranked;
		size_t n = waiting_saved_rank(d, "", &plain, &a, &ranked);
		assert_int_equal(n, 2);
		for (int i = 0; i < 2; i++) {
			const struct want *want = &row->want[i];
			const struct waiting_saved *got = find(ranked, n, want->image);
			near(got->chance, want->chance, "chance");
			near(got->seconds, want->seconds, "seconds");
			near(got->value, want->value, "value");
		}
		demand_free(d);
		arena_done(&a);
	}
}

/* T5: a job with one image at night, among twenty that the day uses alike. */
static void rule_54_a_batch_at_night_is_no_day(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct demand *d = demand_new();
	tick_to(d, 0);
	demand_nodes(d, "", 20, 0);
	demand_nodes_end(d);
	for (int h = 0; h < 24; h++) {
		char name[16];
		for (int i = 0; i < 20 && h >= 9 && h <= 12; i++) {
			snprintf(name, sizeof(name), "i%02d", i);
			demand_use(d, "", name, 4);
			if (h == 9)
				demand_pull(d, "", name, 30, 100e6);
		}
		if (h == 3)
			demand_use(d, "", "i00", 200);
		tick_to(d, h + 1);
	}
	struct waiting_saved *ranked;
	size_t n = waiting_saved_rank(d, "", &plain, &a, &ranked);
	assert_int_equal(n, 20);
	near(find(ranked, n, "i00")->value, 12.216, "value");
	near(find(ranked, n, "i07")->value, 14.611, "value");
	demand_free(d);
	arena_done(&a);
}

/* Over all pools an image has its value of each, by that pool's share of the nodes. */
static void rule_54_the_sum_over_pools(void **state)
{
	static const char *const pools[] = {"x", "y"};
	static const unsigned nodes[] = {30, 10};
	struct arena a = ARENA_INIT;
	struct demand *d = demand_new();
	struct waiting_saved *ranked;
	double sum = 0;
	(void)state;
	tick_to(d, 0);
	for (int i = 0; i < 2; i++)
		demand_nodes(d, pools[i], nodes[i], 0);
	for (int h = 0; h < 24; h++) {
		for (int i = 0; i < 2 && h == 10; i++) {
			demand_use(d, pools[i], "a", 5);
			demand_pull(d, pools[i], "a", 30, 100e6);
		}
		tick_to(d, h + 1);
	}
	for (int i = 0; i < 2; i++) {
		size_t n = waiting_saved_rank(d, pools[i], &plain, &a, &ranked);
		sum += find(ranked, n, "a")->value * nodes[i] / 40;
	}
	size_t n = waiting_saved_rank(d, NULL, &plain, &a, &ranked);
	assert_int_equal(n, 1);
	assert_true(sum > 1);
	near(ranked[0].value, sum, "value");
	demand_free(d);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_54_values_computed_by_hand),
		cmocka_unit_test(rule_54_a_batch_at_night_is_no_day),
		cmocka_unit_test(rule_54_the_sum_over_pools),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
