/*
 * Writes to Nodes (behaviour 45, 46): a Node is read, its patch is made (node_patch.h), and sent.
 * Each request of the reconciler is a job, which is answered exactly once and obeys the session at
 * both of its requests. A job that finds the Node changed does not try again: the reconciler
 * decides anew.
 */
#ifndef DROP_PULLER_NODE_WRITE_H
#define DROP_PULLER_NODE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Jobs at once; the reconciler has fewer unanswered. */
#define NODE_JOBS_MAX 16

struct node_job;

struct node_jobs {
	struct node_job *at[NODE_JOBS_MAX]; /* NULL: free */
	size_t n;
};

/* None of another session is under way. */
bool node_jobs_only_of(const struct node_jobs *jobs, uint64_t session);

#endif
