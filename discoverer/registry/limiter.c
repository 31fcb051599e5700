/* See limiter.h. */
#include "discoverer/registry/limiter.h"

#include <string.h>

#include "base/clock.h"

void limiter_init(struct limiter *l, struct kube *k)
{
	*l = (struct limiter){.kube = k};
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->running);
}

/* The oldest of those that are young; NULL: none is. */
static const struct job *young(const struct limiter *l, int64_t now_ms, size_t *ret_n)
{
	const struct job *job, *oldest = NULL;
	*ret_n = 0;
	TAILQ_FOREACH_REVERSE(job, &l->running, jobs, of_limiter)
	{
		if (now_ms - job->began_ms >= LIMITER_YOUNG_MS)
			break;
		oldest = job;
		++*ret_n;
	}
	return oldest;
}

static bool may_any_go(const struct limiter *l, int64_t now_ms)
{
	size_t n_young;
	(void)young(l, now_ms, &n_young);
	return l->n_running < LIMITER_MAX && n_young < LIMITER_YOUNG_MAX;
}

static bool may_go(const struct limiter *l, const struct job *job)
{
	size_t origin = 0, group = 0;
	const struct job *other;
	TAILQ_FOREACH(other, &l->running, of_limiter)
	{
		origin += strcmp(other->origin, job->origin) == 0;
		group += other->group == job->group;
	}
	return origin < LIMITER_ORIGIN_MAX && group < LIMITER_GROUP_MAX;
}

static void advance(struct limiter *l);

static int on_bytes(void *ctx, const char *bytes, size_t n)
{
	const struct job *job = ctx;
	return job->call.sink(job->call.ctx, bytes, n);
}

/* The job is idle again before its owner is notified, which may start it anew. */
static void leave(struct job *job)
{
	struct limiter *l = job->limiter;
	if (job->fetch != NULL) {
		TAILQ_REMOVE(&l->running, job, of_limiter);
		l->n_running--;
	} else {
		TAILQ_REMOVE(&l->waiting, job, of_limiter);
	}
	job->fetch = NULL;
	job->limiter = NULL;
}

static void on_done(void *ctx, const struct fetch_result *result)
{
	struct job *job = ctx;
	struct limiter *l = job->limiter;
	leave(job);
	job->call.done(job->call.ctx, result);
	advance(l);
}

static void advance(struct limiter *l)
{
	struct job *job, *next;
	int64_t now_ms = clock_boot_ms();
	for (job = TAILQ_FIRST(&l->waiting); job != NULL && may_any_go(l, now_ms); job = next) {
		next = TAILQ_NEXT(job, of_limiter);
		if (!may_go(l, job))
			continue;
		TAILQ_REMOVE(&l->waiting, job, of_limiter);
		struct fetch_call call = job->call;
		call.sink = on_bytes;
		call.done = on_done;
		call.ctx = job;
		job->fetch = fetch_start(l->kube, &call);
		job->began_ms = now_ms;
		TAILQ_INSERT_TAIL(&l->running, job, of_limiter);
		l->n_running++;
	}
}

int64_t limiter_turn(struct limiter *l, int64_t now_ms)
{
	size_t n_young;
	if (TAILQ_EMPTY(&l->waiting))
		return CLOCK_NEVER;
	advance(l);
	const struct job *oldest = young(l, now_ms, &n_young);
	return oldest != NULL && !TAILQ_EMPTY(&l->waiting) ? oldest->began_ms + LIMITER_YOUNG_MS
							   : CLOCK_NEVER;
}

void job_start(struct limiter *l, struct job *job)
{
	job->limiter = l;
	job->fetch = NULL;
	TAILQ_INSERT_TAIL(&l->waiting, job, of_limiter);
	advance(l);
}

void job_stop(struct job *job)
{
	struct limiter *l = job->limiter;
	if (l == NULL)
		return;
	struct fetch *fetch = job->fetch;
	leave(job);
	fetch_stop(fetch);
	advance(l);
}
