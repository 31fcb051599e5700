/*
 * IANA time zones: the local time of a moment, from the compiled files of the system (TZif,
 * RFC 8536). glibc's own zone is one a process and set by a global, so it is not used.
 *
 * A zone is read once and lives in an arena; zone_parse() and zone_local() are pure. Bounded:
 * ZONE_FILE_MAX bytes, ZONE_TIMES_MAX changes.
 */
#ifndef DROP_BASE_ZONE_H
#define DROP_BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define ZONE_FILE_MAX  (64 * 1024)
#define ZONE_TIMES_MAX 4096
#define ZONE_DAY_S     86400

struct zone;

/* name: "Europe/Berlin"; NULL, "" and "UTC" need no file. ERR_TERMINAL: there is no such zone. */
int zone_load(const char *name, struct arena *a, const struct zone **ret, struct err *err);
/* The content of a TZif file. ERR_TERMINAL: it is none. */
int zone_parse(const void *data, size_t len, struct arena *a, const struct zone **ret,
	       struct err *err);
/* Seconds since 1970 of the zone's wall clock. NULL: UTC. */
int64_t zone_local(const struct zone *z, int64_t utc_s);

#endif
