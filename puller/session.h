/*
 * Which requests the puller accepts, and until when it may write (behaviour.md 32, musts 3, 7).
 * Pure: messages and the time are the input.
 *
 * The input is the lease, from the watcher, with the deadline for writes of this instance, and the
 * session, from the reconciler: only requests of the newest session are accepted. A session is a
 * random number of one leadership term of one reconciler process.
 */
#ifndef DROP_PULLER_SESSION_H
#define DROP_PULLER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/leader.h"

/* The watcher rings every 2 s; so long without a word, and we ask. */
#define LEASE_ASK_MS 5000

struct session {
	uint64_t id; /* the accepted session; 0: none was announced yet */
	struct leader lease;
	int64_t heard_ms; /* when the watcher spoke last; 0: never */
};

enum admission {
	ADMIT_OK,
	ADMIT_OTHER_SESSION, /* of another session than the announced one */
	ADMIT_LATE,          /* valid_until has passed */
	ADMIT_NO_LEASE,      /* nothing may be written now; may be asked again */
};
const char *admission_text(enum admission v);

/* May a pod be created for that request? */
enum admission session_start(const struct session *s, uint64_t id, int64_t valid_until_ms,
			     int64_t now_ms);
/*
 * May a pod be deleted? As above, and a puller that was just started, to which no session
 * was announced, deletes for any: a delete is asked for only when its outcome is recorded,
 * and is bound to a uid (behaviour.md 10), so that it is right for any sender. Sessions
 * announced later still wait for it.
 */
enum admission session_delete(const struct session *s, uint64_t id, int64_t valid_until_ms,
			      int64_t now_ms);
#endif
