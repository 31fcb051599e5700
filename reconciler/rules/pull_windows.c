/*
 * See pull_windows.h. A window opens and shuts only at its minutes of the local day and where the
 * zone's offset changes: only these moments are looked at.
 */
#include "reconciler/rules/pull_windows.h"

#include <string.h>

#define MINUTE_S 60
#define DAY_MIN  (24 * 60)
#define ALL_DAYS 0x7fU

static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* "HH:MM"; -1: it is none. */
static int minute_of(const char *text)
{
	if (text == NULL || strlen(text) != 5 || text[2] != ':')
		return -1;
	for (int i = 0; i < 5; i++)
		if (i != 2 && (text[i] < '0' || text[i] > '9'))
			return -1;
	int hour = (text[0] - '0') * 10 + text[1] - '0',
	    minute = (text[3] - '0') * 10 + text[4] - '0';
	return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

bool window_read(const struct pull_window_spec *spec, struct pull_window *ret)
{
	unsigned days = 0;
	int start = minute_of(spec->start), end = minute_of(spec->end);
	for (size_t i = 0; i < spec->days.n; i++) {
		unsigned day = 0;
		while (day < 7 && strcmp(day_names[day], spec->days.at[i]) != 0)
			day++;
		if (day == 7)
			return false;
		days |= 1U << day;
	}
	*ret = (struct pull_window){
		.start = start, .end = end, .days = days != 0 ? days : ALL_DAYS};
	return start >= 0 && end >= 0 && start != end;
}

/* 1970 began on a Thursday. */
static unsigned weekday(int64_t day)
{
	return (unsigned)(((day + 4) % 7 + 7) % 7);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool inside(const struct pull_window *w, int64_t utc_s)
{
	int64_t local = zone_local(w->zone, utc_s);
	int64_t day = floor_div(local, ZONE_DAY_S);
	int minute = (int)((local - day * ZONE_DAY_S) / MINUTE_S);
	bool today = (w->days >> weekday(day) & 1) != 0;
	bool yesterday = (w->days >> weekday(day - 1) & 1) != 0;
	if (w->start < w->end)
		return today && minute >= w->start && minute < w->end;
	return (today && minute >= w->start) || (yesterday && minute < w->end);
}

bool windows_open(const struct pull_window *list, size_t n, int64_t utc_s)
{
	for (size_t i = 0; i < n; i++)
		if (inside(&list[i], utc_s))
			return true;
	return false;
}

/* The seconds from then to the next time that the clock shows this minute, were no hour skipped. */
static int64_t until_minute(int64_t local, int minute)
{
	int64_t of_day = local - floor_div(local, ZONE_DAY_S) * ZONE_DAY_S;
	int64_t ahead = minute * (int64_t)MINUTE_S - of_day;
	return ahead > 0 ? ahead : ahead + DAY_MIN * (int64_t)MINUTE_S;
}

static int64_t offset(const struct zone *z, int64_t utc_s)
{
	return zone_local(z, utc_s) - utc_s;
}

/* The first second after from with another offset than there; to has one. */
static int64_t offset_change(const struct zone *z, int64_t from, int64_t to)
{
	int64_t was = offset(z, from);
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;
		if (offset(z, middle) == was)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* The first moment after utc_s at which this window may open or shut: within a day. */
static int64_t next_moment(const struct pull_window *w, int64_t utc_s)
{
	int64_t local = zone_local(w->zone, utc_s);
	int64_t start = until_minute(local, w->start), end = until_minute(local, w->end);
	int64_t at = utc_s + (start < end ? start : end);
	return offset(w->zone, at) == offset(w->zone, utc_s) ? at
							     : offset_change(w->zone, utc_s, at);
}

int64_t windows_change(const struct pull_window *list, size_t n, int64_t utc_s)
{
	bool open = windows_open(list, n, utc_s);
	int64_t at = utc_s;
	while (at - utc_s <= WINDOWS_AHEAD_S) {
		int64_t next = INT64_MAX;
		for (size_t i = 0; i < n; i++) {
			int64_t moment = next_moment(&list[i], at);
			if (moment < next)
				next = moment;
		}
		if (n == 0)
			return 0;
		at = next;
		if (windows_open(list, n, at) != open)
			return at;
	}
	return 0;
}
