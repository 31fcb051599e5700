/*
 * When a policy's sources are asked (behaviour.md 26, 30). Pure: chance comes in as a number.
 */
#ifndef DROP_DISCOVERER_SCHEDULE_H
#define DROP_DISCOVERER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* A shorter syncInterval counts as this. */
#define SYNC_MIN_MS 1000
/* The first wait after a failure. */
#define RETRY_FIRST_MS 5000
/* Policies that are due when we start are begun within this time, not all at once. */
#define SPREAD_MS 5000

/* To the next sync: the interval, give or take a tenth. */
int64_t schedule_interval(int64_t interval_ms, uint64_t random);
/*
 * After `fails` failures in a row (1: the first): 5 s doubling to the interval, give or take a
 * tenth; no sooner than the server asked for, as long as that is within the interval.
 */
int64_t schedule_retry(int fails, int64_t interval_ms, int64_t asked_ms, uint64_t random);
/*
 * Wait of a policy that is seen for the first time in this life and whose status is about
 * its present spec: until an interval after its last sync, or a moment of SPREAD_MS if that
 * has passed, lies in the future by more than an interval, or sources were failing.
 */
int64_t schedule_resume(int64_t last_sync_s, bool healthy, int64_t interval_ms, int64_t now_s,
			uint64_t random);

#endif
