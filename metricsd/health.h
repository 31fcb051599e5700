/*
 * /healthz and /readyz: what is alive, and what can act (must 11). Pure.
 *
 * Healthy: the supervisor and metricsd go round; what else died is the supervisor's to start
 * again. Ready: the watcher knows every kind and who holds the lease, the reconciler has read it,
 * the puller is there; leading or warm standby. A replica that cannot hold the lease is no standby.
 */
#ifndef DROP_METRICSD_HEALTH_H
#define DROP_METRICSD_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"

struct health {
	bool supervised, supervisor_alive;
	bool watcher_up, watcher_synced, lease_known, leads;
	const char *lease_trouble; /* why it cannot be held; NULL: nothing is wrong */
	bool reconciler_up, reconciler_synced;
	bool puller_up;
};

/* One line a part, "[+]part ok" or "[-]part failed: why"; whether all are well. */
bool health_alive(const struct health *h, struct buf *out);
bool health_ready(const struct health *h, struct buf *out);

#endif
