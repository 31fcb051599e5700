/*
 * Pull windows (behaviour 51): whether the wall clock of a zone is inside one, and when that
 * changes next. By the clock on the wall: an hour that is skipped is in no window, one that comes
 * twice is in it twice. Pure.
 */
#ifndef DROP_RECONCILER_RULES_PULL_WINDOWS_H
#define DROP_RECONCILER_RULES_PULL_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/zone.h"

/* A change further ahead is not looked for: a weekly window may be skipped once (DST). */
#define WINDOWS_AHEAD_S (16 * ZONE_DAY_S)

struct pull_window {
	int start, end;          /* minutes of the day; start > end: over midnight */
	unsigned days;           /* of the start: bit 0 is Sunday */
	const struct zone *zone; /* borrowed; NULL: UTC */
};

/* From what the API has, but for the zone; false: it is malformed (an older CRD let it in). */
bool window_read(const struct pull_window_spec *spec, struct pull_window *ret);
/* Inside any of them at that moment, unix seconds? */
bool windows_open(const struct pull_window *list, size_t n, int64_t utc_s);
/* The first later second at which windows_open() is another; 0: none in WINDOWS_AHEAD_S. */
int64_t windows_change(const struct pull_window *list, size_t n, int64_t utc_s);

#endif
