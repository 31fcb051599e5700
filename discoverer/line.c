/* See line.h. */
#include "discoverer/line.h"

#include <string.h>

void line_init(struct line *l, struct kube *k)
{
	*l = (struct line){.kube = k};
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->running);
}

static bool may_go(const struct line *l, const struct job *job)
{
	size_t origin = 0, group = 0;
	const struct job *other;
	if (l->n_running >= LINE_MAX)
		return false;
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
	for (job = TAILQ_FIRST(&l->waiting); job != NULL && l->n_running < LINE_MAX; job = next) {
		next = TAILQ_NEXT(job, of_line);
		if (!may_go(l, job))
			continue;
		TAILQ_REMOVE(&l->waiting, job, of_line);
		struct fetch_call call = job->call;
		call.sink = on_bytes;
		call.done = on_done;
		call.ctx = job;
		job->fetch = fetch_start(l->kube, &call);
		TAILQ_INSERT_TAIL(&l->running, job, of_line);
		l->n_running++;
	}
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
