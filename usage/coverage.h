/*
 * Since when, and with which gaps, every event was seen (behaviour 52). Events live for an hour in
 * the API server (--event-ttl, 1h by default), so that a list after an interruption shows what was
 * missed, if the interruption was shorter; that it was is proved by an event in the list that is
 * older than the interruption, else assumed up to COVERAGE_ASSUMED_S. Pure; times are unix seconds.
 */
#ifndef DROP_USAGE_COVERAGE_H
#define DROP_USAGE_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The oldest gaps beyond are merged: what lies between them counts as not covered. */
#define COVERAGE_GAPS_MAX  16
#define COVERAGE_ASSUMED_S (50 * 60)

struct coverage_gap {
	int64_t from_s, to_s;
};

struct coverage {                                    /* zeroed: nothing was seen yet */
	int64_t since_s;                             /* 0: never */
	int64_t seen_s;                              /* until then */
	struct coverage_gap gaps[COVERAGE_GAPS_MAX]; /* in order of time */
	size_t n;
};

/* Events arrive up to now. */
void coverage_seen(struct coverage *c, int64_t now_s);
/* A list that began at began_s is complete; oldest_s: of its oldest event, 0: it had none. */
void coverage_listed(struct coverage *c, int64_t began_s, int64_t oldest_s);
/* What was seen until now may be of a history that is lost, or the clock was set. */
void coverage_gap(struct coverage *c, int64_t from_s, int64_t to_s);
/* Was every event seen from from_s to to_s? */
bool coverage_whole(const struct coverage *c, int64_t from_s, int64_t to_s);
/* Gaps that ended before before_s are forgotten. */
void coverage_forget(struct coverage *c, int64_t before_s);

#endif
