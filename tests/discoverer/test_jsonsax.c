/* JSON as it arrives (behaviour.md 27, 28): what is valid, what is not, at every split of the
 * bytes. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "discoverer/json/jsonsax.h"

static int note(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	static const char names[] = "{}[]snl";
	struct buf *out = ctx;
	(void)err;
	buf_addf(out, "%c", names[event]);
	if (event == SAX_STRING || event == SAX_NUMBER || event == SAX_LITERAL)
		buf_addf(out, "(%s)", s->text);
	return 0;
}

/* Fed in two parts; what was told, or NULL if it was refused. */
static char *told(const char *text, size_t len, size_t split)
{
	static struct sax s;
	struct buf out = {0};
	struct err err = {0};
	s = (struct sax){0};
	buf_adds(&out, "");
	if (sax_feed(&s, text, split, note, &out, &err) < 0 ||
	    sax_feed(&s, text + split, len - split, note, &out, &err) < 0 ||
	    sax_end(&s, note, &out, &err) < 0) {
		assert_true(err.text[0] != '\0');
		buf_done(&out);
		return NULL;
	}
	return out.data;
}

static const struct row {
	const char *text, *want; /* NULL: refused */
} rows[] = {
	{"{}", "{}"},
	{" [ ] ", "[]"},
	{"{\"a\":[1,\"x\",{\"b\":null}],\"c\":true}", "{[n(1)s(x){l(null)}]l(true)}"},
	{"\"\\u00e9\\n\\\"\\/\"", "s(\xc3\xa9\n\"/)"},
	{"\"\\ud83d\\ude00\"", "s(\xf0\x9f\x98\x80)"},
	{"\"\xf0\x9f\x98\x80\xc3\xa9\"", "s(\xf0\x9f\x98\x80\xc3\xa9)"},
	{"-0", "n(-0)"},
	{"1.50e+09", "n(1.50e+09)"},
	{"0.1", "n(0.1)"},
	{"[1,2]", "[n(1)n(2)]"},
	{"", NULL},
	{" ", NULL},
	{"{", NULL},
	{"[1", NULL},
	{"[1,]", NULL},
	{"[,1]", NULL},
	{"{\"a\"}", NULL},
	{"{\"a\":}", NULL},
	{"{\"a\":1,}", NULL},
	{"{\"a\" 1}", NULL},
	{"{1:2}", NULL},
	{"[1}", NULL},
	{"{\"a\":1]", NULL},
	{"]", NULL},
	{"{} x", NULL},
	{"1 2", NULL},
	{"01", NULL},
	{"-", NULL},
	{"1.", NULL},
	{".5", NULL},
	{"1e", NULL},
	{"+1", NULL},
	{"0x10", NULL},
	{"NaN", NULL},
	{"nul", NULL},
	{"truee", NULL},
	{"'a'", NULL},
	{"\"a", NULL},
	{"\"\\x\"", NULL},
	{"\"\\u12g4\"", NULL},
	{"\"\\ud83d\"", NULL},
	{"\"\\ud83dx\"", NULL},
	{"\"\\ud83d\\n\"", NULL},
	{"\"\\ud83d\\ud83d\"", NULL},
	{"\"\\ude00\"", NULL},
	{"\"a\tb\"", NULL},
	{"\"\xc0\xaf\"", NULL},
	{"\"\xed\xa0\x80\"", NULL},
	{"\"\xf4\x90\x80\x80\"", NULL},
	{"\"\xff\"", NULL},
	{"\"\xe2\x82\"", NULL},
	{"[\"\x80\"]", NULL},
	{"\xef\xbb\xbf{}", NULL},
};

static void rule_27_every_split_means_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text);
		unit_say(rows[i].text);
		for (size_t split = 0; split <= len; split++) {
			char *got = told(rows[i].text, len, split);
			if (rows[i].want == NULL)
				assert_null(got);
			else
				assert_string_equal(got, rows[i].want);
			free(got);
		}
	}
}

static void nul_bytes_and_depth(void **state)
{
	(void)state;
	char deep[2 * SAX_DEPTH_MAX + 2];
	assert_null(told("\"a\0b\"", 5, 2));
	assert_null(told("{}\0", 3, 1));
	for (size_t depth = SAX_DEPTH_MAX; depth <= SAX_DEPTH_MAX + 1; depth++) {
		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		char *got = told(deep, 2 * depth, 3);
		assert_int_equal(got != NULL, depth == SAX_DEPTH_MAX);
		free(got);
	}
}

static int look(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	int *hits = ctx;
	(void)err;
	if (event == SAX_STRING && sax_at(s, "data.result.*.metric.image"))
		*hits += (int)strtol(s->text, NULL, 10);
	if (event == SAX_STRING && sax_at(s, "data.*"))
		*hits += 1000;
	return 0;
}

static void paths(void **state)
{
	(void)state;
	static const char text[] =
		"{\"data\":{\"result\":[{\"metric\":{\"image\":\"1\",\"x\":\"2\"}},"
		"{\"metric\":{\"image\":\"4\",\"imagex\":\"8\",\"imag\":\"16\"},"
		"\"image\":\"32\",\"averyveryverylongnameindeed\":{\"image\":\"64\"}}],"
		"\"image\":\"128\"},\"image\":\"256\"}";
	struct sax *s = calloc(1, sizeof(*s));
	struct err err;
	int hits = 0;
	assert_int_equal(sax_feed(s, text, sizeof(text) - 1, look, &hits, &err), 0);
	assert_int_equal(hits, 5);
	free(s);
}

static int last(void *ctx, const struct sax *s, enum sax_event event, struct err *err)
{
	size_t *len = ctx;
	(void)err;
	if (event == SAX_STRING) {
		*len = s->len;
		assert_true(s->cut);
	}
	return 0;
}

static void a_long_string_is_cut_and_still_checked(void **state)
{
	(void)state;
	struct sax *s = calloc(1, sizeof(*s));
	struct err err;
	char part[1024];
	size_t len = 0;
	memset(part, 'x', sizeof(part));
	assert_int_equal(sax_feed(s, "\"", 1, last, &len, &err), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(sax_feed(s, part, sizeof(part), last, &len, &err), 0);
	assert_int_equal(sax_feed(s, "\"", 1, last, &len, &err), 0);
	assert_int_equal(len, SAX_TEXT_MAX);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_27_every_split_means_the_same),
		cmocka_unit_test(nul_bytes_and_depth),
		cmocka_unit_test(paths),
		cmocka_unit_test(a_long_string_is_cut_and_still_checked),
	};
	return cmocka_run_group_tests_name("discoverer/jsonsax", tests, NULL, NULL);
}
