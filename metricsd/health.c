/* The format is that of the API server: [+]name ok, [-]name failed: reason. */
#include "metricsd/health.h"

#include <stddef.h>
#include <stdio.h>

#define LEASE_TEXT_MAX 160

/* why: NULL if the part is healthy. */
static bool part(struct buf *out, const char *name, const char *why, const char *note)
{
	if (why != NULL)
		buf_addf(out, "[-]%s failed: %s\n", name, why);
	else
		buf_addf(out, "[+]%s ok%s%s\n", name, note != NULL ? ": " : "",
			 note != NULL ? note : "");
	return why == NULL;
}

bool health_alive(const struct health *h, struct buf *out)
{
	bool well = part(out, "supervisor", h->supervisor_alive ? NULL : "main loop is stuck",
			 h->supervised ? NULL : "no supervisor, processes run on their own");
	return part(out, "metricsd", NULL, NULL) && well;
}

bool health_ready(const struct health *h, struct buf *out)
{
	const char *caches = !h->watcher_up       ? "watcher does not answer"
			     : !h->watcher_synced ? "initial lists are not complete"
						  : NULL;
	char cannot[LEASE_TEXT_MAX];
	snprintf(cannot, sizeof(cannot), "cannot be acquired or renewed: %s",
		 h->lease_trouble != NULL ? h->lease_trouble : "");
	const char *lease = !h->watcher_up             ? "watcher does not answer"
			    : h->lease_trouble != NULL ? cannot
			    : !h->lease_known          ? "holder is not known yet"
						       : NULL;
	const char *reconciler = !h->reconciler_up       ? "does not answer"
				 : !h->reconciler_synced ? "initial state is not complete"
							 : NULL;
	bool well = part(out, "caches", caches, NULL);
	well = part(out, "lease", lease,
		    h->leads ? "held, this replica is the leader" : "this replica is a standby") &&
	       well;
	well = part(out, "reconciler", reconciler, NULL) && well;
	return part(out, "puller", h->puller_up ? NULL : "does not answer", NULL) && well;
}
