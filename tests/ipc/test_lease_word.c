/* ipc/lease_word.h: whatever order words of the watcher arrive in, the newest one counts. */
#include "tests/unit.h"

#include "ipc/lease_word.h"

struct word_row {
	const char *name;
	int64_t last_us, said_us;
	bool counts;
	int64_t then_us;
};

static const struct word_row rows[] = {
	{"the first word", 0, 500, true, 500},
	{"a newer one", 500, 501, true, 501},
	{"a doorbell that an answer overtook", 500, 499, false, 500},
	{"the same moment: both are from one turn", 500, 500, true, 500},
};

static void words(void **state)
{
	(void)state;
	FOREACH_ROW(struct word_row, rows)
	{
		int64_t last_us = row->last_us;
		assert_int_equal(lease_word_counts(&last_us, row->said_us), row->counts);
		assert_int_equal(last_us, row->then_us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
