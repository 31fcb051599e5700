/* How long a yes and a no count, and that the memory of them is bounded. */
#include "tests/unit.h"

#include "metricsd/access.h"

static void a_yes_and_a_no_expire(void **state)
{
	(void)state;
	struct access_cache c = {0};
	struct access_key yes = access_key("yes"), no = access_key("no"), who = access_key("who");
	assert_int_equal(access_find(&c, &yes, 0), ACCESS_UNKNOWN);
	access_remember(&c, &yes, ACCESS_ALLOWED, 1000);
	access_remember(&c, &no, ACCESS_FORBIDDEN, 1000);
	access_remember(&c, &who, ACCESS_UNAUTHORIZED, 1000);
	assert_int_equal(access_find(&c, &yes, 1000 + ACCESS_ALLOW_MS - 1), ACCESS_ALLOWED);
	assert_int_equal(access_find(&c, &yes, 1000 + ACCESS_ALLOW_MS), ACCESS_UNKNOWN);
	assert_int_equal(access_find(&c, &no, 1000 + ACCESS_DENY_MS - 1), ACCESS_FORBIDDEN);
	assert_int_equal(access_find(&c, &no, 1000 + ACCESS_DENY_MS), ACCESS_UNKNOWN);
	assert_int_equal(access_find(&c, &who, 1000), ACCESS_UNAUTHORIZED);
	/* Said anew: one row, the new word. */
	access_remember(&c, &no, ACCESS_ALLOWED, 2000);
	assert_int_equal(access_find(&c, &no, 2000), ACCESS_ALLOWED);
	assert_int_equal(c.n, 3);
}

/* Somebody who tries token after token does not push out those who may. */
static void guesses_do_not_push_out_the_allowed(void **state)
{
	(void)state;
	struct access_cache c = {0};
	struct access_key yes = access_key("yes");
	access_remember(&c, &yes, ACCESS_ALLOWED, 0);
	for (int i = 0; i < 3 * ACCESS_MAX; i++) {
		char guess[16];
		snprintf(guess, sizeof(guess), "guess %d", i);
		struct access_key key = access_key(guess);
		access_remember(&c, &key, ACCESS_UNAUTHORIZED, i);
		assert_int_equal(access_find(&c, &key, i), ACCESS_UNAUTHORIZED);
	}
	assert_int_equal(c.n, ACCESS_MAX);
	assert_int_equal(access_find(&c, &yes, 3 * ACCESS_MAX), ACCESS_ALLOWED);
}

/* A token that was allowed is known for longer than the yes counts, whoever guesses meanwhile. */
static void a_former_yes_is_known(void **state)
{
	(void)state;
	struct access_cache c = {0};
	struct access_key yes = access_key("yes"), no = access_key("no");
	const int64_t end = ACCESS_ALLOW_MS + ACCESS_FORMER_MS;
	access_remember(&c, &yes, ACCESS_ALLOWED, 0);
	access_remember(&c, &no, ACCESS_FORBIDDEN, 0);
	for (int i = 0; i < 3 * ACCESS_MAX; i++) {
		char guess[16];
		snprintf(guess, sizeof(guess), "guess %d", i);
		struct access_key key = access_key(guess);
		access_remember(&c, &key, ACCESS_UNAUTHORIZED, 2 * ACCESS_ALLOW_MS + i);
	}
	assert_int_equal(access_find(&c, &yes, 2 * ACCESS_ALLOW_MS), ACCESS_UNKNOWN);
	assert_true(access_is_known(&c, &yes, 0));
	assert_true(access_is_known(&c, &yes, end - 1));
	assert_false(access_is_known(&c, &yes, end));
	assert_false(access_is_known(&c, &no, 0));
}

static void a_yes_is_renewed_in_its_second_half(void **state)
{
	(void)state;
	struct access_cache c = {0};
	struct access_key yes = access_key("yes"), no = access_key("no");
	access_remember(&c, &yes, ACCESS_ALLOWED, 0);
	access_remember(&c, &no, ACCESS_FORBIDDEN, 0);
	assert_false(access_is_ending(&c, &yes, ACCESS_ALLOW_MS - ACCESS_RENEW_MS));
	assert_true(access_is_ending(&c, &yes, ACCESS_ALLOW_MS - ACCESS_RENEW_MS + 1));
	assert_false(access_is_ending(&c, &yes, ACCESS_ALLOW_MS));
	assert_false(access_is_ending(&c, &no, ACCESS_DENY_MS - 1));
	/* It was revoked: the new word counts at once. */
	access_remember(&c, &yes, ACCESS_UNAUTHORIZED, ACCESS_ALLOW_MS - 1);
	assert_int_equal(access_find(&c, &yes, ACCESS_ALLOW_MS - 1), ACCESS_UNAUTHORIZED);
	assert_false(access_is_known(&c, &yes, ACCESS_ALLOW_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_yes_and_a_no_expire),
		cmocka_unit_test(guesses_do_not_push_out_the_allowed),
		cmocka_unit_test(a_former_yes_is_known),
		cmocka_unit_test(a_yes_is_renewed_in_its_second_half),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
