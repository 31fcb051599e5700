/*
 * The retry policy, one row a rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kube/retry.h"

#define FAR INT64_C(1000000)

static const struct row {
	const char *name;
	struct retry_case in;
	int64_t want; /* with random 0: no jitter */
} rows[] = {
	{"200", {.code = 200, .attempt = 1, .deadline_ms = FAR}, RETRY_NO},
	{"404", {.code = 404, .attempt = 1, .deadline_ms = FAR}, RETRY_NO},
	{"409", {.code = 409, .attempt = 1, .deadline_ms = FAR}, RETRY_NO},
	{"no answer", {.code = 0, .attempt = 1, .deadline_ms = FAR}, 200},
	{"doubled", {.code = 500, .attempt = 3, .now_ms = 50, .deadline_ms = FAR}, 850},
	{"at most", {.code = 503, .attempt = 40, .deadline_ms = FAR}, RETRY_MAX_MS},
	{"once", {.code = 503, .attempt = 1, .once = true, .deadline_ms = FAR}, RETRY_NO},
	{"429", {.code = 429, .attempt = 1, .deadline_ms = FAR}, 200},
	{"Retry-After",
	 {.code = 429, .attempt = 1, .retry_after_ms = 3000, .deadline_ms = FAR},
	 3000},
	{"Retry-After is no excuse to hurry",
	 {.code = 429, .attempt = 6, .retry_after_ms = 1000, .deadline_ms = FAR},
	 6400},
	{"Retry-After of a day",
	 {.code = 503, .attempt = 1, .retry_after_ms = 86400000, .deadline_ms = FAR},
	 RETRY_AFTER_MAX_MS},
	{"past the deadline", {.code = 500, .attempt = 1, .deadline_ms = 200}, RETRY_NO},
	{"just before it", {.code = 500, .attempt = 1, .deadline_ms = 201}, 200},
	{"Retry-After past it",
	 {.code = 429, .attempt = 1, .retry_after_ms = 5000, .deadline_ms = 5000},
	 RETRY_NO},
	{"401", {.code = 401, .attempt = 1, .deadline_ms = FAR}, RETRY_NO},
	{"401 with a new token",
	 {.code = 401, .attempt = 1, .renewed = true, .now_ms = 9, .deadline_ms = FAR},
	 9},
	{"long deadline", {.code = 0, .attempt = 1, .deadline_ms = INT64_MAX}, 200},
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t got = retry_at(&rows[i].in);
		if (got != rows[i].want)
			fail_msg("%s: %d, wanted %d", rows[i].name, (int)got, (int)rows[i].want);
	}
}

#define DATE(time) "Sun, 06 Nov 1994 " time " GMT"
#define NOW_S      784111777 /* 08:49:37 of that day */

static const struct after {
	const char *retry_after, *date;
	int64_t want_ms;
} afters[] = {
	{NULL, DATE("08:49:37"), 0},
	{"3", NULL, 3000},
	{"3", DATE("01:00:00"), 3000},
	{"0", NULL, 0},
	{"-3", NULL, 0},
	{"soon", NULL, 0},
	{"99999999999999999999", NULL, (int64_t)INT32_MAX * 1000},
	{DATE("08:49:47"), NULL, 10000},
	/* 13.8: the server's clock is an hour behind ours, or ahead of it */
	{DATE("07:49:47"), DATE("07:49:37"), 10000},
	{DATE("09:49:47"), DATE("09:49:37"), 10000},
	{DATE("09:49:27"), DATE("09:49:37"), 0},
	{DATE("08:49:47"), "yesterday", 10000},
};

static void dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(afters) / sizeof(afters[0]); i++) {
		const struct after *row = &afters[i];
		int64_t got = retry_after_ms(row->retry_after, row->date, NOW_S);
		if (got != row->want_ms)
			fail_msg("row %zu: %lld", i, (long long)got);
	}
}

static void jitter(void **state)
{
	(void)state;
	for (uint32_t random = 0; random < 5000; random++) {
		int64_t wait = retry_backoff_ms(4, 200, 10000, random * 2654435761u);
		assert_in_range(wait, 800, 1600);
	}
	assert_int_equal(retry_backoff_ms(1000000, 200, 10000, 0), 10000);
	assert_int_equal(retry_backoff_ms(0, 200, 10000, 0), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(dates),
					   cmocka_unit_test(jitter)};
	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
