/* ipc/stats.c: names are unique, found again, and told with their values. */
#include "tests/unit.h"

#include <string.h>

#include "ipc/stats.h"

static void names(void **state)
{
	(void)state;
	for (int i = 0; i < STAT_COUNT; i++) {
		assert_int_equal(stat_find(stat_name((enum stat_id)i)), i);
		assert_true(strlen(stat_doc((enum stat_id)i)) > 3);
	}
	assert_int_equal(stat_find("no_such_counter"), -1);
}

static void every_fault_has_its_counter(void **state)
{
	(void)state;
	for (int f = 0; f < MSG_FAULT_COUNT; f++) {
		struct stats s = {0};
		struct arena a = ARENA_INIT;
		stats_fault(&s, (enum msg_fault)f);
		struct msg_stats m = stats_message(&s, false, &a);
		assert_int_equal(m.counters.n, 1);
		assert_int_equal(m.counters.at[0].value, 1);
		assert_memory_equal(m.counters.at[0].name, "dropped_", strlen("dropped_"));
		arena_done(&a);
	}
}

static void zeros_only_when_asked(void **state)
{
	(void)state;
	const struct stats s = {.at[STAT_turns] = 3};
	struct arena a = ARENA_INIT;
	assert_int_equal(stats_message(&s, false, &a).counters.n, 1);
	assert_int_equal(stats_message(&s, true, &a).counters.n, STAT_COUNT);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(every_fault_has_its_counter),
		cmocka_unit_test(zeros_only_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
