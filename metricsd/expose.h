/*
 * Encodes the metrics of all processes in the Prometheus text format (0.0.4) or OpenMetrics 1.0.
 * Pure.
 */
#ifndef DROP_METRICSD_EXPOSE_H
#define DROP_METRICSD_EXPOSE_H

#include "base/buf.h"

#include "metricsd/negotiate.h"
#include "metricsd/snapshot.h"

/* Bytes of one exposition; a longer one is not served at all. */
#define EXPOSE_MAX (64 * 1024 * 1024)

struct exposed { /* one process */
	const char *process;
	const struct snapshot *snapshot;
};

extern const char *const expose_types[]; /* Content-Type, by form */

/* Families in the order of the table, processes in the order given. -1: longer than EXPOSE_MAX. */
int expose(const struct exposed *list, size_t n, enum expose_form form, struct buf *out);

#endif
