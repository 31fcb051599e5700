/*
 * YAML into trees: what plain text means, what is refused and how the error says where,
 * aliases with their bounds, and the line of a path.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api/yaml_tree.h"
#include "base/buf.h"

struct read_row {
	const char *name, *text;
	const char *want; /* JSON of the documents, one a line; or the error */
};

static const struct read_row accepted[] = {
	{"nothing", "", ""},
	{"an empty document is null", "---\n", "null\n"},
	{"core schema: null", "{a: null, b: Null, c: NULL, d: ~, e: , f: ''}",
	 "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":\"\"}\n"},
	{"core schema: booleans, and what YAML 1.1 took for some",
	 "[true, True, FALSE, yes, on, n]", "[true,true,false,\"yes\",\"on\",\"n\"]\n"},
	{"core schema: integers", "[0, -1, +7, 0x1F, 0o17, 999999999999999, -0]",
	 "[0,-1,7,31,15,999999999999999,-0]\n"},
	{"core schema: fractions", "[1.5, .5, 5., 1e3, -2.5E-1]", "[1.5,0.5,5,1000,-0.25]\n"},
	{"text that only looks like numbers", "[1_000, 1:30, 0x, 1e, '12', 12 ab, 2020-01-02, .]",
	 "[\"1_000\",\"1:30\",\"0x\",\"1e\",\"12\",\"12 ab\",\"2020-01-02\",\".\"]\n"},
	{"block texts", "a: |\n  x\n  y\nb: >-\n  x\n  y\n",
	 "{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}\n"},
	{"tags of the core schema", "[!!str 12, !!int 12, !!float 1, !!null '', ! 12]",
	 "[\"12\",12,1,null,\"12\"]\n"},
	{"keys are texts", "{80: a, true: b, '': c}", "{\"80\":\"a\",\"true\":\"b\",\"\":\"c\"}\n"},
	{"several documents, comments, end marks", "# c\na: 1\n---\n- b\n...\n---\n",
	 "{\"a\":1}\n[\"b\"]\nnull\n"},
	{"JSON is YAML", "{\"a\":[1,true,null,\"\\u00e9\"]}",
	 "{\"a\":[1,true,null,\"\xc3\xa9\"]}\n"},
	{"anchors", "a: &x {k: [1]}\nb: *x\nc: [*x]\n",
	 "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1]},\"c\":[{\"k\":[1]}]}\n"},
	{"an anchor given again means the new value", "[&x 1, *x, &x 2, *x]", "[1,1,2,2]\n"},
	{"byte order mark",
	 "\xef\xbb\xbf"
	 "a: 1\n",
	 "{\"a\":1}\n"},
};

static const struct read_row refused[] = {
	{"no YAML", "a: 1\nb: [\n", "line 3: not YAML: "},
	{"tab", "a:\n\tb: 1\n", "line 2: not YAML: "},
	{"no UTF-8", "a: 1\nb: \xff\n", "line 2: not YAML: "},
	{"a key twice", "a: 1\nb: 2\na: 3\n", "line 3: the key \"a\" is there twice"},
	{"merge keys", "a: &x {k: 1}\nb:\n  <<: *x\n", "line 3: merge keys"},
	{"a template left as it was", "a: {{ x }}\n", "line 1: a key must be a text"},
	{"octal or decimal", "a: 1\nmode: 0644\n",
	 "line 2: 0644 may mean octal or decimal: quote it"},
	{"more than 15 digits", "[1000000000000000]",
	 "line 1: 1000000000000000 has more than 15 digits"},
	{"beyond 64 bits", "[-99999999999999999999]", "line 1: -99999999999999999999 has more"},
	{"infinity", "[1,\n.inf]", "line 2: .inf is no number that JSON has"},
	{"a fraction that overflows", "[1e999]", "line 1: 1e999 is no number"},
	{"NUL in a text", "a: \"x\\0y\"", "line 1: a text with a NUL"},
	{"NUL in a key", "\"x\\0y\": a", "line 1: a key with a NUL"},
	{"a tag of an application", "a: !thing x", "line 1: the tag !thing does not fit"},
	{"a tag of another type", "a: !!int x", "line 1: the tag tag:yaml.org,2002:int"},
	{"a tag on a list", "a: !!map [x]", "line 1: a tag that does not fit"},
	{"an alias to nothing", "a: *x", "line 1: no complete value is called &x"},
	{"a value that contains itself", "a: &x [*x]", "line 1: no complete value is called &x"},
	{"an anchor of another document", "a: &x 1\n---\nb: *x", "line 3: no complete value"},
	{"an alias as a key", "- &x k\n- {*x : 1}\n", "line 2: a key must be a text"},
};

static void add_all(const struct yaml_docs *docs, struct buf *out)
{
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < docs->n; i++)
		buf_addf(out, "%s\n", yaml_json(docs->at[i].root, &a));
	arena_done(&a);
}

static void what_is_read(void **state)
{
	(void)state;
	FOREACH_ROW(struct read_row, accepted)
	{
		struct yaml_docs docs = {0};
		struct err err = {.text = "-"};
		struct buf out = {0};
		buf_adds(&out, "");
		if (yaml_read(row->text, strlen(row->text), YAML_CORE, &docs, &err) != 0)
			fail_msg("%s", err.text);
		add_all(&docs, &out);
		assert_string_equal(out.len != 0 ? out.data : "", row->want);
		buf_done(&out);
		yaml_done(&docs);
	}
}

static void what_is_refused(void **state)
{
	(void)state;
	FOREACH_ROW(struct read_row, refused)
	{
		struct yaml_docs docs = {0};
		struct err err = {.text = "-"};
		assert_int_equal(yaml_read(row->text, strlen(row->text), YAML_CORE, &docs, &err),
				 -1);
		if (strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("\"%s\" and not \"%s\"", err.text, row->want);
		assert_int_equal(err.cls, ERR_TERMINAL);
		assert_null(docs.at);
	}
}

static void texts_stay_texts(void **state)
{
	(void)state;
	static const char text[] =
		"{token: 0123, on: true, n: null, e: '', big: 99999999999999999999}";
	struct yaml_docs docs;
	struct buf out = {0};
	assert_int_equal(yaml_read(text, strlen(text), YAML_TEXTS, &docs, NULL), 0);
	add_all(&docs, &out);
	assert_string_equal(out.data, "{\"token\":\"0123\",\"on\":\"true\",\"n\":null,\"e\":\"\","
				      "\"big\":\"99999999999999999999\"}\n");
	buf_done(&out);
	yaml_done(&docs);
}

/* n nested lists; closed so that only the depth can be wrong. */
static void add_nested(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(b, "[");
	for (size_t i = 0; i < n; i++)
		buf_adds(b, "]");
}

static void expect_read(const struct buf *text, const char *want)
{
	struct yaml_docs docs = {0};
	struct err err = {.text = ""};
	int rc = yaml_read(text->data, text->len, YAML_CORE, &docs, &err);
	if (strstr(err.text, want) == NULL || (rc == 0) != (want[0] == '\0'))
		fail_msg("%d \"%s\" and not \"%s\"", rc, err.text, want);
	yaml_done(&docs);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	struct buf b = {0};
	add_nested(&b, YAML_DEPTH_MAX);
	expect_read(&b, "");
	buf_clear(&b, 0);
	add_nested(&b, YAML_DEPTH_MAX + 1);
	expect_read(&b, "nested too deep");
	buf_clear(&b, 0);
	/* Each alias puts one list more around the last. */
	buf_adds(&b, "- &a0 []\n");
	for (int i = 1; i <= YAML_DEPTH_MAX; i++)
		buf_addf(&b, "- &a%d [*a%d]\n", i, i - 1);
	expect_read(&b, "nested too deep with the alias");
	buf_done(&b);
}

static void aliases_count(void **state)
{
	(void)state;
	struct buf b = {0};
	buf_adds(&b, "- &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		buf_addf(&b, "- &a%d [", i);
		for (int k = 0; k < 10; k++)
			buf_addf(&b, "%s*a%d", k == 0 ? "" : ",", i - 1);
		buf_adds(&b, "]\n");
	}
	expect_read(&b, "more than the limit of values");
	buf_done(&b);
}

static void size_is_bounded(void **state)
{
	(void)state;
	char *text = calloc(1, YAML_BYTES_MAX + 1);
	assert_non_null(text);
	struct err err;
	struct yaml_docs docs;
	assert_int_equal(yaml_read(text, YAML_BYTES_MAX + 1, YAML_CORE, &docs, &err), -1);
	assert_non_null(strstr(err.text, "at most 8388608 are read"));
	free(text);
}

static const struct line_row {
	const char *name, *path;
	size_t line;
} lines[] = {
	{"the whole", "", 2},
	{"a member", "a", 2},
	{"below it", "a.b", 3},
	{"an element", "list[1]", 6},
	{"below an element", "list[1].k", 7},
	{"a key with dots", "labels.kubernetes.io/os", 9},
	{"the longest key that fits", "labels.kubernetes.io/os.more", 10},
	{"not there: where it would be", "list[1].missing.x", 6},
	{"past the end", "list[7]", 5},
	{"an alias", "copy.b", 11},
};

static void a_path_has_a_line(void **state)
{
	(void)state;
	static const char text[] =
		"# comment\na:  &x\n  b: 1\nlist:\n  - one\n  - j: 1\n    k: 2\n"
		"labels:\n  kubernetes.io/os: linux\n  kubernetes.io/os.more: y\n"
		"copy: *x\n";
	struct yaml_docs docs;
	assert_int_equal(yaml_read(text, strlen(text), YAML_CORE, &docs, NULL), 0);
	FOREACH_ROW(struct line_row, lines)
	assert_int_equal(yaml_where(&docs.at[0], row->path), row->line);
	yaml_done(&docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read),      cmocka_unit_test(what_is_refused),
		cmocka_unit_test(texts_stay_texts),  cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(aliases_count),     cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(a_path_has_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
