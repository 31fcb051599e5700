/* Times, durations, UTF-8, names and errors (behaviour.md 34). */
#include "tests/unit.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/names.h"
#include "base/utf8.h"
#include "base/visible.h"

static void rule_34_durations_are_gos(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int result;
		int64_t ms;
		const char *again; /* as Go prints it */
	} rows[] = {
		{"1h30m", 0, 5400000, "1h30m0s"},
		{"500ms", 0, 500, "500ms"},
		{"10s", 0, 10000, "10s"},
		{"0", 0, 0, "0s"},
		{"0s", 0, 0, "0s"},
		{"-0", 0, 0, "0s"},
		{"-1.5h", 0, -5400000, "-1h30m0s"},
		{"+5m", 0, 300000, "5m0s"},
		{".5s", 0, 500, "500ms"},
		{"1.s", 0, 1000, "1s"},
		{"1h1m1.25s", 0, 3661250, "1h1m1.25s"},
		{"1500us", 0, 1, "1ms"},
		{"1\xc2\xb5s", 0, 0, "0s"},
		{"168h", 0, 604800000, "168h0m0s"},
		{"", -1, 0, ""},
		{"5", -1, 0, ""},
		{"-", -1, 0, ""},
		{"s", -1, 0, ""},
		{"1d", -1, 0, ""},
		{"1h ", -1, 0, ""},
		{" 1h", -1, 0, ""},
		{"1h-5m", -1, 0, ""},
		{"9999999999h", -1, 0, ""},
		{"2562047h47m16.854s", 0, 9223372036854, "2562047h47m16.854s"},
		{"9223372036854775807ns", 0, 9223372036854, "2562047h47m16.854s"},
		{"9223372036854775808ns", -1, 0, ""},
		{".s", -1, 0, ""},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t ms = 0;
		char text[TIME_TEXT_MAX];
		print_message("# '%s'\n", rows[i].name);
		assert_int_equal(duration_parse(rows[i].name, &ms), rows[i].result);
		assert_int_equal(ms, rows[i].ms);
		duration_format(text, ms);
		if (rows[i].result == 0)
			assert_string_equal(text, rows[i].again);
	}
	int64_t ms;
	assert_int_equal(duration_parse(NULL, &ms), -1);
}

static void rule_34_times_are_rfc3339(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int result;
		int64_t s;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0, 0},
		{"2026-11-22T18:18:45Z", 0, 1795371525},
		{"2026-11-22T18:18:45.123456Z", 0, 1795371525},
		{"2026-11-22T20:18:45+02:00", 0, 1795371525},
		{"2024-02-29T00:00:00-00:30", 0, 1709166600},
		{"1960-01-01T00:00:00Z", 0, -315619200},
		{"0001-01-01T00:00:00Z", 0, -62135596800},
		{"9999-12-31T23:59:59Z", 0, 253402300799},
		{"9999-12-31T23:59:59-01:00", -1, 7},
		{"0000-12-31T23:59:59Z", -1, 7},
		{"2026-11-22", -1, 7},
		{"2026-13-22T18:18:45Z", -1, 7},
		{"2026-11-22T25:18:45Z", -1, 7},
		{"2026-11-22T18:18:45", -1, 7},
		{"2026-11-22T18:18:45.Z", -1, 7},
		{"2026-11-22T18:18:45Zx", -1, 7},
		{"2026-11-22T18:18:45+2", -1, 7},
		{"", -1, 7},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t s = 7;
		print_message("# '%s'\n", rows[i].name);
		assert_int_equal(time_parse(rows[i].name, &s), rows[i].result);
		assert_int_equal(s, rows[i].s);
	}
	char text[TIME_TEXT_MAX];
	time_format(text, 1795371525);
	assert_string_equal(text, "2026-11-22T18:18:45Z");
	time_format(text, -62135596800);
	assert_string_equal(text, "0001-01-01T00:00:00Z");
	time_format_us(text, 1795371525000042);
	assert_string_equal(text, "2026-11-22T18:18:45.000042Z");
}

static void utf8_is_cut_between_characters(void **state)
{
	(void)state;
	assert_int_equal(utf8_cut("abc", 10), 3);
	assert_int_equal(utf8_cut("abc", 2), 2);
	assert_int_equal(utf8_cut("a\xc3\xa4", 2), 1);
	assert_int_equal(utf8_cut("a\xc3\xa4", 3), 3);
	assert_int_equal(utf8_cut("\xf0\x9f\x90\xb3", 3), 0);
	assert_int_equal(utf8_len("\xc0\x80"), 0);
	assert_int_equal(utf8_len("\xf4\x90\x80\x80"), 0);
	assert_int_equal(utf8_len("\xe0\x80\x80"), 0);
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *want, *lines;
	} rows[] = {
		{"plain", "a \xc3\xa4\xf0\x9f\x90\xb3~", "a \xc3\xa4\xf0\x9f\x90\xb3~", NULL},
		{"C0 and DEL", "a\x1b]0;x\x07\x7f", "a\\x1b]0;x\\x07\\x7f", NULL},
		{"C1: CSI in one character", "\xc2\x9b\x33\x31m", "\\x9b31m", NULL},
		{"bidi", "a\xe2\x80\xae\x62\xe2\x81\xa6\xd8\x9c", "a\\u202eb\\u2066\\u061c", NULL},
		{"separators", "a\xe2\x80\xa8\xe2\x80\xa9", "a\\u2028\\u2029", NULL},
		{"lines", "a\nb\tc\r", "a b c ", "a\nb c "},
		{"C1 that is no UTF-8", "\x9b\x33", "\xef\xbf\xbd\x33", NULL},
	};
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf b = {0};
		unit_say(rows[i].name);
		assert_string_equal(visible_text(&a, rows[i].in), rows[i].want);
		visible_add(&b, rows[i].in, true);
		assert_string_equal(b.data, rows[i].lines ? rows[i].lines : rows[i].want);
		buf_done(&b);
	}
	assert_ptr_equal(visible_text(&a, rows[0].in), rows[0].in);
	assert_null(visible_text(&a, NULL));
	arena_done(&a);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	static const char *const table[] = {"zero", NULL, "two"};
	assert_string_equal(name_of(NAMES(table), 2), "two");
	assert_string_equal(name_of(NAMES(table), 1), "?");
	assert_string_equal(name_of(NAMES(table), 9), "?");
	assert_int_equal(name_find(NAMES(table), "two"), 2);
	assert_int_equal(name_find(NAMES(table), "three"), -1);
	assert_int_equal(name_find(NAMES(table), NULL), -1);
	assert_int_equal(log_level_parse("warn"), LOG_WARN);
	assert_int_equal(log_level_parse("loud"), -1);
}

static void errors_keep_their_class_when_wrapped(void **state)
{
	(void)state;
	struct err err = {.cls = ERR_BUG};
	assert_int_equal(err_set(&err, ERR_GONE, "pod %s", "x"), -1);
	assert_int_equal(err_wrap(&err, "delete"), -1);
	assert_int_equal(err.cls, ERR_GONE);
	assert_string_equal(err.text, "delete: pod x");
	assert_int_equal(err_set(NULL, ERR_BUG, "nobody asks"), -1);
	char big[2 * ERR_TEXT_MAX];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, ERR_RETRY, "%s", big);
	err_wrap(&err, "%s", big);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_34_durations_are_gos),
		cmocka_unit_test(rule_34_times_are_rfc3339),
		cmocka_unit_test(utf8_is_cut_between_characters),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(errors_keep_their_class_when_wrapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
