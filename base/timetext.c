/*
 * Texts of times and durations, pure: RFC 3339 for what is stored, Go's duration
 * syntax for what users write (behaviour.md 34).
 */
#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void time_format(char out[TIME_TEXT_MAX], int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;
	out[0] = '\0';
	if (gmtime_r(&t, &tm) != NULL)
		snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void time_format_us(char out[TIME_TEXT_MAX], int64_t unix_us)
{
	char seconds[TIME_TEXT_MAX];
	time_format(seconds, unix_us / 1000000);
	seconds[strcspn(seconds, "Z")] = '\0';
	snprintf(out, TIME_TEXT_MAX, "%.19s.%06dZ", seconds, (int)(unix_us % 1000000));
}

/* Exactly n digits at *p; moves *p. -1 otherwise. */
static int digits(const char **p, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return -1;
		v = v * 10 + ((*p)[i] - '0');
	}
	*p += n;
	return v;
}

static bool literal(const char **p, const char *one_of)
{
	if (**p == '\0' || strchr(one_of, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

/* Years 1 (Go's zero time) to 9999, in UTC: what can be written with four digits. */
#define TIME_MIN_S (-62135596800)
#define TIME_MAX_S 253402300799

/* "Z" or "+hh:mm": minutes east of UTC. */
static bool zone(const char **p, int *ret_minutes)
{
	if (literal(p, "Zz")) {
		*ret_minutes = 0;
		return true;
	}
	int sign = **p == '-' ? -1 : 1;
	if (!literal(p, "+-"))
		return false;
	int hours = digits(p, 2);
	if (hours < 0 || hours > 23 || !literal(p, ":"))
		return false;
	int minutes = digits(p, 2);
	*ret_minutes = sign * (hours * 60 + minutes);
	return minutes >= 0 && minutes <= 59;
}

int time_parse(const char *text, int64_t *ret_unix_s)
{
	if (text == NULL)
		return -1;
	const char *p = text;
	struct tm tm = {0};
	int year = digits(&p, 4);
	bool ok = year >= 0 && literal(&p, "-") && (tm.tm_mon = digits(&p, 2)) > 0 &&
		  literal(&p, "-") && (tm.tm_mday = digits(&p, 2)) > 0 && literal(&p, "Tt ") &&
		  (tm.tm_hour = digits(&p, 2)) >= 0 && literal(&p, ":") &&
		  (tm.tm_min = digits(&p, 2)) >= 0 && literal(&p, ":") &&
		  (tm.tm_sec = digits(&p, 2)) >= 0;
	if (!ok || tm.tm_mon > 12 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return -1;
	if (literal(&p, ".")) {
		if (!isdigit((unsigned char)*p))
			return -1;
		while (isdigit((unsigned char)*p))
			p++;
	}
	int east;
	if (!zone(&p, &east) || *p != '\0')
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon -= 1;
	int64_t unix_s = (int64_t)timegm(&tm) - (int64_t)east * 60;
	if (unix_s < TIME_MIN_S || unix_s > TIME_MAX_S)
		return -1;
	*ret_unix_s = unix_s;
	return 0;
}

#define DURATION_NS_MAX ((uint64_t)INT64_MAX)

/* Longest unit first where one is the prefix of another. */
static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
	{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
};

static const struct unit *unit_at(const char *p)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(p, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	return NULL;
}

/* One "1.5h"; adds to *ns. In integers, as Go does: exact up to the limit. */
static bool term(const char **p, uint64_t *ns)
{
	uint64_t whole = 0, part = 0;
	double scale = 1;
	bool seen = false;
	for (; isdigit((unsigned char)**p); (*p)++, seen = true) {
		uint64_t digit = (uint64_t)(**p - '0');
		if (whole > (DURATION_NS_MAX - digit) / 10)
			return false;
		whole = whole * 10 + digit;
	}
	if (literal(p, "."))
		for (; isdigit((unsigned char)**p); (*p)++, seen = true)
			if (scale < 1e18) { /* further digits weigh nothing */
				part = part * 10 + (uint64_t)(**p - '0');
				scale *= 10;
			}
	const struct unit *u = seen ? unit_at(*p) : NULL;
	if (u == NULL || whole > DURATION_NS_MAX / u->ns)
		return false;
	*p += strlen(u->name);
	*ns += whole * u->ns + (uint64_t)((double)part * ((double)u->ns / scale));
	return *ns <= DURATION_NS_MAX;
}

int duration_parse(const char *text, int64_t *ret_ms)
{
	if (text == NULL || *text == '\0')
		return -1;
	const char *p = text;
	bool negative = *p == '-';
	literal(&p, "+-");
	uint64_t ns = 0;
	if (strcmp(p, "0") != 0) {
		if (*p == '\0')
			return -1;
		while (*p != '\0')
			if (!term(&p, &ns))
				return -1;
	}
	int64_t ms = (int64_t)(ns / 1000000);
	*ret_ms = negative ? -ms : ms;
	return 0;
}

void duration_format(char out[TIME_TEXT_MAX], int64_t ms)
{
	const char *sign = ms < 0 ? "-" : "";
	uint64_t v = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	uint64_t h = v / 3600000, m = v / 60000 % 60, s = v / 1000 % 60, frac = v % 1000;
	char seconds[16];
	if (frac == 0)
		snprintf(seconds, sizeof(seconds), "%" PRIu64 "s", s);
	else
		snprintf(seconds, sizeof(seconds), "%" PRIu64 ".%03" PRIu64, s, frac);
	if (frac != 0) {
		size_t n = strlen(seconds);
		while (seconds[n - 1] == '0')
			n--;
		seconds[n] = 's';
		seconds[n + 1] = '\0';
	}
	if (v != 0 && v < 1000)
		snprintf(out, TIME_TEXT_MAX, "%s%" PRIu64 "ms", sign, v);
	else if (h != 0)
		snprintf(out, TIME_TEXT_MAX, "%s%" PRIu64 "h%" PRIu64 "m%s", sign, h, m, seconds);
	else if (m != 0)
		snprintf(out, TIME_TEXT_MAX, "%s%" PRIu64 "m%s", sign, m, seconds);
	else
		snprintf(out, TIME_TEXT_MAX, "%s%s", sign, seconds);
}
