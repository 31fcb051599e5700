/*
 * /healthz and /readyz: liveness and readiness (must 11). Pure.
 *
 * Healthy: the main loops of the supervisor and metricsd are running; the supervisor restarts the
 * others. Ready: the watcher has listed every kind and knows the holder of the lease, the
 * reconciler has read it, the puller answers; as leader or standby. A replica that cannot hold the
 * lease is not ready.
 */
#ifndef DROP_METRICSD_HEALTH_H
#define DROP_METRICSD_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"

struct health {
	bool supervised, supervisor_alive;
	bool watcher_up, watcher_synced, lease_known, leads;
	const char *lease_trouble; /* why it cannot be held; NULL: it can */
	bool reconciler_up, reconciler_synced;
	bool puller_up;
};

/* Appends one line per part, "[+]part ok" or "[-]part failed: why". true: all are healthy. */
bool health_alive(const struct health *h, struct buf *out);
bool health_ready(const struct health *h, struct buf *out);

#endif
