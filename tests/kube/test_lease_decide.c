/*
 * The elector's rules (numbers of kube/lease_decide.h), behaviour.md 32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kube/lease.h"
#include "kube/lease_decide.h"

#define ME    "me"
#define OTHER "other"
#define T0    INT64_C(1000000)
#define POLL  2000
#define WEEK  (INT64_C(7) * 24 * 3600 * 1000)

#define SEEN_AT(who, t, duration, last)                                                            \
	.known = true, .ever_known = true, .seen_ms = T0, .poll_ms = POLL, .last_ms = T0 + (last), \
	.seen = {.exists = true,                                                                   \
		 .holder = who,                                                                    \
		 .duration_s = (duration),                                                         \
		 .transitions = (t),                                                               \
		 .rv = 9}
#define SEEN(who, t) SEEN_AT(who, t, LEASE_DURATION_S, 0)
/* Seen, then deleted. */
#define GONE(who, t, last)                                                                         \
	.known = true, .ever_known = true, .seen_ms = T0, .poll_ms = POLL, .last_ms = T0 + (last), \
	.seen = {.holder = who, .duration_s = LEASE_DURATION_S, .transitions = (t)}
#define LEADING(t) SEEN(ME, (t)-1), .term = (t), .until_ms = T0 + LEASE_GIVE_UP_MS, .ever_led = true

static const struct row {
	const char *name;
	struct lease_state state;
	int64_t after_ms; /* now - T0 */
	bool lost;
	enum lease_action action;
	int64_t transitions;
	int64_t wake_ms; /* at_ms - T0; checked when the action is WAIT */
} rows[] = {
	{"2 at the start", {.poll_ms = POLL}, 0, false, LEASE_READ, 0, 0},
	{"2 no answer: wait",
	 {.poll_ms = POLL, .last_ms = T0, .failed = true},
	 500,
	 false,
	 LEASE_WAIT,
	 0,
	 POLL},
	{"2 no answer: again",
	 {.poll_ms = POLL, .last_ms = T0, .failed = true},
	 POLL,
	 false,
	 LEASE_READ,
	 0,
	 0},
	{"2 conflict", {SEEN(OTHER, 3), .stale = true}, 0, false, LEASE_READ, 0, 0},
	{"2 conflict of a renewal", {LEADING(4), .stale = true}, 1, false, LEASE_READ, 0, 0},
	{"6 restored from a backup: terms go on",
	 {SEEN("", 3), .top_transitions = 8, .ever_led = true},
	 0,
	 false,
	 LEASE_TAKE,
	 9,
	 0},
	{"3 holder", {SEEN(ME, 3), .releasing = true}, 0, false, LEASE_RELEASE, 3, 0},
	{"3 not holder", {SEEN(OTHER, 3), .releasing = true}, 0, false, LEASE_DONE, 0, 0},
	{"3 no lease", {.known = true, .releasing = true}, 0, false, LEASE_DONE, 0, 0},
	{"3 expired other is left",
	 {SEEN(OTHER, 3), .releasing = true},
	 WEEK,
	 false,
	 LEASE_DONE,
	 0,
	 0},
	{"4 create", {.known = true}, 0, false, LEASE_CREATE, 0, 0},
	{"4 deleted",
	 {.known = true, .ever_known = true, .seen.transitions = 7},
	 0,
	 false,
	 LEASE_CREATE,
	 8,
	 0},
	{"4 deleted while leading",
	 {.known = true,
	  .ever_known = true,
	  .seen.transitions = 7,
	  .term = 8,
	  .until_ms = T0 + 5000},
	 0,
	 false,
	 LEASE_CREATE,
	 8,
	 0},
	{"4 deleted, its holder may still write",
	 {GONE(OTHER, 7, 0)},
	 10,
	 false,
	 LEASE_WAIT,
	 0,
	 POLL},
	{"4 deleted, look again", {GONE(OTHER, 7, 0)}, POLL, false, LEASE_READ, 0, 0},
	{"4 deleted, its holder has ended",
	 {GONE(OTHER, 7, 14000)},
	 15000,
	 false,
	 LEASE_CREATE,
	 8,
	 0},
	{"4 deleted after its release", {GONE("", 7, 0)}, 0, false, LEASE_CREATE, 8, 0},
	{"4 deleted, ours", {GONE(ME, 7, 0)}, 0, false, LEASE_CREATE, 8, 0},
	{"5 resume", {SEEN(ME, 3)}, 0, false, LEASE_RENEW, 3, 0},
	{"5 new term after loss", {SEEN(ME, 3), .ever_led = true}, 0, false, LEASE_TAKE, 4, 0},
	{"5 not yet", {LEADING(4)}, 1999, false, LEASE_WAIT, 0, LEASE_RENEW_MS},
	{"5 renew", {LEADING(4)}, LEASE_RENEW_MS, false, LEASE_RENEW, 3, 0},
	{"5 failed: soon again",
	 {LEADING(4), .failed = true},
	 LEASE_RETRY_MS,
	 false,
	 LEASE_RENEW,
	 3,
	 0},
	{"5 failed: not at once",
	 {LEADING(4), .failed = true},
	 10,
	 false,
	 LEASE_WAIT,
	 0,
	 LEASE_RETRY_MS},
	{"1 the deadline", {LEADING(4)}, LEASE_GIVE_UP_MS, true, LEASE_TAKE, 4, 0},
	{"1 just before", {LEADING(4)}, LEASE_GIVE_UP_MS - 1, false, LEASE_RENEW, 3, 0},
	{"1 the machine slept a week", {LEADING(4)}, WEEK, true, LEASE_TAKE, 4, 0},
	{"1 another holds it",
	 {SEEN(OTHER, 4), .term = 4, .until_ms = T0 + 9000, .ever_led = true},
	 10,
	 true,
	 LEASE_WAIT,
	 0,
	 POLL},
	{"1 emptied by hand",
	 {SEEN("", 4), .term = 4, .until_ms = T0 + 9000, .ever_led = true},
	 10,
	 true,
	 LEASE_TAKE,
	 5,
	 0},
	{"6 released", {SEEN("", 4)}, 0, false, LEASE_TAKE, 5, 0},
	{"6 refused: wait", {SEEN("", 4), .failed = true}, 100, false, LEASE_WAIT, 0, POLL},
	{"7 look again later", {SEEN(OTHER, 4)}, 10, false, LEASE_WAIT, 0, POLL},
	{"7 look again", {SEEN(OTHER, 4)}, POLL, false, LEASE_READ, 0, 0},
	{"7 wake at the expiry",
	 {SEEN_AT(OTHER, 4, 15, 14000)},
	 14500,
	 false,
	 LEASE_WAIT,
	 0,
	 15000},
	{"7 just before", {SEEN_AT(OTHER, 4, 15, 14000)}, 14999, false, LEASE_WAIT, 0, 15000},
	{"7 expired", {SEEN_AT(OTHER, 4, 15, 14000)}, 15000, false, LEASE_TAKE, 5, 0},
	{"7 a short duration is not believed",
	 {SEEN_AT(OTHER, 4, 1, 14000)},
	 14500,
	 false,
	 LEASE_WAIT,
	 0,
	 15000},
	{"7 a long one is", {SEEN_AT(OTHER, 4, 30, 29000)}, 29500, false, LEASE_WAIT, 0, 30000},
	{"7 up to a limit",
	 {SEEN_AT(OTHER, 4, 1000000, 0)},
	 LEASE_DURATION_MAX_S * 1000,
	 false,
	 LEASE_TAKE,
	 5,
	 0},
	{"7 the machine slept", {SEEN(OTHER, 4)}, WEEK, false, LEASE_TAKE, 5, 0},
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct lease_decision v = lease_decide(&r->state, ME, T0 + r->after_ms);
		if (v.lost != r->lost || v.action != r->action ||
		    (v.action == LEASE_WAIT && v.at_ms != T0 + r->wake_ms) ||
		    (v.action != LEASE_WAIT && v.transitions != r->transitions))
			fail_msg("%s: lost %d, action %d, transitions %d, at %d", r->name, v.lost,
				 v.action, (int)v.transitions, (int)(v.at_ms - T0));
	}
}

/* The term's end is never slept over, whatever else is waited for. */
static void wakes_for_the_end(void **state)
{
	(void)state;
	struct lease_state s = {LEADING(4), .failed = true};
	s.last_ms = T0 + LEASE_GIVE_UP_MS - 100;
	struct lease_decision v = lease_decide(&s, ME, s.last_ms + 1);
	assert_int_equal(v.action, LEASE_WAIT);
	assert_int_equal(v.at_ms, s.until_ms);
}

static void observing(void **state)
{
	(void)state;
	struct lease_state s = {.poll_ms = POLL};
	struct lease_record a = {.exists = true, .holder = OTHER, .rv = 5, .transitions = 6};
	lease_observe(&s, &a, 100);
	assert_int_equal(s.seen_ms, 100);
	lease_observe(&s, &a, 200);
	assert_int_equal(s.seen_ms, 100);
	a.rv = 6; /* the holder renewed: a new life, whatever its clock says */
	lease_observe(&s, &a, 300);
	assert_int_equal(s.seen_ms, 300);
	lease_observe(&s, &(struct lease_record){0}, 400);
	assert_false(s.seen.exists);
	assert_int_equal(s.seen.transitions, 6);
	assert_int_equal(lease_decide(&s, ME, 400).action, LEASE_WAIT);
	struct lease_decision v = lease_decide(&s, ME, 300 + LEASE_DURATION_S * 1000);
	assert_int_equal(v.action, LEASE_CREATE);
	assert_int_equal(v.transitions, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(wakes_for_the_end),
		cmocka_unit_test(observing),
	};
	return cmocka_run_group_tests_name("lease_decide", tests, NULL, NULL);
}
