/* base/jscan.c: what is JSON and what is not (RFC 8259), and the texts and numbers in it. */
#include "tests/unit.h"

#include <string.h>

#include "base/jscan.h"

struct valid_row {
	const char *name, *json;
};

static const struct valid_row valid[] = {
	{"object", "{}"},
	{"members", " { \"a\" : 1 , \"b\":[ ] , \"\" : { } } "},
	{"array", "[1,\"x\",null,true,false,{}]\n"},
	{"text", "\"\""},
	{"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00AF\""},
	{"a bracket in a text", "[\"]}{\\\"\"]"},
	{"half a pair, skipped", "\"\\ud800\""},
	{"control characters in a text", "\"a\001\n\""},
	{"numbers", "[0,-0,10,1.5,-1.25e10,1E+3,1e-3,0.0]"},
	{"a long number", "1234567890123456789012345678901234567890123456789012345678901234567890"},
};

static const struct valid_row invalid[] = {
	{"nothing", ""},
	{"blanks", " \n"},
	{"open object", "{"},
	{"open array", "[1"},
	{"open text", "\"a"},
	{"open after an escape", "\"a\\"},
	{"open after a quoted quote", "\"a\\\""},
	{"comma at the end of an object", "{\"a\":1,}"},
	{"comma at the end of an array", "[1,]"},
	{"comma first", "[,1]"},
	{"no comma", "[1 2]"},
	{"no comma between members", "{\"a\":1 \"b\":2}"},
	{"no colon", "{\"a\" 1}"},
	{"no value", "{\"a\":}"},
	{"a name that is no text", "{a:1}"},
	{"a number as a name", "{1:1}"},
	{"crossed brackets", "[{]}"},
	{"the other bracket", "[1}"},
	{"two values", "{} {}"},
	{"unknown escape", "\"\\x\""},
	{"short unicode escape", "\"\\u12\""},
	{"unicode escape that is no hex", "\"\\u12g4\""},
	{"part of a word", "tru"},
	{"a longer word", "nullx"},
	{"capitals", "True"},
	{"leading zero", "01"},
	{"plus", "+1"},
	{"minus alone", "-"},
	{"point at the end", "1."},
	{"point first", ".5"},
	{"no power", "1e"},
	{"hex", "0x1"},
	{"no number", "NaN"},
};

static bool skips(const char *json, size_t len)
{
	struct jscan s = jscan_of(json, len);
	jscan_skip(&s);
	return jscan_over(&s);
}

static void test_valid(void **state)
{
	(void)state;
	FOREACH_ROW(struct valid_row, valid)
	{
		assert_true(skips(row->json, strlen(row->json)));
	}
	FOREACH_ROW(struct valid_row, invalid)
	{
		assert_false(skips(row->json, strlen(row->json)));
	}
	assert_false(skips("{}\0", 3));
	assert_false(skips("[\0]", 3));
}

/* The text ends where its length says, whatever stands behind. */
static void test_length(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,\"\\u1234\",true]}";
	for (size_t n = 0; n + 1 < sizeof(text) - 1; n++)
		assert_false(skips(text, n));
	assert_true(skips(text, sizeof(text) - 1));
	assert_true(skips("{}x", 2));
}

static bool nested(size_t depth)
{
	static char text[2 * (JSCAN_DEPTH_MAX + 1)];
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return skips(text, 2 * depth);
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(nested(JSCAN_DEPTH_MAX));
	assert_false(nested(JSCAN_DEPTH_MAX + 1));
}

static void test_walk(void **state)
{
	(void)state;
	static const char json[] =
		"{\"skip\":{\"a\":[1,2]},\"list\":[\"x\",null,2.5],\"yes\":true,\"no\":false}";
	struct jscan s = jscan_of(json, sizeof(json) - 1);
	struct jtext t;
	double n;
	bool b;
	jscan_enter(&s);
	assert_true(jscan_member(&s, &t) && jtext_is(&t, "skip", 4));
	jscan_skip(&s);
	assert_true(jscan_member(&s, &t) && jtext_is(&t, "list", 4));
	assert_int_equal(jscan_next(&s), JSCAN_ARRAY);
	jscan_enter(&s);
	assert_true(jscan_element(&s));
	assert_false(jscan_null(&s));
	assert_true(jscan_text(&s, &t) && jtext_is(&t, "x", 1));
	assert_true(jscan_element(&s) && jscan_null(&s));
	assert_true(jscan_element(&s) && jscan_number(&s, &n));
	assert_true(n == 2.5);
	assert_false(jscan_element(&s));
	assert_true(jscan_member(&s, &t) && jscan_bool(&s, &b) && b);
	assert_true(jscan_member(&s, &t) && jscan_bool(&s, &b) && !b);
	assert_false(jscan_member(&s, &t));
	assert_true(jscan_over(&s));
	/* A value of another type than asked for spoils everything that follows. */
	s = jscan_of(json, sizeof(json) - 1);
	assert_false(jscan_text(&s, &t));
	assert_int_equal(jscan_next(&s), JSCAN_NONE);
	assert_false(jscan_member(&s, &t));
	assert_false(jscan_over(&s));
}

struct text_row {
	const char *name, *json, *want; /* NULL: no text */
};

static void test_texts(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{"plain", "\"abc\"", "abc"},
		{"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"one to three bytes", "\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
		{"a pair", "\"\\uD83D\\ude00!\"", "\xf0\x9f\x98\x80!"},
		{"the last character", "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"},
		{"first half alone", "\"\\ud83d\"", NULL},
		{"first half before another escape", "\"\\ud83d\\n12345\"", NULL},
		{"first half twice", "\"\\ud83d\\ud83d\"", NULL},
		{"second half first", "\"\\ude00\"", NULL},
		{"ends at a NUL", "\"a\\u0000b\"", "a"},
	};
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct text_row, rows)
	{
		struct jscan s = jscan_of(row->json, strlen(row->json));
		struct jtext t;
		assert_true(jscan_text(&s, &t));
		const char *got = jtext_copy(&t, &a);
		if (row->want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, row->want);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid), cmocka_unit_test(test_length),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_walk),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
