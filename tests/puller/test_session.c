/* puller/session.c: whose requests are obeyed (behaviour.md 32, musts 3, 7). */
#include "tests/unit.h"

#include "puller/session.h"

#define NOW 100000

struct verdict_row {
	const char *name;
	struct session session;
	uint64_t id;
	int64_t valid_until_ms, now_ms;
	enum verdict start, delete;
};

#define HELD .lease = {.term = 3, .until_ms = NOW + 10000}

static const struct verdict_row verdicts[] = {
	{"obeyed", {.id = 7, HELD}, 7, NOW + 5000, NOW, VERDICT_OBEY, VERDICT_OBEY},
	{"must 3 another session",
	 {.id = 7, HELD},
	 8,
	 NOW + 5000,
	 NOW,
	 VERDICT_STRANGER,
	 VERDICT_STRANGER},
	{"must 3 a new puller creates for nobody",
	 {HELD},
	 7,
	 NOW + 5000,
	 NOW,
	 VERDICT_STRANGER,
	 VERDICT_OBEY},
	{"must 3 no session is none", {HELD}, 0, NOW + 5000, NOW, VERDICT_STRANGER, VERDICT_OBEY},
	{"late", {.id = 7, HELD}, 7, NOW, NOW, VERDICT_LATE, VERDICT_LATE},
	{"32 no lease", {.id = 7}, 7, NOW + 5000, NOW, VERDICT_NO_LEASE, VERDICT_NO_LEASE},
	{"32 deadline of the lease",
	 {.id = 7, HELD},
	 7,
	 NOW + 20000,
	 NOW + 10000,
	 VERDICT_NO_LEASE,
	 VERDICT_NO_LEASE},
	{"32 just before it",
	 {.id = 7, HELD},
	 7,
	 NOW + 20000,
	 NOW + 9999,
	 VERDICT_OBEY,
	 VERDICT_OBEY},
};

static void test_verdicts(void **state)
{
	(void)state;
	FOREACH_ROW(struct verdict_row, verdicts)
	{
		assert_int_equal(
			session_start(&row->session, row->id, row->valid_until_ms, row->now_ms),
			row->start);
		assert_int_equal(
			session_delete(&row->session, row->id, row->valid_until_ms, row->now_ms),
			row->delete);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests_name("puller/session", tests, NULL, NULL);
}
