/*
 * Which images go into one pod (behaviour 42). Pure: what may start on the node at this moment, and
 * in which order, is the queue's to say.
 */
#ifndef DROP_RECONCILER_RULES_BATCH_H
#define DROP_RECONCILER_RULES_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"

/* Compressed bytes of one pod together. */
#define BATCH_BYTES_MAX (UINT64_C(1) << 30)
/* 44. After the API server has refused a pod of several images, the policy makes none for so long.
 */
#define BATCH_PAUSE_MS (10 * 60 * 1000)
/* 43. The most that pullTimeout is stretched to for a pod of several images. */
#define BATCH_TIMEOUT_MAX_MS (2 * 60 * 60 * 1000)

struct batch_item {       /* an image that may start on the node now */
	const char *host; /* of its registry */
	const struct api_name_refs *secrets;
	const struct pod_metadata *metadata; /* the pod has one */
	bool proven;                         /* some node has pulled this reference */
	bool first_try;                      /* this node has not failed to since it last had it */
	bool sized;                          /* bytes are known */
	uint64_t bytes;                      /* compressed */
};

struct batch { /* zeroed but for what is allowed: empty */
	size_t max;         /* images */
	uint64_t max_bytes; /* of all but a first that has more; 0: BATCH_BYTES_MAX */
	size_t n;
	uint64_t bytes;
	struct batch_item first;
};

/* Takes the item in if it may go with those taken; the first is always taken. */
bool batch_add(struct batch *b, const struct batch_item *item);
/* Could anything be added? */
bool batch_open(const struct batch *b);
/* How long a pod of n images may pull whose policy gives one image timeout_ms (43). */
int64_t batch_timeout_ms(int64_t timeout_ms, size_t n);

#endif
