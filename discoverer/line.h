/*
 * The line before the wire: how many requests to sources may be under way at once, so that
 * one stuck server, or one policy with many sources, never holds up the others. Whoever is
 * next and within all limits goes, in order of arrival. A request that gets no answer for a
 * while makes room for others: however many servers are stuck, there is a way past them.
 */
#ifndef DROP_DISCOVERER_LINE_H
#define DROP_DISCOVERER_LINE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "kube/fetch.h"

/* Requests under way: that have begun within LINE_YOUNG_MS, in all, to one origin, of one
 * policy. */
#define LINE_YOUNG_MAX  32
#define LINE_YOUNG_MS   2000
#define LINE_MAX        256
#define LINE_ORIGIN_MAX 4
#define LINE_GROUP_MAX  8

struct line;

struct job {                    /* lives in whoever asks; zeroed: idle */
	struct fetch_call call; /* sink, done and ctx are the asker's; strings live until done */
	const char *origin;     /* weburl_origin() of call.url */
	const void *group;      /* whose: a policy */

	struct line *line;   /* the rest is the line's; NULL: idle */
	struct fetch *fetch; /* under way */
	int64_t began_ms;
	TAILQ_ENTRY(job) of_line;
};

TAILQ_HEAD(jobs, job);

struct line {
	struct kube *kube;
	struct jobs waiting, running; /* in order of arrival; of their beginning */
	size_t n_running;
};

void line_init(struct line *l, struct kube *k);
/* Time passed. Returns when it has to be called again. */
int64_t line_turn(struct line *l, int64_t now_ms);
/* call.done is called exactly once, later, unless job_stop() comes first. */
void job_start(struct line *l, struct job *job);
/* Idle ones too. */
void job_stop(struct job *job);

#endif
