/*
 * When the reconciler may act (behaviour.md 32, design.md must 3): it holds the lease,
 * then the puller obeys it and has no older write in flight, then each kind was read
 * consistently after that moment. Pure: what happened goes in, the step comes out.
 */
#ifndef DROP_RECONCILER_SESSION_H
#define DROP_RECONCILER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

enum session_step {
	SESSION_STANDBY, /* not the leader; read along, decide nothing */
	SESSION_PULLER,  /* leader: the puller has to be told, and to answer */
	SESSION_READ,    /* a list of each kind that began after demand_ms is awaited */
	SESSION_LEAD,    /* act, until until_ms */
};

struct session {
	enum session_step step;
	uint64_t id;       /* of this leadership; the puller obeys the last id announced */
	uint64_t term;     /* lease term it belongs to */
	int64_t until_ms;  /* nothing is written after it */
	int64_t demand_ms; /* SESSION_READ: lists must have begun after it */
};

/* The watcher said who leads until when; id is used if a new leadership begins with it. */
void session_lease(struct session *s, uint64_t term, int64_t until_ms, uint64_t id, int64_t now_ms);
/* Time passed: a lease that was not renewed ends here. */
void session_tick(struct session *s, int64_t now_ms);
/* The puller obeys `id` and nothing older is in flight since at_ms. */
void session_puller_synced(struct session *s, uint64_t id, int64_t at_ms);
/* The puller does not know us (it was restarted): announce ourselves again, under a new id. */
void session_puller_lost(struct session *s, uint64_t id);
/* The model is complete and made of lists that began after fresh_ms. */
void session_read(struct session *s, int64_t fresh_ms);

const char *session_step_name(enum session_step step);

#endif
