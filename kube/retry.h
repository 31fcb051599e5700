/*
 * Whether and when a failed attempt is retried. Pure: time and random number are arguments.
 * Retried are 429 and 503 as their Retry-After says (RFC 9110, 10.2.3), other 5xx that a
 * proxy or a struggling server sends, transport errors, and 401 once when the credentials
 * have changed since. Never past the deadline.
 */
#ifndef DROP_KUBE_RETRY_H
#define DROP_KUBE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST_MS 200
#define RETRY_MAX_MS   10000
/* A Retry-After beyond this is cut: the server may be well again long before. */
#define RETRY_AFTER_MAX_MS 60000

#define RETRY_NO (-1)

struct retry_case {
	int code;     /* HTTP status; 0: the transport failed or the attempt timed out */
	bool once;    /* the caller wants no retries */
	bool renewed; /* 401: other credentials than those that were refused are available */
	int attempt;  /* how many were made, from 1 */
	int64_t retry_after_ms;      /* what the server asked for; 0: nothing */
	int64_t now_ms, deadline_ms; /* boot ms */
	uint32_t random;
};

/* Boot ms of the next attempt, or RETRY_NO: the answer stands. */
int64_t retry_at(const struct retry_case *c);

/*
 * A Retry-After (RFC 9110, 10.2.3): seconds, or a date. The date is the server's, so it is compared
 * with the Date of the same answer and never with our clock, unless that is missing (NULL). now_s:
 * unix seconds. 0: it says nothing, or a moment that has passed.
 */
int64_t retry_after_ms(const char *retry_after, const char *date, int64_t now_s);

/*
 * The wait after so many failures in a row (from 1): doubles from first_ms to max_ms, less
 * a random part of up to half, so that clients do not come back together.
 */
int64_t retry_backoff_ms(int failures, int64_t first_ms, int64_t max_ms, uint32_t random);

#endif
