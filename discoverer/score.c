/* See score.h. */
#include "discoverer/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The longest decimal of a float64 in practice, with room. */
#define SAMPLE_MAX 400

double score_clamp(double value)
{
	if (isnan(value))
		return 0;
	if (value > (double)SCORE_MAX)
		return (double)SCORE_MAX;
	return value < -(double)SCORE_MAX ? -(double)SCORE_MAX : value;
}

double score_finite(double value)
{
	return isfinite(value) ? value : 0;
}

int64_t score_integer(double value)
{
	return (int64_t)score_clamp(value);
}

bool score_parse(const char *text, size_t len, double *ret)
{
	static const char *const words[] = {"NaN", "Inf", "+Inf", "-Inf"};
	char *end;
	if (len == 0 || len > SAMPLE_MAX || strlen(text) != len)
		return false;
	bool word = false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word |= strcmp(text, words[i]) == 0;
	/* strtod(3) takes more than numbers: blanks, hexadecimal, names. */
	if (!word && strspn(text, "0123456789+-.eE") != len)
		return false;
	double value = strtod(text, &end);
	if (end != text + len)
		return false;
	*ret = score_clamp(value);
	return true;
}
