/* The two questions about a token, and answers as the API server gives them. */
#include "tests/unit.h"

#include <string.h>

#include "metricsd/review_json.h"

static void the_token_is_quoted(void **state)
{
	(void)state;
	struct buf b = {0};
	review_token_body(&b, "a\"b");
	assert_string_equal(b.data, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":"
				    "\"TokenReview\",\"spec\":{\"token\":\"a\\\"b\"}}");
	buf_done(&b);
}

static void who_goes_into_the_second_question(void **state)
{
	(void)state;
	static const char known[] =
		"{\"kind\":\"TokenReview\",\"spec\":{\"token\":\"x\"},\"status\":{"
		"\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:m:p\","
		"\"uid\":\"1-2\",\"groups\":[\"a\",\"b\"],\"extra\":{\"k\":[\"v\"]}},"
		"\"audiences\":[\"api\"]}}";
	struct buf b = {0};
	assert_int_equal(review_access_body(&b, known, strlen(known)), 1);
	assert_string_equal(
		b.data,
		"{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\","
		"\"spec\":{\"user\":\"system:serviceaccount:m:p\",\"uid\":\"1-2\","
		"\"groups\":[\"a\",\"b\"],\"extra\":{\"k\":[\"v\"]},"
		"\"nonResourceAttributes\":{\"path\":\"/metrics\",\"verb\":\"get\"}}}");
	buf_done(&b);
	static const char no_groups[] = "{\"status\":{\"authenticated\":true,\"user\":"
					"{\"username\":\"u\",\"groups\":null}}}";
	assert_int_equal(review_access_body(&b, no_groups, strlen(no_groups)), 1);
	assert_null(strstr(b.data, "groups"));
	buf_done(&b);
}

static void answers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int token, access;
	} rows[] = {
		{"", -1, -1},
		{"[]", -1, -1},
		{"{}", -1, -1},
		{"{\"status\":{}}", 0, 0},
		{"{\"status\":{\"authenticated\":false,\"error\":\"no\"}}", 0, 0},
		{"{\"status\":{\"authenticated\":\"true\"}}", 0, 0},
		{"{\"status\":{\"authenticated\":true}}", -1, 0},
		{"{\"status\":{\"allowed\":true}}", 0, 1},
		{"{\"status\":{\"allowed\":false,\"denied\":true}}", 0, 0},
		{"{\"spec\":{\"allowed\":true},\"status\":{\"allowed\":false}}", 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = {0};
		unit_say(rows[i].text);
		assert_int_equal(review_access_body(&b, rows[i].text, strlen(rows[i].text)),
				 rows[i].token);
		assert_int_equal(review_allowed(rows[i].text, strlen(rows[i].text)),
				 rows[i].access);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_token_is_quoted),
					   cmocka_unit_test(who_goes_into_the_second_question),
					   cmocka_unit_test(answers)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
