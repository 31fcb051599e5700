/*
 * discoverer/pipeline/signal.c, against values computed by hand: methods, percentiles, weights,
 * windows past midnight, hours of a change to summer time, no data (behaviour.md 55).
 */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "discoverer/pipeline/decimal.h"
#include "discoverer/pipeline/signal.h"

/* "2024-01-01T10:00:00Z=2 ...": folded in two halves that are merged, as two series are. */
static double number(const struct signal_rule *rule, const char *samples)
{
	struct signal_state one = {0}, two = {0};
	size_t i = 0;
	for (const char *p = samples; *p != '\0'; i++) {
		char time[32], *end;
		struct sample s;
		snprintf(time, sizeof(time), "%.20s", p);
		assert_int_equal(time_parse(time, &s.time_ms), 0);
		s.time_ms *= 1000;
		s.value = strtod(p + 21, &end);
		signal_fold(rule, i % 2 == 0 ? &one : &two, rule->series, &s);
		/* Samples of other series are not mixed in. */
		signal_fold(rule, &one,
			    rule->series == SERIES_VALUES ? SERIES_IMAGE_BYTES : SERIES_VALUES,
			    &(struct sample){s.time_ms, 1e9});
		p = end + (*end == ' ');
	}
	signal_merge(&one, &two);
	double result = signal_number(rule, &one);
	signal_clear(&one);
	signal_clear(&two);
	return result;
}

#define AT(hour, value) "2024-01-01T" hour ":00:00Z=" value " "

static const struct method_row {
	const char *name;
	enum signal_method method;
	double percentile;
	const char *samples;
	const char *want; /* "": missing */
} methods[] = {
	{"sum", METHOD_SUM, 0, AT("10", "1") AT("11", "2.5") AT("12", "-1"), "2.5"},
	{"count", METHOD_COUNT, 0, AT("10", "0") AT("11", "0"), "2"},
	{"avg", METHOD_AVG, 0, AT("10", "1") AT("11", "2") AT("12", "6"), "3"},
	{"max", METHOD_MAX, 0, AT("10", "-3") AT("11", "-2"), "-2"},
	{"min", METHOD_MIN, 0, AT("10", "3") AT("11", "2"), "2"},
	{"of one", METHOD_AVG, 0, AT("10", "7"), "7"},
	{"of none", METHOD_SUM, 0, "", ""},
	{"count of none", METHOD_COUNT, 0, "", ""},
	/* h = (n - 1) p: 1.5 -> 20 + 0.5 * 10 */
	{"p50 of four", METHOD_PERCENTILE, 0.5,
	 AT("10", "40") AT("11", "10") AT("12", "30") AT("13", "20"), "25"},
	{"p50 of three", METHOD_PERCENTILE, 0.5, AT("10", "9") AT("11", "1") AT("12", "4"), "4"},
	/* h = 4 * 0.9 = 3.6 -> 4 + 0.6 * 6 */
	{"p90 of five", METHOD_PERCENTILE, 0.9,
	 AT("10", "1") AT("11", "2") AT("12", "3") AT("13", "4") AT("14", "10"), "7.6"},
	/* h = 2 * 0.95 = 1.9 -> 20 + 0.9 * 10 */
	{"p95 of three", METHOD_PERCENTILE, 0.95, AT("10", "30") AT("11", "10") AT("12", "20"),
	 "29"},
	{"p95 of one", METHOD_PERCENTILE, 0.95, AT("10", "3"), "3"},
	{"p50 of equals", METHOD_PERCENTILE, 0.5, AT("10", "3") AT("11", "3"), "3"},
};

/* One sample that stands for several. */
static void rule_55_many_at_once(void **state)
{
	static const struct {
		enum signal_method method;
		double want; /* of 2, 2, 2 and 6 */
	} all[] = {{METHOD_SUM, 12}, {METHOD_COUNT, 4}, {METHOD_AVG, 3}, {METHOD_PERCENTILE, 2}};
	(void)state;
	for (size_t i = 0; i < ROWS(all); i++) {
		const struct signal_rule rule = {
			.series = SERIES_VALUES, .method = all[i].method, .percentile = 0.5};
		struct signal_state s = {0};
		signal_fold_many(&rule, &s, SERIES_VALUES, &(struct sample){0, 2}, 3);
		signal_fold_many(&rule, &s, SERIES_VALUES, &(struct sample){0, 9}, 0);
		signal_fold(&rule, &s, SERIES_VALUES, &(struct sample){0, 6});
		assert_true(signal_number(&rule, &s) == all[i].want);
		signal_clear(&s);
	}
}

static void check(const struct signal_rule *rule, const char *samples, const char *want)
{
	struct arena a = ARENA_INIT;
	double got = number(rule, samples);
	if (*want == '\0')
		assert_true(isnan(got));
	else
		assert_string_equal(decimal_text(round(got * 1e9) / 1e9, &a), want);
	arena_done(&a);
}

static void rule_55_methods(void **state)
{
	(void)state;
	FOREACH_ROW(struct method_row, methods)
	{
		const struct signal_rule rule = {.method = row->method,
						 .percentile = row->percentile};
		check(&rule, row->samples, row->want);
		struct signal_rule seconds = rule;
		seconds.series = SERIES_PULL_SECONDS;
		check(&seconds, row->samples, row->want);
	}
}

static const struct hours_row {
	const char *name, *zone;
	struct weight_window windows[2];
	size_t n;
	double otherwise;
	enum signal_method method;
	const char *samples, *want;
} hours[] = {
	{"inside and outside",
	 "UTC",
	 {{8, 18, 1}},
	 1,
	 0.5,
	 METHOD_SUM,
	 AT("07", "10") AT("08", "10") AT("17", "10") AT("18", "10"),
	 "30"},
	{"the first window that contains the hour",
	 "UTC",
	 {{8, 18, 2}, {12, 13, 100}},
	 2,
	 0,
	 METHOD_SUM,
	 AT("12", "1"),
	 "2"},
	{"past midnight",
	 "UTC",
	 {{22, 6, 3}},
	 1,
	 1,
	 METHOD_SUM,
	 AT("21", "1") AT("22", "1") AT("23", "1") AT("00", "1") AT("05", "1") AT("06", "1"),
	 "14"},
	{"the whole day", "UTC", {{0, 24, 2}}, 1, 0, METHOD_SUM, AT("00", "1") AT("23", "1"), "4"},
	{"local hours",
	 "Europe/Berlin",
	 {{8, 9, 5}},
	 1,
	 1,
	 METHOD_SUM,
	 AT("07", "1") AT("08", "1"),
	 "6"},
	{"in summer",
	 "Europe/Berlin",
	 {{8, 9, 5}},
	 1,
	 1,
	 METHOD_SUM,
	 "2024-07-01T06:30:00Z=1 2024-07-01T07:30:00Z=1",
	 "6"},
	{"the hour that comes twice",
	 "Europe/Berlin",
	 {{2, 3, 10}},
	 1,
	 1,
	 METHOD_SUM,
	 "2024-10-27T00:30:00Z=1 2024-10-27T01:30:00Z=1 2024-10-27T02:30:00Z=1",
	 "21"},
	{"the hour that is skipped",
	 "Europe/Berlin",
	 {{2, 3, 10}},
	 1,
	 1,
	 METHOD_SUM,
	 "2024-03-31T00:30:00Z=1 2024-03-31T01:30:00Z=1",
	 "2"},
	{"then the method",
	 "UTC",
	 {{8, 18, 2}},
	 1,
	 1,
	 METHOD_AVG,
	 AT("07", "4") AT("08", "4"),
	 "6"},
	{"a negative weight",
	 "UTC",
	 {{8, 18, -1}},
	 1,
	 1,
	 METHOD_MIN,
	 AT("07", "4") AT("08", "4"),
	 "-4"},
};

static void rule_55_weights_of_hours(void **state)
{
	(void)state;
	FOREACH_ROW(struct hours_row, hours)
	{
		struct arena a = ARENA_INIT;
		struct err err;
		struct signal_rule rule = {.method = row->method,
					   .weighted = true,
					   .default_weight = row->otherwise,
					   .windows = {row->windows[0], row->windows[1]},
					   .n_windows = row->n};
		assert_int_equal(zone_load(row->zone, &a, &rule.zone, &err), 0);
		check(&rule, row->samples, row->want);
		arena_done(&a);
	}
}

static void rule_55_windows(void **state)
{
	(void)state;
	static const struct row {
		const char *name, *zone;
		enum signal_span window;
		const char *since;
		int64_t from_s, to_s;
		const char *samples, *want;
	} rows[] = {
		{"the last hours", "UTC", WINDOW_SINCE, "2024-01-01T11:00:00Z", 0, 0,
		 AT("10", "1") AT("11", "2") AT("12", "4"), "6"},
		{"nothing in it is missing, not 0", "UTC", WINDOW_SINCE, "2024-01-02T00:00:00Z", 0,
		 0, AT("10", "1"), ""},
		{"of any day in the data", "UTC", WINDOW_DAILY, NULL, 8 * 3600, 9 * 3600,
		 "2024-01-01T08:00:00Z=1 2024-01-02T08:59:59Z=2 2024-01-03T09:00:00Z=4 "
		 "2024-02-01T07:59:59Z=8",
		 "3"},
		{"past midnight", "UTC", WINDOW_DAILY, NULL, 23 * 3600 + 1800, 1800,
		 "2024-01-01T23:29:59Z=1 2024-01-01T23:30:00Z=2 2024-01-02T00:29:59Z=4 "
		 "2024-01-02T00:30:00Z=8",
		 "6"},
		{"local time", "America/New_York", WINDOW_DAILY, NULL, 7 * 3600, 8 * 3600,
		 "2024-01-01T12:30:00Z=1 2024-07-01T11:30:00Z=2 2024-07-01T12:30:00Z=4", "3"},
		{"before 1970", "UTC", WINDOW_DAILY, NULL, 23 * 3600, 24 * 3600,
		 "1969-12-31T23:59:59Z=1 1970-01-01T00:00:00Z=2", "1"},
	};
	FOREACH_ROW(struct row, rows)
	{
		struct arena a = ARENA_INIT;
		struct err err;
		struct signal_rule rule = {.method = METHOD_SUM,
					   .window = row->window,
					   .from_s = row->from_s,
					   .to_s = row->to_s};
		assert_int_equal(zone_load(row->zone, &a, &rule.zone, &err), 0);
		if (row->since != NULL) {
			assert_int_equal(time_parse(row->since, &rule.since_ms), 0);
			rule.since_ms *= 1000;
		}
		check(&rule, row->samples, row->want);
		arena_done(&a);
	}
}

static void rule_55_decimals(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double value;
		const char *want;
	} rows[] = {
		{"an integer", 2, "2"},
		{"a half", 0.5, "0.5"},
		{"a third", 1.0 / 3, "0.3333333333333333"},
		{"a tenth", 0.1, "0.1"},
		{"negative", -0.125, "-0.125"},
		{"large", 9007199254740992.0, "9007199254740992"},
		{"trailing zeros", 1200000, "1200000"},
		{"small", 0.000001, "0.000001"},
		{"smaller", 1.5e-7, "1.5e-07"},
		{"very large", 1e22, "1e+22"},
		{"zero", -0.0, "0"},
		{"no number", NAN, "0"},
		{"infinite", INFINITY, "0"},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		const char *text = decimal_text(row->value, &a);
		assert_string_equal(text, row->want);
		if (isfinite(row->value))
			assert_true(strtod(text, NULL) == row->value);
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_many_at_once),     cmocka_unit_test(rule_55_methods),
		cmocka_unit_test(rule_55_weights_of_hours), cmocka_unit_test(rule_55_windows),
		cmocka_unit_test(rule_55_decimals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
