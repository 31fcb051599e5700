/*
 * When a policy's sources are asked (behaviour.md 26, 30). Pure: the caller passes random numbers.
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
 * How long a policy waits that this process sees for the first time and whose status is about its
 * present spec: until one interval after its last sync. If that has passed, is more than an
 * interval away, or sources were failing: a random time within SPREAD_MS.
 */
int64_t schedule_resume(int64_t last_sync_s, bool healthy, int64_t interval_ms, int64_t now_s,
			uint64_t random);

#endif
