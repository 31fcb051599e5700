/*
 * One event "Pulled" of a kubelet, read from the JSON of a core/v1 Event (behaviour 52): which
 * image a container starts with, on which node, and whether it was there or was pulled. Pure.
 *
 * Whoever may create events can write all of this: what it says is not yet believed (fold.h).
 */
#ifndef DROP_USAGE_PULLED_H
#define DROP_USAGE_PULLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Bytes of the message that are read. */
#define PULLED_MESSAGE_MAX 1024

struct pulled {            /* texts live in the arena */
	const char *uid;   /* of the event */
	uint64_t rv;       /* its resourceVersion */
	int64_t created_s; /* by the API server's clock, unix seconds */
	int64_t last_s;    /* by the node's clock: when it happened last; 0: not said */
	uint64_t count;    /* how often it happened, at least 1 */
	bool combined;     /* stands for other events of the pod, too, of which it is the last */
	const char *ns, *pod_uid;
	const char *container; /* "" if not said */
	const char *node;
	const char *image; /* in normal form */
	uint64_t hash;     /* ref_hash() of it */
	bool was_pulled;   /* false: the image was there */
	double seconds;    /* of the pull without waiting; -1: not said */
	double waited;     /* including waiting; -1: not said */
	double bytes;      /* of the image; -1: not said */
};

/* 1: it is one. 0: another event, or one of nobody's container. -1: it cannot be decoded. */
int pulled_read(const char *json, size_t len, struct arena *a, struct pulled *ret, struct err *err);

#endif
