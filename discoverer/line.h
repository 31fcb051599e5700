/*
 * The line before the wire: how many requests to sources may be under way at once, so that
 * one stuck server, or one policy with many sources, never holds up the others. Whoever is
 * next and within all three limits goes, in order of arrival.
 */
#ifndef DROP_DISCOVERER_LINE_H
#define DROP_DISCOVERER_LINE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "kube/fetch.h"

/* Requests under way: in all, to one origin, of one policy. */
#define LINE_MAX        32
#define LINE_ORIGIN_MAX 4
#define LINE_GROUP_MAX  8

struct line;

struct job {                    /* lives in whoever asks; zeroed: idle */
	struct fetch_call call; /* sink, done and ctx are the asker's; strings live until done */
	const char *origin;     /* weburl_origin() of call.url */
	const void *group;      /* whose: a policy */

	struct line *line;   /* the rest is the line's; NULL: idle */
	struct fetch *fetch; /* under way */
	TAILQ_ENTRY(job) of_line;
};

TAILQ_HEAD(jobs, job);

struct line {
	struct kube *kube;
	struct jobs waiting, running;
	size_t n_running;
};

void line_init(struct line *l, struct kube *k);
/* call.done is called exactly once, later, unless job_stop() comes first. */
void job_start(struct line *l, struct job *job);
/* Idle ones too. */
void job_stop(struct job *job);

#endif
