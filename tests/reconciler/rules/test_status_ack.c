/* What the API server is known to have of a status (behaviour 21): one history a row. */
#include "tests/unit.h"

#include "reconciler/rules/status_ack.h"

#define PACE 2000
#define KEEP ACK_KEEP

enum step_kind { END, SEEN, SENT, MADE, FAILED, LISTED, FENCE };

struct step {
	enum step_kind kind;
	int64_t arg; /* resourceVersion; LISTED: fresh_ms */
	int64_t at_ms;
	enum ack_copy want;
};

static const struct ack_row {
	const char *name;
	struct step steps[6];
} rows[] = {
	{"the first observation counts", {{SEEN, 5, 0, ACK_SEEN}}},
	{"an answer is known before the watch shows it", {{SENT, 0, 1}, {MADE, 7, 2, ACK_SENT}}},
	{"an echo of before the write does not count",
	 {{SENT, 0, 1}, {MADE, 7, 2, ACK_SENT}, {SEEN, 6, 3, KEEP}, {SEEN, 7, 4, ACK_SEEN}}},
	{"nothing counts while a write is on its way",
	 {{SENT, 0, 1}, {SEEN, 9, 2, KEEP}, {MADE, 7, 3, ACK_SEEN}}},
	{"the watch was faster than the answer",
	 {{SENT, 0, 1}, {SEEN, 7, 2, KEEP}, {MADE, 7, 3, ACK_SEEN}}},
	{"an answer without a version does not make older ones late",
	 {{SEEN, 5, 1, ACK_SEEN}, {SENT, 0, 2}, {MADE, 0, 3, ACK_SEEN}}},
	{"a write that failed may have arrived or not", {{SENT, 0, 1}, {FAILED, 0, 2, ACK_NONE}}},
	{"what is seen after it counts",
	 {{SENT, 0, 1}, {FAILED, 0, 2, ACK_NONE}, {SEEN, 4, 3, ACK_SEEN}}},
	{"the lead ends while it is on its way", {{SENT, 0, 1}, {FENCE, 0, 2, ACK_NONE}}},
	{"the lead ends in between", {{SENT, 0, 1}, {MADE, 7, 2, ACK_SENT}, {FENCE, 0, 3, KEEP}}},
	{"a list from before the answer proves nothing",
	 {{SEEN, 5, 0, ACK_SEEN}, {SENT, 0, 1}, {MADE, 7, 2, ACK_SENT}, {LISTED, 2, 3, KEEP}}},
	{"a later list without the write: an older store",
	 {{SEEN, 5, 0, ACK_SEEN},
	  {SENT, 0, 1},
	  {MADE, 7, 2, ACK_SENT},
	  {LISTED, 3, 4, ACK_SEEN},
	  {SEEN, 6, 5, ACK_SEEN}}},
	{"a later list with the write",
	 {{SENT, 0, 1}, {MADE, 7, 2, ACK_SENT}, {SEEN, 7, 3, ACK_SEEN}, {LISTED, 3, 4, KEEP}}},
	{"a list while the next write is on its way",
	 {{SENT, 0, 1},
	  {MADE, 7, 2, ACK_SENT},
	  {SENT, 0, 3},
	  {LISTED, 3, 4, KEEP},
	  {MADE, 8, 5, ACK_SENT}}},
};

static enum ack_copy step(struct status_ack *a, const struct step *s)
{
	switch (s->kind) {
	case SEEN:
		return ack_observed(a, (uint64_t)s->arg);
	case SENT:
		ack_sent(a, s->at_ms);
		return KEEP;
	case MADE:
	case FAILED:
		return ack_answered(a, s->kind == MADE, (uint64_t)s->arg, s->at_ms);
	case LISTED:
		return ack_listed(a, s->arg);
	case FENCE:
		return ack_fence(a);
	case END:
		break;
	}
	return KEEP;
}

static void rule_21_what_the_server_has(void **state)
{
	(void)state;
	FOREACH_ROW(struct ack_row, rows)
	{
		struct status_ack a = {0};
		for (size_t i = 0; i < ROWS(row->steps) && row->steps[i].kind != END; i++)
			assert_int_equal(step(&a, &row->steps[i]), row->steps[i].want);
	}
}

static void rule_21_when_it_is_due(void **state)
{
	struct status_ack a = {0};
	(void)state;
	assert_int_equal(ack_due(&a, false, PACE, 100), 100);
	ack_sent(&a, 100);
	ack_answered(&a, true, 7, 150);
	assert_int_equal(ack_due(&a, true, PACE, 200), 200);
	assert_int_equal(ack_due(&a, false, PACE, 200), 150 + PACE);
	assert_int_equal(ack_due(&a, false, PACE, 150 + PACE + 5), 150 + PACE + 5);
	ack_sent(&a, 2900); /* an answer that tells no version */
	ack_answered(&a, true, 0, 2950);
	assert_int_equal(ack_due(&a, false, PACE, 2960), 2900 + PACE);
	ack_sent(&a, 3000);
	ack_answered(&a, false, 0, 3001);
	ack_sent(&a, 4000);
	ack_answered(&a, false, 0, 4001);
	assert_int_equal(a.failures, 2);
	a.again_ms = 9000;
	assert_int_equal(ack_due(&a, true, PACE, 4100), 9000);
	ack_sent(&a, 9000);
	ack_answered(&a, true, 8, 9001);
	assert_int_equal(a.failures, 0);
	assert_int_equal(ack_due(&a, true, PACE, 9100), 9100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_21_what_the_server_has),
		cmocka_unit_test(rule_21_when_it_is_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
