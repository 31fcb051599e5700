/* puller/session.c: whose requests are obeyed (behaviour.md 32, musts 3, 7). */
#include "tests/unit.h"

#include "puller/session.h"

#define NOW 100000

struct admission_row {
	const char *name;
	struct session session;
	uint64_t id;
	int64_t valid_until_ms, now_ms;
	enum admission start, delete;
};

#define HELD .lease = {.term = 3, .until_ms = NOW + 10000}

static const struct admission_row admissions[] = {
	{"accepted", {.id = 7, HELD}, 7, NOW + 5000, NOW, ADMIT_OK, ADMIT_OK},
	{"must 3 another session",
	 {.id = 7, HELD},
	 8,
	 NOW + 5000,
	 NOW,
	 ADMIT_OTHER_SESSION,
	 ADMIT_OTHER_SESSION},
	{"must 3 a new puller creates for nobody",
	 {HELD},
	 7,
	 NOW + 5000,
	 NOW,
	 ADMIT_OTHER_SESSION,
	 ADMIT_OK},
	{"must 3 no session is none", {HELD}, 0, NOW + 5000, NOW, ADMIT_OTHER_SESSION, ADMIT_OK},
	{"late", {.id = 7, HELD}, 7, NOW, NOW, ADMIT_LATE, ADMIT_LATE},
	{"32 no lease", {.id = 7}, 7, NOW + 5000, NOW, ADMIT_NO_LEASE, ADMIT_NO_LEASE},
	{"32 deadline of the lease",
	 {.id = 7, HELD},
	 7,
	 NOW + 20000,
	 NOW + 10000,
	 ADMIT_NO_LEASE,
	 ADMIT_NO_LEASE},
	{"32 just before it", {.id = 7, HELD}, 7, NOW + 20000, NOW + 9999, ADMIT_OK, ADMIT_OK},
};

static void test_admission(void **state)
{
	(void)state;
	FOREACH_ROW(struct admission_row, admissions)
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
		cmocka_unit_test(test_admission),
	};
	return cmocka_run_group_tests_name("puller/session", tests, NULL, NULL);
}
