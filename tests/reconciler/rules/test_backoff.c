/* Back-off and gates (behaviour.md 14). */
#include "tests/unit.h"

#include <stdbool.h>

#include "reconciler/rules/backoff.h"

static const struct backoff usual = {30000, 300000};

static void rule_14_doubles_to_max(void **state)
{
	(void)state;
	static const int64_t want[] = {30000, 60000, 120000, 240000, 300000, 300000};
	bool varies = false;
	for (uint64_t seed = 0; seed < 500; seed++) {
		for (uint32_t i = 0; i < 6; i++) {
			int64_t d = backoff_delay(usual, i + 1, seed);
			assert_in_range(d, want[i] * 9 / 10, want[i] * 11 / 10);
			varies |= d != backoff_delay(usual, i + 1, 0);
		}
		assert_in_range(backoff_delay(usual, UINT32_MAX, seed), 270000, 330000);
	}
	assert_true(varies);
}

static void odd_policies(void **state)
{
	(void)state;
	/* max below initial, nothing at all, and the longest duration there is: no overflow. */
	assert_in_range(backoff_delay((struct backoff){60000, 1000}, 9, 1), 54000, 66000);
	assert_in_range(backoff_delay((struct backoff){0, 0}, 1, 1), 0, 2);
	int64_t d = backoff_delay((struct backoff){INT64_MAX / 2000, INT64_MAX / 2000}, 70, 1);
	assert_true(d > INT64_MAX / 4000);
}

static void rule_14_gate(void **state)
{
	(void)state;
	struct gate g = {0};
	assert_int_equal(gate_look(&g, 0), GATE_OPEN);
	gate_fail(&g, usual, 1, 900, 1000);
	assert_int_equal(g.failures, 1);
	assert_int_equal(gate_look(&g, 1001), GATE_SHUT);
	assert_int_equal(gate_look(&g, g.until_ms), GATE_PROBE);
	/* Another pull of the same round fails: one round, not two. */
	gate_fail(&g, usual, 1, 950, 1500);
	assert_int_equal(g.failures, 1);
	/* One that outlasts the wait was its probe. */
	struct gate late = g;
	gate_fail(&late, usual, 1, 950, g.until_ms + 1);
	assert_int_equal(late.failures, 2);
	/* The probe fails. */
	gate_fail(&g, usual, 1, 40000, 41000);
	assert_int_equal(g.failures, 2);
	assert_in_range(g.until_ms, 41000 + 54000, 41000 + 66000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_14_doubles_to_max),
		cmocka_unit_test(odd_policies),
		cmocka_unit_test(rule_14_gate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
