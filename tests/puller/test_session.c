/* puller/session.c: lease, fence and session (behaviour.md 32, design.md musts 3, 7). */
#include "tests/unit.h"

#include "puller/session.h"

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
		struct session s = {0};
		for (const struct said *w = row->said; w < row->said + 8 && w->what != END; w++) {
			int64_t now_ms = NOW + w->at_ms;
			bool fence = w->what == TICK ? session_tick(&s, now_ms)
						     : session_lease(&s, w->said, w->term,
								     NOW + w->until_ms, now_ms);
			assert_int_equal(fence, w->fence);
			assert_int_equal(session_may_write(&s, now_ms), w->may_write);
		}
	}
}

struct verdict_row {
	const char *name;
	struct session session;
	uint64_t id;
	int64_t valid_until_ms, now_ms;
	enum verdict start, delete;
};

#define HELD .term = 3, .until_ms = NOW + 10000

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

/* behaviour.md 32: a write ends by the lease, or earlier if its sender wants. */
static void test_deadline(void **state)
{
	(void)state;
	struct session s = {HELD};
	assert_int_equal(session_deadline(&s, NOW + 5000), NOW + 5000);
	assert_int_equal(session_deadline(&s, NOW + 50000), NOW + 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests_name("puller/session", tests, NULL, NULL);
}
