/* Which addresses are this machine's or its link's, and who may lead there (behaviour.md 28). */
#include "tests/unit.h"

#include "kube/peer.h"

static void rule_28_kinds_of_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		enum peer_kind want;
	} rows[] = {
		{"127.0.0.1", PEER_LOOPBACK},
		{"127.255.3.4", PEER_LOOPBACK},
		{"0.0.0.0", PEER_LOOPBACK},
		{"::1", PEER_LOOPBACK},
		{"::", PEER_LOOPBACK},
		{"::ffff:127.0.0.1", PEER_LOOPBACK},
		{"169.254.169.254", PEER_LINK_LOCAL},
		{"::ffff:169.254.169.254", PEER_LINK_LOCAL},
		{"fe80::1", PEER_LINK_LOCAL},
		{"fe80::1%eth0", PEER_LINK_LOCAL},
		{"10.0.0.1", PEER_OTHER},
		{"128.0.0.1", PEER_OTHER},
		{"169.253.1.1", PEER_OTHER},
		{"fd00::1", PEER_OTHER},
		{"2001:db8::1", PEER_OTHER},
		{"", PEER_OTHER},
		{"name", PEER_OTHER},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		unit_say(rows[i].address);
		assert_int_equal(peer_of_text(rows[i].address), rows[i].want);
	}
}

static void rule_28_who_leads_where(void **state)
{
	(void)state;
	assert_true(peer_may_lead(PEER_NOBODY, PEER_LOOPBACK)); /* the user wrote it */
	assert_true(peer_may_lead(PEER_NOBODY, PEER_LINK_LOCAL));
	assert_true(peer_may_lead(PEER_OTHER, PEER_OTHER));
	assert_true(peer_may_lead(PEER_LOOPBACK, PEER_OTHER));
	assert_true(peer_may_lead(PEER_LOOPBACK, PEER_LOOPBACK));
	assert_false(peer_may_lead(PEER_OTHER, PEER_LOOPBACK));
	assert_false(peer_may_lead(PEER_OTHER, PEER_LINK_LOCAL));
	assert_false(peer_may_lead(PEER_LOOPBACK, PEER_LINK_LOCAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_28_kinds_of_addresses),
		cmocka_unit_test(rule_28_who_leads_where),
	};
	return cmocka_run_group_tests_name("kube/peer", tests, NULL, NULL);
}
