/*
 * JSON patches: the operations of RFC 6902, with the examples of its appendix among them.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "sim/store/json_patch.h"

static const struct patch_row {
	const char *name, *target, *patch;
	const char *want; /* NULL: refused */
} rows[] = {
	{"add a member (A.1)", "{\"foo\":\"bar\"}",
	 "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
	 "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
	{"add an element (A.2)", "{\"foo\":[\"bar\",\"baz\"]}",
	 "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
	 "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
	{"add at the end", "{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2}]",
	 "{\"a\":[1,2]}"},
	{"add over what is there", "{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]",
	 "{\"a\":2}"},
	{"remove a member (A.3)", "{\"baz\":\"qux\",\"foo\":\"bar\"}",
	 "[{\"op\":\"remove\",\"path\":\"/baz\"}]", "{\"foo\":\"bar\"}"},
	{"remove an element (A.4)", "{\"foo\":[\"bar\",\"qux\",\"baz\"]}",
	 "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]", "{\"foo\":[\"bar\",\"baz\"]}"},
	{"replace (A.5)", "{\"a\":[1,{\"b\":2}]}",
	 "[{\"op\":\"replace\",\"path\":\"/a/1/b\",\"value\":3}]", "{\"a\":[1,{\"b\":3}]}"},
	{"replace an element", "{\"a\":[1,2]}",
	 "[{\"op\":\"replace\",\"path\":\"/a/0\",\"value\":3}]", "{\"a\":[3,2]}"},
	{"move (A.6)",
	 "{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
	 "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
	 "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
	{"copy", "{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}]",
	 "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"},
	{"test (A.8) and go on", "{\"a\":1}",
	 "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1},{\"op\":\"remove\",\"path\":\"/a\"}]",
	 "{}"},
	{"names with slash and tilde", "{\"metadata\":{\"labels\":{\"a/b\":\"c\",\"d~e\":\"f\"}}}",
	 "[{\"op\":\"remove\",\"path\":\"/metadata/labels/a~1b\"},"
	 "{\"op\":\"replace\",\"path\":\"/metadata/labels/d~0e\",\"value\":\"g\"}]",
	 "{\"metadata\":{\"labels\":{\"d~e\":\"g\"}}}"},
	{"nothing", "{\"a\":1}", "[]", "{\"a\":1}"},
	{"a test that fails (A.9)", "{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
	 NULL},
	{"a parent that is not there (A.12)", "{\"foo\":\"bar\"}",
	 "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", NULL},
	{"remove what is not there", "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", NULL},
	{"replace what is not there", "{}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":1}]",
	 NULL},
	{"an index beyond the end", "{\"a\":[]}",
	 "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":1}]", NULL},
	{"an index with a leading zero", "{\"a\":[1,2]}",
	 "[{\"op\":\"remove\",\"path\":\"/a/01\"}]", NULL},
	{"the whole object", "{}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]", NULL},
	{"into itself", "{\"a\":{\"b\":1}}",
	 "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL},
	{"no value", "{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL},
	{"no path", "{}", "[{\"op\":\"add\",\"value\":1}]", NULL},
	{"another operation", "{\"a\":1}", "[{\"op\":\"sing\",\"path\":\"/a\"}]", NULL},
	{"no array", "{}", "{}", NULL},
	{"an element that is no object", "{}", "[1]", NULL},
};

static void operations(void **state)
{
	(void)state;
	FOREACH_ROW(struct patch_row, rows)
	{
		struct api_error e = {0};
		cJSON *target = cJSON_Parse(row->target), *patch = cJSON_Parse(row->patch);
		int rc = json_patch(target, patch, &e);
		if (row->want == NULL) {
			assert_int_equal(rc, -1);
			assert_true(e.code == 400 || e.code == 422);
		} else {
			char *got = cJSON_PrintUnformatted(target);
			assert_int_equal(rc, 0);
			assert_string_equal(got, row->want);
			cJSON_free(got);
		}
		cJSON_Delete(target);
		cJSON_Delete(patch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(operations)};
	return cmocka_run_group_tests_name("drop_sim_json_patch", tests, NULL, NULL);
}
