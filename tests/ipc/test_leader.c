/* ipc/leader.h: who may write, until when, and when connections are closed (behaviour.md 32, must
 * 7). */
#include "tests/unit.h"

#include "ipc/leader.h"

#define NOW 100000

struct said { /* one thing that happens */
	enum { END, LEASE, TICK } what;
	int64_t at_ms; /* after NOW */
	int64_t said;  /* place of the word in the watcher's order */
	uint64_t term;
	int64_t until_ms; /* after NOW */
	bool fence;       /* must the connections be closed now? */
	bool may_write;   /* afterwards */
};

struct lease_story {
	const char *name;
	struct said said[8];
};

static const struct lease_story lease_stories[] = {
	{"32 nobody said anything", {{TICK, 0, .may_write = false}}},
	{"32 standby", {{LEASE, 0, 1, 0, 0}, {TICK, 1}}},
	{"32 held, then not renewed: closed at the deadline, once",
	 {{LEASE, 0, 1, 3, 10000, false, true},
	  {TICK, 9999, .may_write = true},
	  {TICK, 10000, .fence = true},
	  {TICK, 10001}}},
	{"32 renewals move the deadline",
	 {{LEASE, 0, 1, 3, 10000, false, true},
	  {LEASE, 2000, 2, 3, 12000, false, true},
	  {TICK, 11999, .may_write = true}}},
	{"32 an older word does not shorten it",
	 {{LEASE, 2000, 2, 3, 12000, false, true},
	  {LEASE, 2001, 1, 3, 10000, false, true},
	  {TICK, 11000, .may_write = true}}},
	{"32 lost: closed at once",
	 {{LEASE, 0, 1, 3, 10000, false, true}, {LEASE, 100, 2, 0, 0, true, false}}},
	{"32 an older word does not bring a lost lease back",
	 {{LEASE, 0, 1, 3, 10000, false, true},
	  {LEASE, 100, 3, 0, 0, true, false},
	  {LEASE, 101, 2, 3, 10000, false, false},
	  {LEASE, 5000, 4, 4, 15000, false, true}}},
	{"32 renewed late by the same holder: goes on",
	 {{LEASE, 0, 1, 3, 10000, false, true},
	  {TICK, 10000, .fence = true},
	  {LEASE, 11000, 2, 3, 21000, false, true}}},
	{"32 a word whose deadline has passed, before any tick",
	 {{LEASE, 0, 1, 3, 10000, false, true}, {LEASE, 10001, 2, 3, 10000, true, false}}},
	{"32 a restarted watcher resumes its term",
	 {{LEASE, 0, 1, 3, 10000, false, true},
	  {LEASE, 100, 2, 0, 0, true, false},
	  {LEASE, 200, 3, 3, 10200, false, true}}},
	{"32 --leader-elect=false never ends",
	 {{LEASE, 0, 1, 1, INT64_MAX - NOW, false, true}, {TICK, 99999999, .may_write = true}}},
};

static void test_lease(void **state)
{
	(void)state;
	FOREACH_ROW(struct lease_story, lease_stories)
	{
		struct leader l = {0};
		for (const struct said *w = row->said; w < row->said + 8 && w->what != END; w++) {
			int64_t now_ms = NOW + w->at_ms;
			bool fence = w->what == TICK
					     ? leader_lapsed(&l, now_ms)
					     : leader_heard(&l, w->said, w->term, NOW + w->until_ms,
							    now_ms) == LEADER_ENDED;
			assert_int_equal(fence, w->fence);
			assert_int_equal(leader_may_write(&l, now_ms), w->may_write);
		}
	}
}

static void began(void **state)
{
	(void)state;
	struct leader l = {0};
	assert_int_equal(leader_heard(&l, 1, 1, 5000, 1000), LEADER_BEGAN);
	assert_int_equal(leader_heard(&l, 2, 1, 7000, 3000), LEADER_SAME);
	/* Renewed after it had lapsed: another may have written in between. */
	assert_int_equal(leader_heard(&l, 3, 1, 20000, 7000), LEADER_BEGAN);
	assert_int_equal(leader_heard(&l, 4, 2, 21000, 8000), LEADER_BEGAN);
	/* The same moment: both are from one turn. */
	assert_int_equal(leader_heard(&l, 4, 0, 0, 8000), LEADER_ENDED);
}

/* behaviour.md 32: a write ends by the lease, or earlier if its sender wants. */
static void test_deadline(void **state)
{
	(void)state;
	const struct leader l = {.term = 3, .until_ms = NOW + 10000};
	assert_int_equal(leader_deadline(&l, NOW + 5000), NOW + 5000);
	assert_int_equal(leader_deadline(&l, NOW + 50000), NOW + 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease),
		cmocka_unit_test(began),
		cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
