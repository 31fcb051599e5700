/* Names of pull pods (behaviour.md 6): stable, short, and different for each pull. */
#include "tests/unit.h"

#include <string.h>

#include "reconciler/rules/podname.h"

static char *make(struct arena *a, const char *name, const char *attempt)
{
	return podname_make(a, name, "image-uid", "node-uid", "nginx:1", attempt);
}

static void rule_6_stable(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	/* The name of a pull never changes, or an update of ours would pull twice. */
	assert_string_equal(make(&a, "nginx", "0"), "pull-nginx-e45a901b08b12887");
	assert_string_equal(make(&a, "nginx", "0"), make(&a, "nginx", "0"));
	assert_string_not_equal(make(&a, "nginx", "0"), make(&a, "nginx", "1"));
	assert_string_not_equal(make(&a, "nginx", "0"), make(&a, "nginx", "r0"));
	const char *base = make(&a, "nginx", "0");
	assert_string_not_equal(base, podname_make(&a, "nginx", "x", "node-uid", "nginx:1", "0"));
	assert_string_not_equal(base, podname_make(&a, "nginx", "image-uid", "x", "nginx:1", "0"));
	assert_string_not_equal(base,
				podname_make(&a, "nginx", "image-uid", "node-uid", "nginx:2", "0"));
	/* Pieces do not run into each other. */
	assert_string_not_equal(podname_make(&a, "n", "ab", "c", "r", "0"),
				podname_make(&a, "n", "a", "bc", "r", "0"));
	arena_done(&a);
}

static void rule_6_fits(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char name[254];
	memset(name, 'a', 253);
	name[253] = '\0';
	for (size_t n = 1; n <= 253; n++) {
		name[n] = '\0';
		char *pod = make(&a, name, "0");
		assert_true(strlen(pod) <= PODNAME_MAX);
		name[n] = 'a';
	}
	/* A cut behind a dot would be no DNS name. */
	memset(name, '.', 100);
	name[0] = 'a';
	name[100] = '\0';
	assert_null(strstr(make(&a, name, "0"), ".-"));
	arena_done(&a);
}

struct attempt_row {
	const char *name;
	int want;
	uint32_t attempt;
	int64_t repull_s;
};

static const struct attempt_row attempts[] = {
	{"0", 0, 0, 0},         {"17", 0, 17, 0},
	{"65535", 0, 65535, 0}, {"r1700000000", 0, 0, 1700000000},
	{"65536", -1, 0, 0},    {"", -1, 0, 0},
	{"r", -1, 0, 0},        {"r0", -1, 0, 0},
	{"-1", -1, 0, 0},       {"1x", -1, 0, 0},
	{" 1", -1, 0, 0},       {"r99999999999999999999", -1, 0, 0},
};

static void rule_6_attempts(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct attempt_row, attempts)
	{
		uint32_t attempt = 7;
		int64_t repull_s = 7;
		assert_int_equal(podname_attempt_parse(row->name, &attempt, &repull_s), row->want);
		if (row->want != 0) {
			assert_int_equal(attempt, 7);
			continue;
		}
		assert_int_equal(attempt, row->attempt);
		assert_int_equal(repull_s, row->repull_s);
		assert_string_equal(podname_attempt(&a, attempt, repull_s), row->name);
	}
	uint32_t attempt;
	int64_t repull_s;
	assert_int_equal(podname_attempt_parse(NULL, &attempt, &repull_s), -1);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_6_stable),
		cmocka_unit_test(rule_6_fits),
		cmocka_unit_test(rule_6_attempts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
