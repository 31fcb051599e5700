/* When a failure is told (kube/trouble.h). */
#include "tests/unit.h"

#include "kube/trouble.h"

#define S 1000

struct row {
	int64_t at_ms;
	int kind, code; /* code -1: it works */
	bool told;
};

static const struct row rows[] = {
	{1 * S, 1, 500, true},
	{2 * S, 1, 500, false}, /* the same again */
	{3 * S, 1, 0, true},    /* another code */
	{4 * S, 2, 0, true},    /* another kind */
	{63 * S, 2, 0, false},
	{64 * S, 2, 0, true}, /* it lasts */
	{65 * S, 0, -1, false},
	{66 * S, 2, 0, true},
	/* 403: the API server may still be loading its RBAC rules */
	{70 * S, 2, 403, false},
	{79 * S, 2, 403, false},
	{80 * S, 2, 403, true},
	{81 * S, 2, 403, false},
	{90 * S, 2, 0, true},
	{91 * S, 2, 403, false}, /* a new row of them */
	{100 * S, 2, 403, false},
	{101 * S, 2, 403, true},
	{102 * S, 0, -1, false},
	{103 * S, 2, 403, false},
	{112 * S, 2, 403, false},
	{113 * S, 2, 403, true},
	{172 * S, 2, 403, false},
	{173 * S, 2, 403, true},
};

static void told(void **state)
{
	(void)state;
	struct trouble t = {0};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		if (row->code < 0)
			trouble_over(&t);
		else if (trouble_tell(&t, row->kind, row->code, row->at_ms) != row->told)
			fail_msg("at %d s: told %d", (int)(row->at_ms / S), !row->told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(told)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
