/*
 * When the reconciler may write (behaviour.md 32, must 3): the lease is held, then the puller has
 * accepted its session and has no older write in flight, then each kind was read consistently after
 * that. Pure: events in, step out.
 */
#ifndef DROP_RECONCILER_TAKEOVER_H
#define DROP_RECONCILER_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/leader.h"

enum takeover_step {
	TAKEOVER_STANDBY, /* not the leader; read along, decide nothing */
	TAKEOVER_PULLER,  /* leader: the puller has to be told, and to answer */
	TAKEOVER_READ,    /* a list of each kind that began after demand_ms is awaited */
	TAKEOVER_LEAD,    /* act, until until_ms */
};

struct takeover {
	enum takeover_step step;
	struct leader lease;
	uint64_t id;       /* of this leadership; the puller obeys the last id announced */
	int64_t demand_ms; /* TAKEOVER_READ: lists must have begun after it */
};

/* The watcher said who leads until when; id is used if a new leadership begins with it. */
void takeover_lease(struct takeover *s, int64_t said_us, uint64_t term, int64_t until_ms,
		    uint64_t id, int64_t now_ms);
/* Time passed: a lease that was not renewed ends here. */
void takeover_tick(struct takeover *s, int64_t now_ms);
/* The puller obeys `id` and nothing older is in flight since at_ms. */
void takeover_puller_synced(struct takeover *s, uint64_t id, int64_t at_ms);
/* The puller does not know us (it was restarted): announce ourselves again, under a new id. */
void takeover_puller_lost(struct takeover *s, uint64_t id);
/* The model is complete and made of lists that began after fresh_ms. */
void takeover_read(struct takeover *s, int64_t fresh_ms);

/* A request to the puller or the API server is given up after this. */
#define REQUEST_MS 10000
/* When a request made now is given up: after REQUEST_MS, no later than the lease (32). */
int64_t takeover_deadline(const struct takeover *s, int64_t now_ms);

const char *takeover_step_name(enum takeover_step step);

#endif
