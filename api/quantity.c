/* Reads the number and then the suffix; see quantity.h. */
#include "api/quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *suffix;
	long double factor;
} suffixes[] = {
	{"", 1.0L},
	{"n", 1e-9L},
	{"u", 1e-6L},
	{"m", 1e-3L},
	{"k", 1e3L},
	{"M", 1e6L},
	{"G", 1e9L},
	{"T", 1e12L},
	{"P", 1e15L},
	{"E", 1e18L},
	{"Ki", 1024.0L},
	{"Mi", 1048576.0L},
	{"Gi", 1073741824.0L},
	{"Ti", 1099511627776.0L},
	{"Pi", 1125899906842624.0L},
	{"Ei", 1152921504606846976.0L},
};

static long double power_of_ten(const char *text)
{
	int exponent = 0, digits = 0;
	int sign = *text == '-' ? -1 : 1;
	if (*text == '-' || *text == '+')
		text++;
	for (; isdigit((unsigned char)*text) && digits < 3; text++, digits++)
		exponent = exponent * 10 + (*text - '0');
	if (digits == 0 || *text != '\0')
		return -1;
	long double value = 1;
	for (int i = 0; i < exponent; i++)
		value = sign > 0 ? value * 10 : value / 10;
	return value;
}

static long double factor_of(const char *suffix)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcmp(suffixes[i].suffix, suffix) == 0)
			return suffixes[i].factor;
	return *suffix == 'e' || *suffix == 'E' ? power_of_ten(suffix + 1) : -1;
}

long double quantity_value(const char *text)
{
	long double value = 0, place = 1;
	size_t digits = 0;
	if (*text == '+')
		text++;
	for (; isdigit((unsigned char)*text); text++, digits++)
		value = value * 10 + (*text - '0');
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, digits++)
			value += (*text - '0') * (place /= 10);
	long double factor = factor_of(text);
	return digits == 0 || factor < 0 ? -1 : value * factor;
}

uint64_t quantity_bytes(const char *text)
{
	long double value = text != NULL ? quantity_value(text) : 0;
	if (value <= 0)
		return 0;
	return value < (long double)QUANTITY_BYTES_MAX ? (uint64_t)value : QUANTITY_BYTES_MAX;
}

void quantity_format(char out[QUANTITY_TEXT_MAX], uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	size_t unit = 0;
	uint64_t whole = bytes, tenths = 0;
	for (; whole >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++) {
		tenths = whole % 1000 / 100;
		whole /= 1000;
	}
	if (unit == 0 || whole >= 10)
		snprintf(out, QUANTITY_TEXT_MAX, "%" PRIu64 " %s", whole, units[unit]);
	else
		snprintf(out, QUANTITY_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %s", whole, tenths,
			 units[unit]);
}
