/*
 * The only place that reads clocks, and conversion of times to text. Deadlines use boot time: it
 * cannot be set and advances while the machine is suspended. Times in API objects are wall time.
 * Pure code gets both as an argument (struct now).
 */
#ifndef DROP_BASE_CLOCK_H
#define DROP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct now {
	int64_t boot_ms; /* CLOCK_BOOTTIME, milliseconds */
	int64_t wall_s;  /* CLOCK_REALTIME, seconds since 1970 UTC */
};

#define CLOCK_NEVER INT64_MAX

struct now clock_now(void);
int64_t clock_boot_ms(void);
int64_t clock_boot_us(void);
/* Microseconds since 1970 UTC, for logs and MicroTime. */
int64_t clock_wall_us(void);

#define TIME_TEXT_MAX 32

/* "2006-01-02T15:04:05Z" (RFC 3339, behaviour.md 34). */
void time_format(char out[TIME_TEXT_MAX], int64_t unix_s);
/* "2006-01-02T15:04:05.000000Z": metav1.MicroTime. */
void time_format_us(char out[TIME_TEXT_MAX], int64_t unix_us);
/* RFC 3339 with any fraction and zone, years 1 to 9999 in UTC. 0, or -1 for anything else. */
int time_parse(const char *text, int64_t *ret_unix_s);

/*
 * Go durations (behaviour.md 34): "1h30m", "500ms", "-1.5h", "0"; units ns us µs ms s m h.
 * Rounded towards zero to milliseconds; beyond about 292 years: -1, as in Go.
 */
int duration_parse(const char *text, int64_t *ret_ms);
/* As Go prints it: "1h30m0s", "10s", "500ms", "0s". */
void duration_format(char out[TIME_TEXT_MAX], int64_t ms);

#endif
