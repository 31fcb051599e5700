/* See line.h. */
#include "discoverer/line.h"

#include <string.h>

#include "base/clock.h"

void line_init(struct line *l, struct kube *k)
{
	*l = (struct line){.kube = k};
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->running);
}

/* The oldest of those that are young; NULL: none is. */
static const struct job *young(const struct line *l, int64_t now_ms, size_t *ret_n)
{
	const struct job *job, *oldest = NULL;
	*ret_n = 0;
	TAILQ_FOREACH_REVERSE(job, &l->running, jobs, of_line)
	{
		if (now_ms - job->began_ms >= LINE_YOUNG_MS)
			break;
		oldest = job;
		++*ret_n;
	}
	return oldest;
}

static bool may_any_go(const struct line *l, int64_t now_ms)
{
	size_t n_young;
	(void)young(l, now_ms, &n_young);
	return l->n_running < LINE_MAX && n_young < LINE_YOUNG_MAX;
}

static bool may_go(const struct line *l, const struct job *job)
{
	size_t origin = 0, group = 0;
	const struct job *other;
	TAILQ_FOREACH(other, &l->running, of_line)
	{
		origin += strcmp(other->origin, job->origin) == 0;
		group += other->group == job->group;
	}
	return origin < LINE_ORIGIN_MAX && group < LINE_GROUP_MAX;
}

static void advance(struct line *l);

static int on_bytes(void *ctx, const char *bytes, size_t n)
{
	const struct job *job = ctx;
	return job->call.sink(job->call.ctx, bytes, n);
}

/* The job is idle again when its owner hears of its end: it may start it anew. */
static void leave(struct job *job)
{
	struct line *l = job->line;
	if (job->fetch != NULL) {
		TAILQ_REMOVE(&l->running, job, of_line);
		l->n_running--;
	} else {
		TAILQ_REMOVE(&l->waiting, job, of_line);
	}
	job->fetch = NULL;
	job->line = NULL;
}

static void on_done(void *ctx, const struct fetch_result *result)
{
	struct job *job = ctx;
	struct line *l = job->line;
	leave(job);
	job->call.done(job->call.ctx, result);
	advance(l);
}

static void advance(struct line *l)
{
	struct job *job, *next;
	int64_t now_ms = clock_boot_ms();
	for (job = TAILQ_FIRST(&l->waiting); job != NULL && may_any_go(l, now_ms); job = next) {
		next = TAILQ_NEXT(job, of_line);
		if (!may_go(l, job))
			continue;
		TAILQ_REMOVE(&l->waiting, job, of_line);
		struct fetch_call call = job->call;
		call.sink = on_bytes;
		call.done = on_done;
		call.ctx = job;
		job->fetch = fetch_start(l->kube, &call);
		job->began_ms = now_ms;
		TAILQ_INSERT_TAIL(&l->running, job, of_line);
		l->n_running++;
	}
}

int64_t line_turn(struct line *l, int64_t now_ms)
{
	size_t n_young;
	if (TAILQ_EMPTY(&l->waiting))
		return CLOCK_NEVER;
	advance(l);
	const struct job *oldest = young(l, now_ms, &n_young);
	return oldest != NULL && !TAILQ_EMPTY(&l->waiting) ? oldest->began_ms + LINE_YOUNG_MS
							   : CLOCK_NEVER;
}

void job_start(struct line *l, struct job *job)
{
	job->line = l;
	job->fetch = NULL;
	TAILQ_INSERT_TAIL(&l->waiting, job, of_line);
	advance(l);
}

void job_stop(struct job *job)
{
	struct line *l = job->line;
	if (l == NULL)
		return;
	struct fetch *fetch = job->fetch;
	leave(job);
	fetch_stop(fetch);
	advance(l);
}
