/* base/pace.h: a burst at once, then one a gap; rest gives the burst back. */
#include "tests/unit.h"

#include "base/pace.h"

struct pace_row {
	const char *name;
	int64_t now_ms, want_ms;
};

static void paces(void **state)
{
	(void)state;
	static const struct pace_row rows[] = {
		/* one after the other: gap 20, burst 3 */
		{"the first", 1000, 0},
		{"second", 1000, 0},
		{"third", 1001, 0},
		{"one too many: the third of three gaps since the first", 1001, 19},
		{"after that rest", 1020, 20},
		{"kept at one a gap", 1040, 20},
		{"part of a rest", 1090, 0},
		{"a long rest: the whole burst again", 5000, 0},
		{"and", 5000, 0},
		{"again", 5000, 0},
		{"then not", 5000, 20},
		{"asked again without having waited", 5000, 20},
		{"and again: what is owed does not add up", 5001, 20},
		{"so that it is paid soon", 5041, 0},
	};
	struct pace p = {0};
	FOREACH_ROW(struct pace_row, rows)
	{
		assert_int_equal(pace_next(&p, 20, 3, row->now_ms), row->want_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(paces)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
