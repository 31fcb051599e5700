/*
 * Data of the status page besides metrics, collected per request: images and queue from the
 * reconciler, policies from the watcher. Rows are converted to HTML and JSON as they arrive, and
 * nothing else is kept. Pure.
 */
#ifndef DROP_METRICSD_STATS_H
#define DROP_METRICSD_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/buf.h"
#include "ipc/msg.h"

/* Rows of a table; the page says when there are more. */
#define STATS_IMAGES_MAX  500
#define STATS_QUEUE_MAX   200 /* pulls; those of one image that wait for the same are one row */
#define STATS_FAILING_MAX 20  /* images that fail; they are rows of the images, too */
#define STATS_HELD_MAX    50  /* nodes with a startup taint */
/* Images shown of one DiscoveryPolicy. */
#define STATS_FOUND_MAX 50
/* PullPolicies shown, and DiscoveryPolicies. */
#define STATS_POLICIES_MAX 200

struct stats { /* zeroed: empty */
	bool leading, lease_trouble;
	struct buf images, queue, failing, policies, discovery, held; /* HTML rows */
	struct buf images_json, queue_json, policies_json,
		discovery_json; /* JSON, commas between */
	struct buf held_json;
	struct buf saved, saved_json; /* metricsd/saved.h */
	struct buf grid, grid_json;   /* metricsd/grid.h */
	struct buf names;             /* of the images to show, each with its NUL */
	uint64_t all_images;          /* that there are, shown or not */
	uint64_t n_held;              /* nodes that are held, in all */
	size_t n_images, n_queue, n_failing, n_policies, n_discovery;
	bool more_images, more_policies, more_discovery;
	uint64_t images_ready, images_degraded, targeted, ready, pulling; /* of all */
	uint64_t failing_pairs;              /* of all: the last pull failed */
	uint64_t waiting, backoff, notready; /* of those that are shown */
};

void stats_done(struct stats *b);
/* First of all: stats_next_name() has the images to ask about then. */
void stats_add_overview(struct stats *b, const struct msg_overview *m);
/* for (size_t at = 0; (name = stats_next_name(b, &at)) != NULL;) */
const char *stats_next_name(const struct stats *b, size_t *at);
void stats_add_images(struct stats *b, const struct msg_images_explained *m);
void stats_add_queue(struct stats *b, const struct msg_queue_explained *m);
void stats_add_held(struct stats *b, const struct msg_held_explained *m);
void stats_add_report(struct stats *b, const struct msg_report *m, int64_t wall_s);
void stats_add_policy(struct stats *b, const struct pullpolicy *p);
void stats_add_discovery(struct stats *b, const struct discoverypolicy *p);

#endif
