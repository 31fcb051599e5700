/* The steps to leadership (behaviour.md 32): no order of events skips one. */
#include "tests/unit.h"

#include <stdbool.h>

#include "reconciler/takeover.h"

#define NOW   1000
#define UNTIL 11000

static struct takeover leading(void)
{
	struct takeover s = {0};
	takeover_lease(&s, NOW, 1, UNTIL, 42, NOW);
	takeover_puller_synced(&s, 42, 2000);
	takeover_read(&s, 2000);
	return s;
}

static void rule_32_every_step_in_order(void **state)
{
	(void)state;
	struct takeover s = {0};
	takeover_read(&s, NOW);
	takeover_puller_synced(&s, 0, NOW);
	assert_int_equal(s.step, TAKEOVER_STANDBY);
	takeover_lease(&s, NOW, 1, UNTIL, 42, NOW);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_read(&s, UNTIL);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_puller_synced(&s, 41, 2000);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_puller_synced(&s, 42, 2000);
	assert_int_equal(s.step, TAKEOVER_READ);
	takeover_read(&s, 1999);
	assert_int_equal(s.step, TAKEOVER_READ);
	takeover_read(&s, 2000);
	assert_int_equal(s.step, TAKEOVER_LEAD);
}

static void rule_32_a_renewal_keeps_the_session(void **state)
{
	(void)state;
	struct takeover s = leading();
	takeover_lease(&s, 3000, 1, UNTIL + 2000, 43, 3000);
	assert_int_equal(s.step, TAKEOVER_LEAD);
	assert_int_equal(s.id, 42);
	assert_int_equal(s.lease.until_ms, UNTIL + 2000);
}

static void rule_32_it_ends_at_the_deadline(void **state)
{
	(void)state;
	struct takeover s = leading();
	takeover_tick(&s, UNTIL - 1);
	assert_int_equal(s.step, TAKEOVER_LEAD);
	takeover_tick(&s, UNTIL);
	assert_int_equal(s.step, TAKEOVER_STANDBY);
	/* The same term, renewed too late, begins a new session. */
	takeover_lease(&s, UNTIL + 1, 1, UNTIL + 9000, 43, UNTIL + 1);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	assert_int_equal(s.id, 43);
}

static void rule_32_a_late_renewal_is_seen_to_be_late(void **state)
{
	(void)state;
	struct takeover s = leading();
	takeover_lease(&s, UNTIL, 1, UNTIL + 9000, 43, UNTIL);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_lease(&s, UNTIL + 1, 1, UNTIL, 44, UNTIL + 1);
	assert_int_equal(s.step, TAKEOVER_STANDBY);
}

static void rule_32_another_term_starts_over(void **state)
{
	(void)state;
	struct takeover s = leading();
	takeover_lease(&s, NOW, 0, UNTIL, 43, NOW);
	assert_int_equal(s.step, TAKEOVER_STANDBY);
	s = leading();
	takeover_lease(&s, NOW, 2, UNTIL, 43, NOW);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	assert_int_equal(s.id, 43);
}

static void a_restarted_puller_is_told_again(void **state)
{
	(void)state;
	struct takeover s = leading();
	takeover_puller_lost(&s, 43);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_puller_synced(&s, 42, 5000);
	assert_int_equal(s.step, TAKEOVER_PULLER);
	takeover_puller_synced(&s, 43, 5000);
	takeover_read(&s, 4999);
	assert_int_equal(s.step, TAKEOVER_READ);
	struct takeover standby = {0};
	takeover_puller_lost(&standby, 44);
	assert_int_equal(standby.step, TAKEOVER_STANDBY);
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
