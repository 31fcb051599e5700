/*
 * The reflector's table (must 5), one row a rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kube/reflector_step.h"

static const struct row {
	const char *name;
	enum reflector_state state;
	enum reflector_event event;
	int failures;
	enum reflector_action action;
	int strikes;
	bool trouble;
} rows[] = {
	{"end bookmark: same stream", RS_WATCHLIST, RE_SYNCED, 0, RA_STAY, 0, false},
	{"WatchList refused: pages, remembered", RS_WATCHLIST, RE_REFUSED, 1, RA_LIST_PAGED,
	 REFLECTOR_STRIKES_MAX, false},
	{"ended without bookmark: pages", RS_WATCHLIST, RE_END, 1, RA_LIST_PAGED, 1, false},
	{"silent: pages", RS_WATCHLIST, RE_IDLE, 1, RA_LIST_PAGED, 1, false},
	{"server not reachable: no strike", RS_WATCHLIST, RE_BROKEN, 1, RA_LIST_LATER, 0, true},
	{"not allowed: no strike", RS_WATCHLIST, RE_DENIED, 1, RA_LIST_LATER, 0, true},
	{"more pages", RS_PAGING, RE_MORE, 0, RA_NEXT_PAGE, 0, false},
	{"last page", RS_PAGING, RE_SYNCED, 0, RA_WATCH, 0, false},
	{"expired token: once more, whole", RS_PAGING, RE_GONE, 1, RA_LIST_WHOLE, 0, false},
	{"expired again", RS_PAGING, RE_GONE, 2, RA_LIST_LATER, 0, false},
	{"page broken", RS_PAGING, RE_BROKEN, 1, RA_LIST_LATER, 0, true},
	{"watch ended: at once", RS_WATCHING, RE_END, 0, RA_CHECK, 0, false},
	{"watch ended too soon, twice", RS_WATCHING, RE_END, 2, RA_CHECK_LATER, 0, false},
	{"410: list again", RS_WATCHING, RE_GONE, 1, RA_LIST, 0, false},
	{"410 again and again", RS_WATCHING, RE_GONE, 3, RA_LIST_LATER, 0, false},
	{"silent watch: connect again", RS_WATCHING, RE_IDLE, 1, RA_CHECK, 0, true},
	{"watch broken", RS_WATCHING, RE_BROKEN, 1, RA_CHECK_LATER, 0, true},
	{"watch broken often: doubt the version", RS_WATCHING, RE_BROKEN,
	 REFLECTOR_WATCH_FAILURES_MAX, RA_LIST_LATER, 0, true},
	{"13.2 version not behind: watch", RS_CHECKING, RE_SYNCED, 0, RA_WATCH, 0, false},
	{"13.2 also after a watch that failed", RS_CHECKING, RE_SYNCED, 3, RA_WATCH, 0, false},
	{"13.2 version went back: list", RS_CHECKING, RE_GONE, 1, RA_LIST, 0, false},
	{"no answer to the check", RS_CHECKING, RE_BROKEN, 1, RA_CHECK_LATER, 0, true},
	{"... often", RS_CHECKING, RE_BROKEN, REFLECTOR_WATCH_FAILURES_MAX, RA_LIST_LATER, 0, true},
	{"check not allowed", RS_CHECKING, RE_DENIED, 1, RA_LIST_LATER, 0, true},
	{"CRD deleted", RS_WATCHING, RE_DENIED, 1, RA_LIST_LATER, 0, true},
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct reflector_step s = reflector_step(r->state, r->event, r->failures);
		if (s.action != r->action || s.strikes != r->strikes || s.trouble != r->trouble)
			fail_msg("%s: action %d, strikes %d, trouble %d", r->name, s.action,
				 s.strikes, s.trouble);
	}
}

static void codes(void **state)
{
	(void)state;
	assert_int_equal(reflector_event_of(410), RE_GONE);
	assert_int_equal(reflector_event_of(403), RE_DENIED);
	assert_int_equal(reflector_event_of(404), RE_DENIED);
	assert_int_equal(reflector_event_of(400), RE_REFUSED);
	assert_int_equal(reflector_event_of(422), RE_REFUSED);
	assert_int_equal(reflector_event_of(401), RE_BROKEN);
	assert_int_equal(reflector_event_of(429), RE_BROKEN);
	assert_int_equal(reflector_event_of(500), RE_BROKEN);
	assert_int_equal(reflector_event_of(504), RE_UNABLE);
	assert_int_equal(reflector_event_of(0), RE_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(codes)};
	return cmocka_run_group_tests_name("reflector_step", tests, NULL, NULL);
}
