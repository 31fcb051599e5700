/*
 * See zone.h. A file has the changes of the past in its second, 64-bit block; for what comes after
 * the last of them it has a rule in POSIX form, such as "CET-1CEST,M3.5.0,M10.5.0/3".
 */
#include "base/zone.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define ZONE_DIR    "/usr/share/zoneinfo"
#define HEADER_SIZE 44

struct rule_date { /* one half of a POSIX rule */
	char form; /* 'M': month, week, day of week; 'J': day without leap days; '0': day */
	int month, week, day;
	int64_t at_s; /* local seconds of that day */
};

struct zone {
	size_t n;
	int64_t *at;     /* of each change */
	int32_t *offset; /* from then on */
	int32_t first;   /* before the first */
	bool rule, dst;  /* there is a rule for what comes after; with two times a year */
	int32_t standard, summer;
	struct rule_date begin, end; /* of the summer time */
};

/* ---- the calendar (Howard Hinnant's days_from_civil) ---- */

static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t in_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

static int64_t year_of(int64_t utc_s)
{
	int64_t year = 1970 + utc_s / (365 * (int64_t)ZONE_DAY_S + ZONE_DAY_S / 4);
	while (days_of(year, 1, 1) * ZONE_DAY_S > utc_s)
		year--;
	while (days_of(year + 1, 1, 1) * ZONE_DAY_S <= utc_s)
		year++;
	return year;
}

static bool leap(int64_t year)
{
	return days_of(year + 1, 1, 1) - days_of(year, 1, 1) == 366;
}

static int64_t date_day(const struct rule_date *d, int64_t year)
{
	if (d->form == 'J')
		return days_of(year, 1, 1) + d->day - 1 + (leap(year) && d->day >= 60);
	if (d->form == '0')
		return days_of(year, 1, 1) + d->day;
	int64_t first = days_of(year, d->month, 1);
	int64_t next = d->month == 12 ? days_of(year + 1, 1, 1) : days_of(year, d->month + 1, 1);
	int64_t weekday = ((first + 4) % 7 + 7) % 7; /* day 0 was a Thursday */
	int64_t day = first + (d->day - weekday + 7) % 7 + 7 * (int64_t)(d->week - 1);
	return day < next ? day : day - 7;
}

/* ---- the rule ---- */

static const char *rule_name(const char *p)
{
	const char *from = p;
	if (*p == '<') {
		p = strchr(p, '>');
		return p != NULL ? p + 1 : NULL;
	}
	while (isalpha((unsigned char)*p))
		p++;
	return p - from >= 3 ? p : NULL;
}

static const char *rule_number(const char *p, int most, int *ret)
{
	char *end;
	if (p == NULL || !isdigit((unsigned char)*p))
		return NULL;
	long value = strtol(p, &end, 10);
	*ret = (int)value;
	return value <= most && end - p <= 3 ? end : NULL;
}

/* [+-]h[h[h]][:mm[:ss]] */
static const char *rule_time(const char *p, int64_t *ret)
{
	int sign = *p == '-' ? -1 : 1, part[3] = {0};
	p += *p == '-' || *p == '+';
	for (int i = 0; i < 3; i++) {
		p = rule_number(p, i == 0 ? 167 : 59, &part[i]);
		if (p == NULL || *p != ':' || i == 2)
			break;
		p++;
	}
	*ret = sign * (part[0] * INT64_C(3600) + part[1] * INT64_C(60) + part[2]);
	return p;
}

static const char *rule_day(const char *p, struct rule_date *d)
{
	d->form = isdigit((unsigned char)*p) ? '0' : *p++;
	if (d->form == 'M') {
		p = rule_number(p, 12, &d->month);
		p = p != NULL && *p == '.' ? rule_number(p + 1, 5, &d->week) : NULL;
		p = p != NULL && *p == '.' ? rule_number(p + 1, 6, &d->day) : NULL;
		if (p == NULL || d->month < 1 || d->week < 1)
			return NULL;
	} else if (d->form == 'J' || d->form == '0') {
		p = rule_number(p, d->form == 'J' ? 365 : 364, &d->day);
		if (p == NULL || (d->form == 'J' && d->day < 1))
			return NULL;
	} else {
		return NULL;
	}
	d->at_s = 7200;
	return *p == '/' ? rule_time(p + 1, &d->at_s) : p;
}

/* An unknown rule is ignored: the last change then remains in effect. */
static void take_rule(struct zone *z, const char *p)
{
	int64_t offset;
	if ((p = rule_name(p)) == NULL || (p = rule_time(p, &offset)) == NULL)
		return;
	z->standard = (int32_t)-offset;
	z->rule = *p == '\0';
	if (z->rule || (p = rule_name(p)) == NULL)
		return;
	z->summer = z->standard + 3600;
	if (*p != ',') {
		if ((p = rule_time(p, &offset)) == NULL)
			return;
		z->summer = (int32_t)-offset;
	}
	if (*p != ',' || (p = rule_day(p + 1, &z->begin)) == NULL || *p != ',' ||
	    (p = rule_day(p + 1, &z->end)) == NULL)
		return;
	z->rule = z->dst = *p == '\0';
}

static int32_t rule_offset(const struct zone *z, int64_t utc_s)
{
	if (!z->dst)
		return z->standard;
	int64_t year = year_of(utc_s + z->standard);
	int64_t begin = date_day(&z->begin, year) * ZONE_DAY_S + z->begin.at_s - z->standard;
	int64_t end = date_day(&z->end, year) * ZONE_DAY_S + z->end.at_s - z->summer;
	bool summer = begin < end ? utc_s >= begin && utc_s < end
				  : utc_s >= begin || utc_s < end; /* south of the equator */
	return summer ? z->summer : z->standard;
}

/* ---- the file ---- */

static int64_t big_endian(const unsigned char *p, size_t bytes)
{
	uint64_t value = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | p[i];
	return (int64_t)value;
}

struct block { /* counts of a header, in the order of the file */
	int64_t isut, isstd, leap, times, types, chars;
};

static bool read_header(const unsigned char *p, const unsigned char *end, struct block *ret)
{
	if (end - p < HEADER_SIZE || memcmp(p, "TZif", 4) != 0)
		return false;
	int64_t counts[6];
	for (size_t i = 0; i < 6; i++) {
		counts[i] = big_endian(p + 20 + 4 * i, 4);
		if (counts[i] < 0 || counts[i] > ZONE_FILE_MAX)
			return false;
	}
	*ret = (struct block){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
	return ret->types > 0 && ret->times <= ZONE_TIMES_MAX;
}

static int64_t block_size(const struct block *b, int64_t time)
{
	return b->times * (time + 1) + b->types * 6 + b->chars + b->leap * (time + 4) + b->isstd +
	       b->isut;
}

static bool take_changes(struct zone *z, const unsigned char *p, const struct block *b,
			 int64_t time, struct arena *a)
{
	const unsigned char *type = p + b->times * time, *types = type + b->times;
	z->n = (size_t)b->times;
	z->at = arena_array(a, z->n + 1, sizeof(*z->at));
	z->offset = arena_array(a, z->n + 1, sizeof(*z->offset));
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = big_endian(p + (int64_t)i * time, (size_t)time);
		if (type[i] >= b->types || (i > 0 && z->at[i] <= z->at[i - 1]))
			return false;
		z->offset[i] = (int32_t)big_endian(types + 6 * (size_t)type[i], 4);
		if (abs(z->offset[i]) > 2 * ZONE_DAY_S)
			return false;
	}
	z->first = (int32_t)big_endian(types, 4);
	return abs(z->first) <= 2 * ZONE_DAY_S;
}

int zone_parse(const void *data, size_t len, struct arena *a, const struct zone **ret,
	       struct err *err)
{
	const unsigned char *p = data, *end = p + len;
	struct zone *z = arena_alloc(a, sizeof(*z));
	struct block b;
	char rule[64] = "";
	bool ok = read_header(p, end, &b) && block_size(&b, 4) <= end - p - HEADER_SIZE;
	int64_t time = 4;
	if (ok && p[4] >= '2') {
		p += HEADER_SIZE + block_size(&b, 4);
		time = 8;
		ok = read_header(p, end, &b) && block_size(&b, 8) <= end - p - HEADER_SIZE;
	}
	ok = ok && take_changes(z, p + HEADER_SIZE, &b, time, a);
	if (!ok)
		return err_set(err, ERR_TERMINAL, "not a time zone file");
	p += HEADER_SIZE + block_size(&b, time);
	if (time == 8 && end - p > 2 && *p == '\n') {
		const unsigned char *stop = memchr(p + 1, '\n', (size_t)(end - p - 1));
		if (stop != NULL && (size_t)(stop - p - 1) < sizeof(rule))
			memcpy(rule, p + 1, (size_t)(stop - p - 1));
	}
	take_rule(z, rule);
	*ret = z;
	return 0;
}

int64_t zone_local(const struct zone *z, int64_t utc_s)
{
	if (z == NULL)
		return utc_s;
	if (z->rule && (z->n == 0 || utc_s >= z->at[z->n - 1]))
		return utc_s + rule_offset(z, utc_s);
	size_t low = 0, high = z->n; /* the number of changes that have come */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (z->at[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return utc_s + (low == 0 ? z->first : z->offset[low - 1]);
}

/* Letters, digits and "_+-", in parts that are no dots: no path out of the folder. */
static bool plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("_+-/", *p) == NULL)
			return false;
	return isalpha((unsigned char)*name) != 0 && strlen(name) <= 64;
}

int zone_load(const char *name, struct arena *a, const struct zone **ret, struct err *err)
{
	char path[sizeof(ZONE_DIR) + 80];
	if (name == NULL || *name == '\0' || strcmp(name, "UTC") == 0) {
		*ret = NULL;
		return 0;
	}
	if (!plain_name(name))
		return err_set(err, ERR_TERMINAL, "no IANA time zone");
	snprintf(path, sizeof(path), "%s/%s", ZONE_DIR, name);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_set(err, ERR_TERMINAL, "unknown time zone %s", name);
	char *data = xmalloc(ZONE_FILE_MAX);
	size_t n = fread(data, 1, ZONE_FILE_MAX, f);
	fclose(f);
	int rc = zone_parse(data, n, a, ret, err);
	free(data);
	return rc;
}
