/* See decimal.h. */
#include "discoverer/pipeline/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits that tell every double apart. */
#define DIGITS_MAX 17

const char *decimal_text(double value, struct arena *a)
{
	char text[64];
	if (!isfinite(value) || value == 0)
		return "0";
	int digits = 1;
	do
		snprintf(text, sizeof(text), "%.*e", digits - 1, value);
	while (strtod(text, NULL) != value && digits++ < DIGITS_MAX);
	int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent >= 21 || exponent < -6)
		return arena_strdup(a, text);
	int places = digits - 1 - exponent;
	return arena_printf(a, "%.*f", places > 0 ? places : 0, value);
}
