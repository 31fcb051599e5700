/*
 * What is read of a metav1.Status, and of what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kube/api_status.h"

static const struct {
	const char *body, *reason, *message;
	int code, after_ms;
} rows[] = {
	{"{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"no\",\"code\":409}",
	 "Conflict", "no", 409, 0},
	{"{\"kind\":\"Status\",\"code\":429,\"details\":{\"retryAfterSeconds\":3}}", "", "", 429,
	 3000},
	{"{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":-3},\"code\":\"x\"}", "", "", 0,
	 0},
	{"{\"kind\":\"Pod\",\"reason\":\"Evicted\"}", "", "", 0, 0},
	{"Bad Gateway\nby a proxy", "", "Bad Gateway", 0, 0},
	{"", "", "", 0, 0},
	{"[1,2", "", "[1,2", 0, 0},
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct status s;
		status_decode(rows[i].body, strlen(rows[i].body), &s);
		assert_string_equal(s.reason, rows[i].reason);
		assert_string_equal(s.message, rows[i].message);
		assert_int_equal(s.code, rows[i].code);
		assert_int_equal(s.retry_after_ms, rows[i].after_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
