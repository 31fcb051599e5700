/*
 * Base64 with the vectors of RFC 4648, section 10, and what must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/base64.h"

static const struct {
	const char *text, *plain; /* plain NULL: refused */
} rows[] = {
	{"", ""},
	{"Zg==", "f"},
	{"Zm8=", "fo"},
	{"Zm9v", "foo"},
	{"Zm9vYg==", "foob"},
	{"Zm9vYmE=", "fooba"},
	{"Zm9vYmFy", "foobar"},
	{"/+8=", "\xff\xef"},
	{"Zm9v\nYg==\n", "foob"},
	{"Zg=", NULL},
	{"Zg", NULL},
	{"Z===", NULL},
	{"Zg==Zg==", NULL},
	{"====", NULL},
	{"Zm9-", NULL},
	{"Z\x01g=", NULL},
};

static void vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = 99;
		char *plain = base64_decode(rows[i].text, &len);
		if ((plain == NULL) != (rows[i].plain == NULL))
			fail_msg("%s", rows[i].text);
		if (plain == NULL)
			continue;
		assert_int_equal(len, strlen(rows[i].plain));
		assert_string_equal(plain, rows[i].plain);
		char *text = base64_encode(plain, len);
		if (strchr(rows[i].text, '\n') == NULL)
			assert_string_equal(text, rows[i].text);
		free(text);
		free(plain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
