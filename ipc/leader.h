/*
 * Whether this instance leads, and until when it may write (behaviour 32, must 7): follows the
 * announcements of the watcher, for every process that writes. Pure: announcements and the time are
 * arguments.
 *
 * Doorbells and answers use different sockets and may overtake each other, also across a restart of
 * the watcher; an older announcement must not undo a newer one. All processes share CLOCK_BOOTTIME,
 * so announcements are ordered by the time they were made (lease_said_us).
 */
#ifndef DROP_IPC_LEADER_H
#define DROP_IPC_LEADER_H

#include <stdbool.h>
#include <stdint.h>

struct leader {           /* zeroed: standby */
	uint64_t term;    /* of the lease; 0: this instance does not lead */
	int64_t until_ms; /* boot ms; nothing is written from then on, if term */
	int64_t said_us;  /* boot us of the newest word that counted */
};

enum leader_change {
	LEADER_SAME,  /* a renewal, an older word, or still standby */
	LEADER_BEGAN, /* the lease is held, and was not, or lapsed in between, or is of another term
		       */
	LEADER_ENDED, /* it was held, and is not any more: connections are closed now */
};

/* What the watcher said: the lease of `term` (0: not held) may be used until until_ms. */
enum leader_change leader_heard(struct leader *l, int64_t said_us, uint64_t term, int64_t until_ms,
				int64_t now_ms);
/* Time passed: a lease that was not renewed ends here. true: it ended with this call. */
bool leader_lapsed(struct leader *l, int64_t now_ms);
bool leader_may_write(const struct leader *l, int64_t now_ms);
/* When a write that may take until at_ms must have ended; only while the lease is held. */
int64_t leader_deadline(const struct leader *l, int64_t at_ms);

#endif
