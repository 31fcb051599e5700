/*
 * The last changes of all objects, by resourceVersion, which has no gaps: a ring. Bounded
 * by number and by bytes of text; what falls out makes older watches and lists 410 Gone.
 */
#ifndef DROP_SIM_STORE_HISTORY_H
#define DROP_SIM_STORE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/store/store.h"

/* Approximate limit of texts that only the history keeps: large Node objects would fill memory. */
#define HISTORY_BYTES_MAX (256u * 1024 * 1024)

struct record {
	struct change change;
	struct text *key; /* what change.ns, name and node point into */
};

struct history {
	struct record *ring; /* STORE_HISTORY records */
	uint64_t first;      /* resourceVersion of the oldest record */
	size_t n;
	size_t bytes;
};

void history_init(struct history *h, uint64_t first);
void history_done(struct history *h);
/* References of texts and key are taken over. change->rv follows the last one. */
void history_add(struct history *h, const struct record *record);
void history_clear(struct history *h);
/* NULL: forgotten, or not yet made. */
const struct record *history_at(const struct history *h, uint64_t rv);

#endif
