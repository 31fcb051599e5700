/*
 * From what Prometheus writes to the integers that images are ranked by (behaviour.md 27). Pure.
 *
 * NaN counts as 0: the series exists, so the image is in use, but its value is unknown.
 * Infinities and whatever is beyond +-2^53, the integers that JSON carries exactly, become
 * +-2^53; fractions are cut towards zero. So nothing traps, wraps or depends on the platform.
 */
#ifndef DROP_DISCOVERER_SCORE_H
#define DROP_DISCOVERER_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCORE_MAX (INT64_C(1) << 53)

/* A sample as Prometheus prints it: a decimal number, NaN, Inf, +Inf or -Inf; clamped. */
bool score_parse(const char *text, size_t len, double *ret);
/* +-2^53; NaN is 0. Sums of clamped values stay far from overflow. */
double score_clamp(double value);
/* Of a number in a status, which others may have written: NaN and infinities are 0. */
double score_finite(double value);
int64_t score_integer(double value);

#endif
