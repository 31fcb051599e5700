/*
 * The inside of a struct kube, for the files of this folder: transfers and timers that
 * requests, reflectors and the elector share, and what was learned about the server.
 */
#ifndef DROP_KUBE_CLIENT_H
#define DROP_KUBE_CLIENT_H

#include <sys/queue.h>

#include "kube/credentials.h"
#include "kube/transport.h"
#include "kube/kube.h"
#include "kube/stats.h"
#include "kube/alarms.h"

struct request;
TAILQ_HEAD(requests, request);

struct kube {
	struct credentials cred;
	struct timers timers;
	struct kube_counters counters;
	struct transport *transport;
	struct requests all; /* accepted and not done */
	struct requests
		waiting; /* in line for a place on the write lane, first come first served */
	size_t pending, writing; /* of all; of those, in flight on the write lane */
	uint64_t last_id;
	/* How often the server did not answer a WatchList as it should (reflector.c). */
	int watchlist_strikes;
	char version[64];   /* gitVersion of the server as last read (version.c); "": not yet */
	int64_t version_ms; /* boot ms when it was last asked for; 0: never */
};

uint32_t kube_random(void);
/* A 401 came: reads the credentials again; whether they differ from those refused. */
bool kube_renew_credentials(struct kube *k);
/* Frees what is not done, without calling done. */
void kube_requests_free(struct kube *k);

#endif
