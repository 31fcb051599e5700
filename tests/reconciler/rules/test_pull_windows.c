/*
 * Pull windows by the clocks of real zones (behaviour 51): over midnight, over both changes of a
 * year, in two zones; and, for each row, that nothing changes between one change and the next.
 */
#include "tests/unit.h"

#include <string.h>

#include "base/clock.h"
#include "reconciler/rules/pull_windows.h"

static struct arena mem;

static const struct zone *zone(const char *name)
{
	const struct zone *z = NULL;
	struct err err;
	if (zone_load(name, &mem, &z, &err) < 0)
		fail_msg("%s", err.text);
	return z;
}

static struct pull_window window(const char *start, const char *end, const char *days,
				 const char *of)
{
	const char *list[7];
	char copy[40], *save = NULL;
	struct pull_window_spec spec = {.start = start, .end = end, .days = {list, 0}};
	struct pull_window w;
	snprintf(copy, sizeof(copy), "%s", days);
	for (char *day = strtok_r(copy, " ", &save); day != NULL; day = strtok_r(NULL, " ", &save))
		list[spec.days.n++] = day;
	assert_true(window_read(&spec, &w));
	w.zone = zone(of);
	return w;
}

static int64_t at(const char *text)
{
	int64_t s;
	assert_int_equal(time_parse(text, &s), 0);
	return s;
}

static const struct row {
	const char *name, *start, *end, *days, *zone;
	const char *from; /* UTC */
	bool open;
	const char *change; /* UTC */
} rows[] = {
	{"before it", "08:00", "18:00", "", "UTC", "2026-03-02T07:59:59Z", false,
	 "2026-03-02T08:00:00Z"},
	{"its first second", "08:00", "18:00", "", "UTC", "2026-03-02T08:00:00Z", true,
	 "2026-03-02T18:00:00Z"},
	{"its last second", "08:00", "18:00", "", "UTC", "2026-03-02T17:59:59Z", true,
	 "2026-03-02T18:00:00Z"},
	{"after it", "08:00", "18:00", "", "UTC", "2026-03-02T18:00:00Z", false,
	 "2026-03-03T08:00:00Z"},
	{"over midnight, evening", "22:00", "06:00", "", "UTC", "2026-03-02T23:00:00Z", true,
	 "2026-03-03T06:00:00Z"},
	{"over midnight, morning", "22:00", "06:00", "", "UTC", "2026-03-03T05:59:59Z", true,
	 "2026-03-03T06:00:00Z"},
	{"up to midnight", "22:00", "00:00", "", "UTC", "2026-03-02T23:59:59Z", true,
	 "2026-03-03T00:00:00Z"},
	/* 2026-03-06 is a Friday. */
	{"the day of the start", "22:00", "06:00", "Fri", "UTC", "2026-03-07T05:00:00Z", true,
	 "2026-03-07T06:00:00Z"},
	{"not the day of the end", "22:00", "06:00", "Fri", "UTC", "2026-03-06T05:00:00Z", false,
	 "2026-03-06T22:00:00Z"},
	{"a week ahead", "22:00", "06:00", "Fri", "UTC", "2026-03-07T06:00:00Z", false,
	 "2026-03-13T22:00:00Z"},
	{"working days", "08:00", "18:00", "Mon Tue Wed Thu Fri", "UTC", "2026-03-06T18:00:00Z",
	 false, "2026-03-09T08:00:00Z"},
	{"another zone", "08:00", "18:00", "", "America/New_York", "2026-01-15T12:59:59Z", false,
	 "2026-01-15T13:00:00Z"},
	{"its day, not ours", "20:00", "22:00", "Sun", "America/New_York", "2026-01-19T01:00:00Z",
	 true, "2026-01-19T03:00:00Z"},
	{"45 minutes off", "09:00", "10:00", "", "Asia/Kathmandu", "2026-01-15T03:14:59Z", false,
	 "2026-01-15T03:15:00Z"},
	/* Berlin: on 2026-03-29 02:00 becomes 03:00 at 01:00 UTC. */
	{"spring, over midnight: an hour less", "22:00", "06:00", "", "Europe/Berlin",
	 "2026-03-28T21:00:00Z", true, "2026-03-29T04:00:00Z"},
	{"spring, the start is skipped", "02:30", "04:00", "", "Europe/Berlin",
	 "2026-03-29T00:00:00Z", false, "2026-03-29T01:00:00Z"},
	{"spring, the end is skipped", "01:00", "02:30", "", "Europe/Berlin",
	 "2026-03-29T00:30:00Z", true, "2026-03-29T01:00:00Z"},
	{"spring, all of it is skipped", "02:15", "02:45", "Sun", "Europe/Berlin",
	 "2026-03-22T12:00:00Z", false, "2026-04-05T00:15:00Z"},
	/* On 2026-10-25 03:00 becomes 02:00 at 01:00 UTC. */
	{"autumn, over midnight: an hour more", "22:00", "06:00", "", "Europe/Berlin",
	 "2026-10-24T20:00:00Z", true, "2026-10-25T05:00:00Z"},
	{"autumn, the first of two", "02:00", "02:30", "", "Europe/Berlin", "2026-10-24T12:00:00Z",
	 false, "2026-10-25T00:00:00Z"},
	{"autumn, it shuts between them", "02:00", "02:30", "", "Europe/Berlin",
	 "2026-10-25T00:00:00Z", true, "2026-10-25T00:30:00Z"},
	{"autumn, the second", "02:00", "02:30", "", "Europe/Berlin", "2026-10-25T00:30:00Z", false,
	 "2026-10-25T01:00:00Z"},
	{"autumn, both are one", "02:00", "03:00", "", "Europe/Berlin", "2026-10-25T00:00:00Z",
	 true, "2026-10-25T02:00:00Z"},
	{"New York, spring", "01:00", "03:00", "", "America/New_York", "2026-03-08T06:00:00Z", true,
	 "2026-03-08T07:00:00Z"},
	{"years that only the rule knows", "22:00", "06:00", "", "Europe/Berlin",
	 "2090-03-25T21:00:00Z", true, "2090-03-26T04:00:00Z"},
	{"before 1970", "08:00", "18:00", "", "UTC", "1969-12-31T07:00:00Z", false,
	 "1969-12-31T08:00:00Z"},
};

static void rule_51_windows(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct pull_window w = window(row->start, row->end, row->days, row->zone);
		int64_t from = at(row->from), to = windows_change(&w, 1, from);
		char text[TIME_TEXT_MAX];
		assert_int_equal(windows_open(&w, 1, from), row->open);
		time_format(text, to);
		assert_string_equal(text, row->change);
		for (int64_t s = from; s < to; s += 60)
			assert_int_equal(windows_open(&w, 1, s), row->open);
		assert_int_equal(windows_open(&w, 1, to - 1), row->open);
		assert_int_not_equal(windows_open(&w, 1, to), row->open);
	}
}

/* Several, of two zones: open while one is; a year, each change by looking at each minute. */
static void rule_51_a_year_minute_by_minute(void **state)
{
	(void)state;
	struct pull_window list[] = {
		window("22:00", "06:00", "Mon Tue Wed Thu", "Europe/Berlin"),
		window("01:30", "02:30", "", "America/New_York"),
		window("23:30", "00:30", "Sat", "Australia/Lord_Howe"),
	};
	int64_t now = at("2026-01-01T00:00:00Z"), end = at("2027-01-01T00:00:00Z");
	size_t changes = 0;
	while (now < end) {
		bool open = windows_open(list, 3, now);
		int64_t next = windows_change(list, 3, now);
		assert_true(next > now);
		for (int64_t s = now; s < next; s += 60)
			assert_int_equal(windows_open(list, 3, s), open);
		assert_int_not_equal(windows_open(list, 3, next), open);
		now = next;
		changes++;
	}
	assert_in_range(changes, 1200, 1300);
}

static void rule_51_always_open_never_changes(void **state)
{
	(void)state;
	struct pull_window list[] = {window("00:00", "12:00", "", "UTC"),
				     window("12:00", "00:00", "", "UTC")};
	assert_true(windows_open(list, 2, 0));
	assert_int_equal(windows_change(list, 2, 0), 0);
	assert_false(windows_open(list, 0, 0));
	assert_int_equal(windows_change(list, 0, 0), 0);
}

static void rule_51_malformed(void **state)
{
	static const char *const bad[][2] = {
		{"08:00", "08:00"}, {"8:00", "09:00"}, {"24:00", "01:00"}, {"08:60", "09:00"},
		{"08-00", "09:00"}, {NULL, "09:00"},   {"08:00", ""},      {"08:000", "09:00"}};
	const char *day = "Funday";
	struct pull_window w;
	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(window_read(
			&(struct pull_window_spec){.start = bad[i][0], .end = bad[i][1]}, &w));
	assert_false(window_read(
		&(struct pull_window_spec){.start = "08:00", .end = "09:00", .days = {&day, 1}},
		&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_51_windows),
		cmocka_unit_test(rule_51_a_year_minute_by_minute),
		cmocka_unit_test(rule_51_always_open_never_changes),
		cmocka_unit_test(rule_51_malformed),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&mem);
	return failed;
}
