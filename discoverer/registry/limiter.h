/*
 * Concurrency limiter for requests to sources. One stuck server, or one policy with many sources,
 * never holds up the others. Requests start in order of arrival as soon as they are within all
 * limits. A request without an answer after LIMITER_YOUNG_MS makes room for others, so that stuck
 * servers never block all requests.
 */
#ifndef DROP_DISCOVERER_REGISTRY_LIMITER_H
#define DROP_DISCOVERER_REGISTRY_LIMITER_H

#include <stdbool.h>
#include <sys/queue.h>

#include "kube/fetch.h"

/* Requests under way: that have begun within LIMITER_YOUNG_MS, in all, to one origin, of one
 * policy. */
#define LIMITER_YOUNG_MAX  32
#define LIMITER_YOUNG_MS   2000
#define LIMITER_MAX        256
#define LIMITER_ORIGIN_MAX 4
#define LIMITER_GROUP_MAX  8

struct limiter;

struct job {                    /* embedded in the caller's struct; zeroed: idle */
	struct fetch_call call; /* sink, done and ctx are the asker's; strings live until done */
	const char *origin;     /* weburl_origin() of call.url */
	const void *group;      /* whose: a policy */

	struct limiter *limiter; /* the rest is the limiter's; NULL: idle */
	struct fetch *fetch;     /* under way */
	int64_t began_ms;
	TAILQ_ENTRY(job) of_limiter;
};

TAILQ_HEAD(jobs, job);

struct limiter {
	struct kube *kube;
	struct jobs waiting, running; /* in order of arrival; of their beginning */
	size_t n_running;
};

void limiter_init(struct limiter *l, struct kube *k);
/* Time passed. Returns when it has to be called again. */
int64_t limiter_turn(struct limiter *l, int64_t now_ms);
/* call.done is called exactly once, later, unless job_stop() comes first. */
void job_start(struct limiter *l, struct job *job);
/* Idle ones too. */
void job_stop(struct job *job);

#endif
