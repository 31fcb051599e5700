/*
 * The decision of leader election, pure: from the last known state of the Lease, our own term and
 * the boot clock to the next step. No wall clock: another holder's renewTime is not interpreted,
 * only changes of the record's version are.
 *
 *  1 A term ends at its deadline, or as soon as the Lease names another holder.
 *  2 What is not known, or was found out of date, is read.
 *  3 At shutdown: clear the holder if it is us.
 *  4 No Lease: create it. One that was deleted goes on counting where it was; its holder, if
 *    that was another, may still write: as in 7.
 *  5 We hold it: renew every LEASE_RENEW_MS. A restarted holder resumes its term; one
 *    that lost its term in this life begins a new one.
 *  6 Nobody holds it: take it.
 *  7 Another does: take it once it has not moved for its duration, else look again.
 */
#ifndef DROP_KUBE_LEASE_DECIDE_H
#define DROP_KUBE_LEASE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Lease validation allows any length; names of hosts end at 253. */
#define LEASE_IDENTITY_MAX 320
/* A holder may ask for more than LEASE_DURATION_S, up to here. */
#define LEASE_DURATION_MAX_S 60
/* After a request that failed, while we lead. */
#define LEASE_RETRY_MS 500

struct lease_record { /* the Lease, as last read or written; of a deleted one, as it was */
	bool exists;
	char holder[LEASE_IDENTITY_MAX]; /* "": no holder */
	char acquire_time[TIME_TEXT_MAX * 2];
	int64_t duration_s, transitions;
	uint64_t rv;
};

struct lease_state {
	bool known;      /* seen says what the API server said */
	bool stale;      /* ... but it was proven out of date (409) */
	bool ever_known; /* seen.transitions is the last that we know of */
	bool ever_led;   /* in this life */
	bool releasing;
	struct lease_record seen;
	int64_t top_transitions; /* highest ever seen */
	int64_t seen_ms;         /* boot ms when this version was first seen */
	uint64_t term;           /* 0: we do not lead */
	int64_t until_ms;        /* end of the term */
	int64_t last_ms;         /* boot ms when the last request was sent; 0: none */
	bool failed;             /* ... and it got no usable answer */
	int64_t poll_ms;         /* how long a standby waits between reads, jittered */
};

enum lease_action {
	LEASE_WAIT,
	LEASE_READ,
	LEASE_CREATE,
	LEASE_RENEW,
	LEASE_TAKE,
	LEASE_RELEASE,
	LEASE_DONE, /* released, or nothing to release */
};

struct lease_decision {
	bool lost; /* the term is over: no process of this instance may write */
	enum lease_action action;
	int64_t transitions; /* to write */
	int64_t at_ms;       /* do it not before; wake then. Never after the term's end */
};

struct lease_decision lease_decide(const struct lease_state *s, const char *identity,
				   int64_t now_ms);

/* A record was read or acknowledged at now_ms: expiry counts anew when it is another version. */
void lease_observe(struct lease_state *s, const struct lease_record *record, int64_t now_ms);

#endif
