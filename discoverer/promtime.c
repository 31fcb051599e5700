/* See promtime.h. */
#include "discoverer/promtime.h"

#include <stdlib.h>
#include <string.h>

#define YEAR_MS (365.0 * 86400000)
#define MOST_MS (100 * YEAR_MS)

static const struct {
	const char *name;
	double ms;
} units[] = {/* ms before m */
	     {"ms", 1},        {"s", 1000},          {"m", 60000},  {"h", 3600000},
	     {"d", 86400000.}, {"w", 7 * 86400000.}, {"y", YEAR_MS}};

/* A number without sign or exponent; returns what follows it, or NULL. */
static const char *number(const char *p, double *ret)
{
	char digits[32];
	size_t n = strspn(p, "0123456789.");
	char *end;
	if (n == 0 || n >= sizeof(digits) || p[n - 1] == '.')
		return NULL;
	memcpy(digits, p, n);
	digits[n] = '\0';
	*ret = strtod(digits, &end);
	return *end == '\0' ? p + n : NULL;
}

int promtime_parse(const char *text, int64_t *ret_ms)
{
	double sum = 0, value;
	const char *p = number(text, &value);
	if (p == NULL)
		return -1;
	if (*p == '\0')
		sum = value * 1000;
	for (const char *next = p; *next != '\0';) {
		size_t u = 0, n = sizeof(units) / sizeof(units[0]);
		while (u < n && strncmp(next, units[u].name, strlen(units[u].name)) != 0)
			u++;
		if (u == n)
			return -1;
		sum += value * units[u].ms;
		next += strlen(units[u].name);
		if (*next != '\0' && (next = number(next, &value)) == NULL)
			return -1;
		if (next[0] == '\0' && next[-1] >= '0' && next[-1] <= '9')
			return -1; /* the last number has no unit */
	}
	if (!(sum >= 1 && sum <= MOST_MS))
		return -1;
	*ret_ms = (int64_t)sum;
	return 0;
}
