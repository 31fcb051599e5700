/* Durations as Prometheus writes them: "5m", "1d", "1h30m", or seconds as "30" (behaviour.md 27).
 * Pure. */
#ifndef DROP_DISCOVERER_PROMTIME_H
#define DROP_DISCOVERER_PROMTIME_H

#include <stdint.h>

/*
 * Units ms s m h d w y (365 days), fractions allowed; milliseconds, rounded towards zero.
 * -1: not a duration, less than a millisecond, or more than 100 years.
 */
int promtime_parse(const char *text, int64_t *ret_ms);

#endif
