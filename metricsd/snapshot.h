/*
 * The last complete metrics of one process, by family. They are exposed again while the process
 * does not answer. Pure.
 */
#ifndef DROP_METRICSD_SNAPSHOT_H
#define DROP_METRICSD_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ipc/metrics.h"

struct snapshot { /* zeroed: empty */
	struct buf families[METRIC_COUNT];
	bool whole; /* every page was received */
};

void snapshot_done(struct snapshot *s);
/* Adds a page; rows of metrics that are not in ipc/metrics.def, or with other buckets, are skipped.
 */
void snapshot_add(struct snapshot *s, const struct msg_metrics *page);

struct snapshot_row {
	const char *labels; /* in the snapshot */
	int64_t value;
	uint64_t counts[METRIC_BUCKETS_MAX];
};
/* for (size_t at = 0; snapshot_next(s, id, &at, &row);) */
bool snapshot_next(const struct snapshot *s, enum metric_id id, size_t *at,
		   struct snapshot_row *ret);
/* The value of a series; or_else if there is none. labels: as received, "" for none. */
int64_t snapshot_value(const struct snapshot *s, enum metric_id id, const char *labels,
		       int64_t or_else);

#endif
