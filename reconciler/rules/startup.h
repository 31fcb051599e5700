/*
 * Startup taints (behaviour 45): which taints hold a new node, whose keys may never be removed,
 * what a node waits for before it may open, and until when it is held at the latest. Pure.
 */
#ifndef DROP_RECONCILER_RULES_STARTUP_H
#define DROP_RECONCILER_RULES_STARTUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"

/* Of --startup-taint-deadline, milliseconds. */
#define STARTUP_DEADLINE_MIN_MS (10 * 1000)
#define STARTUP_DEADLINE_MAX_MS (24 * 60 * 60 * 1000)
/* cluster-autoscaler counts a node as failed 15 minutes after its start: a warning above this. */
#define STARTUP_DEADLINE_WARN_MS (14 * 60 * 1000)

struct startup_keys {         /* taint keys separated by commas; NULL or "": none */
	const char *remove;   /* of taints that are removed when the node is warm */
	const char *tolerate; /* of taints that other controllers remove */
};

enum startup_taint { STARTUP_NONE, STARTUP_REMOVE, STARTUP_TOLERATE };
/* What a taint with this key is, whatever its value and effect. */
enum startup_taint startup_taint_of(const struct startup_keys *keys, const char *key);
/* The next key of a list, which *list is moved behind; its length in *ret_len. NULL: no more. */
const char *startup_next(const char **list, size_t *ret_len);

enum startup_fault {
	STARTUP_OK,
	STARTUP_NO_KEY,  /* not a taint key: "" or a wrong character */
	STARTUP_FOREIGN, /* removed by its own controller */
	STARTUP_TWICE,   /* in both lists */
};
/* The first entry that is wrong: its number from 1, and its list in *ret_tolerate. */
enum startup_fault startup_check(const struct startup_keys *keys, size_t *ret_number,
				 bool *ret_tolerate);

/*
 * Its autoscaler or cloud provider has not finished it: an open node would be held again, or
 * would be counted as registered too early.
 */
bool startup_unfinished(const struct node *node);

/*
 * It has a taint of Kubernetes itself (not ready, cordoned, without network ...): what targets it
 * is not known before that has gone, as no image tolerates such a taint.
 */
bool startup_unsettled(const struct node *node);

/*
 * Unix seconds at which the node opens whatever is missing. From when it became Ready, but neither
 * a restart nor a node that becomes Ready again and again postpones it beyond twice the time.
 * ready_s: when it became Ready; 0: it is not Ready.
 */
int64_t startup_deadline(int64_t created_s, int64_t ready_s, int64_t deadline_ms);

#endif
