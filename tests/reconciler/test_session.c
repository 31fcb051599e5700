/* The steps to leadership (behaviour.md 32): no order of events skips one. */
#include "tests/unit.h"

#include <stdbool.h>

#include "reconciler/session.h"

#define NOW   1000
#define UNTIL 11000

static struct session leading(void)
{
	struct session s = {0};
	session_lease(&s, 1, UNTIL, 42, NOW);
	session_puller_synced(&s, 42, 2000);
	session_read(&s, 2000);
	return s;
}

static void rule_32_every_step_in_order(void **state)
{
	(void)state;
	struct session s = {0};
	session_read(&s, NOW);
	session_puller_synced(&s, 0, NOW);
	assert_int_equal(s.step, SESSION_STANDBY);
	session_lease(&s, 1, UNTIL, 42, NOW);
	assert_int_equal(s.step, SESSION_PULLER);
	session_read(&s, UNTIL);
	assert_int_equal(s.step, SESSION_PULLER);
	session_puller_synced(&s, 41, 2000);
	assert_int_equal(s.step, SESSION_PULLER);
	session_puller_synced(&s, 42, 2000);
	assert_int_equal(s.step, SESSION_READ);
	session_read(&s, 1999);
	assert_int_equal(s.step, SESSION_READ);
	session_read(&s, 2000);
	assert_int_equal(s.step, SESSION_LEAD);
}

static void rule_32_a_renewal_keeps_the_session(void **state)
{
	(void)state;
	struct session s = leading();
	session_lease(&s, 1, UNTIL + 2000, 43, 3000);
	assert_int_equal(s.step, SESSION_LEAD);
	assert_int_equal(s.id, 42);
	assert_int_equal(s.until_ms, UNTIL + 2000);
}

static void rule_32_it_ends_at_the_deadline(void **state)
{
	(void)state;
	struct session s = leading();
	session_tick(&s, UNTIL - 1);
	assert_int_equal(s.step, SESSION_LEAD);
	session_tick(&s, UNTIL);
	assert_int_equal(s.step, SESSION_STANDBY);
	/* The same term, renewed too late, begins a new session. */
	session_lease(&s, 1, UNTIL + 9000, 43, UNTIL + 1);
	assert_int_equal(s.step, SESSION_PULLER);
	assert_int_equal(s.id, 43);
}

static void rule_32_a_late_renewal_is_seen_to_be_late(void **state)
{
	(void)state;
	struct session s = leading();
	session_lease(&s, 1, UNTIL + 9000, 43, UNTIL);
	assert_int_equal(s.step, SESSION_PULLER);
	session_lease(&s, 1, UNTIL, 44, UNTIL + 1);
	assert_int_equal(s.step, SESSION_STANDBY);
}

static void rule_32_another_term_starts_over(void **state)
{
	(void)state;
	struct session s = leading();
	session_lease(&s, 0, UNTIL, 43, NOW);
	assert_int_equal(s.step, SESSION_STANDBY);
	s = leading();
	session_lease(&s, 2, UNTIL, 43, NOW);
	assert_int_equal(s.step, SESSION_PULLER);
	assert_int_equal(s.id, 43);
}

static void a_restarted_puller_is_told_again(void **state)
{
	(void)state;
	struct session s = leading();
	session_puller_lost(&s, 43);
	assert_int_equal(s.step, SESSION_PULLER);
	session_puller_synced(&s, 42, 5000);
	assert_int_equal(s.step, SESSION_PULLER);
	session_puller_synced(&s, 43, 5000);
	session_read(&s, 4999);
	assert_int_equal(s.step, SESSION_READ);
	struct session standby = {0};
	session_puller_lost(&standby, 44);
	assert_int_equal(standby.step, SESSION_STANDBY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_32_every_step_in_order),
		cmocka_unit_test(rule_32_a_renewal_keeps_the_session),
		cmocka_unit_test(rule_32_it_ends_at_the_deadline),
		cmocka_unit_test(rule_32_a_late_renewal_is_seen_to_be_late),
		cmocka_unit_test(rule_32_another_term_starts_over),
		cmocka_unit_test(a_restarted_puller_is_told_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
