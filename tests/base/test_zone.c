/*
 * base/zone.c: local times of real zones, on both sides of changes, in years that only the rule of
 * a file knows; and files that are none (behaviour.md 55). Wanted values: zdump(8).
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"

static void zone_local_times(void **state)
{
	(void)state;
	static const struct {
		const char *name, *zone, *utc, *local;
	} rows[] = {
		{"UTC", "UTC", "2024-03-31T12:00:00Z", "2024-03-31T12:00:00Z"},
		{"none is UTC", "", "2024-03-31T12:00:00Z", "2024-03-31T12:00:00Z"},
		{"before summer", "Europe/Berlin", "2024-03-31T00:59:59Z", "2024-03-31T01:59:59Z"},
		{"an hour is skipped", "Europe/Berlin", "2024-03-31T01:00:00Z",
		 "2024-03-31T03:00:00Z"},
		{"before winter", "Europe/Berlin", "2024-10-27T00:59:59Z", "2024-10-27T02:59:59Z"},
		{"an hour comes twice", "Europe/Berlin", "2024-10-27T01:00:00Z",
		 "2024-10-27T02:00:00Z"},
		{"New York", "America/New_York", "2024-07-01T12:00:00Z", "2024-07-01T08:00:00Z"},
		{"south", "Australia/Sydney", "2024-01-01T00:00:00Z", "2024-01-01T11:00:00Z"},
		{"south, winter", "Australia/Sydney", "2024-07-01T00:00:00Z",
		 "2024-07-01T10:00:00Z"},
		{"45 minutes", "Asia/Kathmandu", "2024-01-01T00:00:00Z", "2024-01-01T05:45:00Z"},
		{"half an hour of summer", "Australia/Lord_Howe", "2024-01-01T00:00:00Z",
		 "2024-01-01T11:00:00Z"},
		{"before any change", "Europe/Berlin", "1800-01-01T00:00:00Z",
		 "1800-01-01T00:53:28Z"},
		{"by the rule, winter", "Europe/Berlin", "2090-01-15T12:00:00Z",
		 "2090-01-15T13:00:00Z"},
		{"by the rule, summer", "Europe/Berlin", "2090-07-15T12:00:00Z",
		 "2090-07-15T14:00:00Z"},
		{"by the rule, the moment before", "Europe/Berlin", "2090-03-26T00:59:59Z",
		 "2090-03-26T01:59:59Z"},
		{"by the rule, the moment", "Europe/Berlin", "2090-03-26T01:00:00Z",
		 "2090-03-26T03:00:00Z"},
		{"by the rule, south", "Australia/Sydney", "2090-01-15T00:00:00Z",
		 "2090-01-15T11:00:00Z"},
		{"by the rule, no summer", "Asia/Tokyo", "2090-07-15T00:00:00Z",
		 "2090-07-15T09:00:00Z"},
	};
	FOREACH_ROW(__typeof__(rows[0]), rows)
	{
		struct arena a = ARENA_INIT;
		const struct zone *zone;
		struct err err;
		int64_t utc;
		char text[TIME_TEXT_MAX];
		if (zone_load(row->zone, &a, &zone, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(time_parse(row->utc, &utc), 0);
		time_format(text, zone_local(zone, utc));
		assert_string_equal(text, row->local);
		arena_done(&a);
	}
}

/* libc's own answer, every 6 hours and 17 minutes of 1970 to 2100. */
static void zone_like_libc(void **state)
{
	(void)state;
	static const char *const names[] = {
		"Europe/Berlin",     "America/New_York",  "Asia/Tehran",  "Australia/Lord_Howe",
		"America/Sao_Paulo", "Africa/Casablanca", "Europe/Dublin"};
	for (size_t i = 0; i < ROWS(names); i++) {
		struct arena a = ARENA_INIT;
		const struct zone *zone;
		struct err err;
		assert_int_equal(zone_load(names[i], &a, &zone, &err), 0);
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t at = 0; at < INT64_C(4102444800); at += 22620) {
			time_t t = (time_t)at;
			struct tm tm;
			localtime_r(&t, &tm);
			if (zone_local(zone, at) != at + tm.tm_gmtoff)
				fail_msg("%s at %lld: %lld, not %ld", names[i], (long long)at,
					 (long long)(zone_local(zone, at) - at), tm.tm_gmtoff);
		}
		arena_done(&a);
	}
	unsetenv("TZ");
	tzset();
}

static void zone_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"Europe/Atlantis", "../../../etc/passwd",
					    "Europe",          "/etc/localtime",
					    "Europe/.",        "zone.tab"};
	struct arena a = ARENA_INIT;
	const struct zone *zone;
	struct err err;
	for (size_t i = 0; i < ROWS(names); i++)
		assert_int_equal(zone_load(names[i], &a, &zone, &err), -1);
	arena_done(&a);
}

/* Each cut of a file, and each byte changed: an answer or an error, nothing else. */
static void zone_files_that_are_none(void **state)
{
	(void)state;
	static unsigned char data[ZONE_FILE_MAX];
	FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
	assert_non_null(f);
	size_t n = fread(data, 1, sizeof(data), f);
	fclose(f);
	for (size_t i = 0; i < n; i++) {
		struct arena a = ARENA_INIT;
		const struct zone *zone;
		struct err err;
		void *part = malloc(i + 1);
		memcpy(part, data, i);
		if (zone_parse(part, i, &a, &zone, &err) == 0)
			zone_local(zone, INT64_C(4000000000));
		free(part);
		data[i] ^= 0xff;
		if (zone_parse(data, n, &a, &zone, &err) == 0)
			zone_local(zone, INT64_C(1700000000));
		data[i] ^= 0xff;
		arena_done(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_local_times),
		cmocka_unit_test(zone_like_libc),
		cmocka_unit_test(zone_refused),
		cmocka_unit_test(zone_files_that_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
