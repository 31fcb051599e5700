/*
 * Events (behaviour.md 22): which of the facts become writes, and when. Facts about one
 * object with one type and reason are a series: the first makes an Event, the others
 * raise its count, at most once a minute. Pure bookkeeping: no clock, no I/O; memory of
 * its own and the turn's arena. Losing an event is allowed, being in the way is not.
 */
#ifndef DROP_RECONCILER_EVENTS_EVENTS_H
#define DROP_RECONCILER_EVENTS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/clock.h"

#define EVENTS_A_SECOND  10
#define EVENTS_REPEAT_MS (60 * 1000)
/* Limits of events.k8s.io/v1, in bytes. */
#define EVENT_NOTE_MAX   1024
#define EVENT_REASON_MAX 128
#define EVENT_ACTION     "CacheImage"
/* Series remembered; the one that was silent longest makes room. */
#define EVENTS_SERIES_MAX 1024
/* A series that was silent for so long is over: what comes then is a new event. */
#define EVENTS_IDLE_MS (10 * 60 * 1000)
/* Events that wait for their second; more are dropped. */
#define EVENTS_WAITING_MAX 100
/* Attempts at one write. */
#define EVENTS_TRIES_MAX 3

struct events;

struct events *events_new(void);
void events_free(struct events *e);

struct event_fact {
	enum kind kind;         /* of the object it is about */
	const char *name, *uid; /* of that object */
	bool warning;
	const char *reason, *note; /* cut to their limits */
};
void events_add(struct events *e, const struct event_fact *fact, struct now now);

struct event_write {
	bool repeat;      /* raise the count of the event of that name; else create it */
	const char *name; /* of the Event: the same at each attempt */
	struct event_fact fact;
	int64_t count;           /* so many in all; of a repeat at least 2 */
	int64_t first_s, last_s; /* unix seconds */
};

struct event_actions {
	struct event_write *writes;
	size_t n_writes;
};

/* room: writes the caller can take now. Returns when time alone makes something due (boot ms). */
int64_t events_turn(struct events *e, struct now now, size_t room, struct arena *a,
		    struct event_actions *ret);

enum event_result {
	EVENT_WRITTEN,
	EVENT_GONE,    /* a repeat found no event: it has expired, and is made anew */
	EVENT_REFUSED, /* it will not be accepted: dropped */
	EVENT_FAILED,  /* tried again a few times */
};
void events_answered(struct events *e, const char *name, enum event_result result, struct now now);
/* The lead is lost: what is on its way is forgotten, what waits is dropped. */
void events_forget(struct events *e);

/* Facts that never became a write, or none that arrived. */
uint64_t events_dropped(const struct events *e);

#endif
