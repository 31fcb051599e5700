/*
 * The compacted log (must 2): each object once, ordered by its last change, newest last; deletions
 * leave a bounded number of tombstones. It is the only copy of the cluster's state. Pure: no I/O,
 * no clock.
 *
 * A reader holds a cursor (epoch, seq) and asks for what came after it. A cursor of another epoch,
 * or older than the oldest tombstone, gets a full read.
 */
#ifndef DROP_WATCHER_STORE_H
#define DROP_WATCHER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "ipc/msg.h"

/* Deletions remembered; a reader further behind reads everything again. */
#define STORE_TOMBSTONES_MAX 4096

struct store;

struct store *store_new(uint64_t epoch);
void store_free(struct store *s);

/* Puts the packed object; moves it to the tail only if its bytes differ. Returns whether. */
bool store_put(struct store *s, enum kind kind, const char *name, const void *bytes, size_t len);
/* The packed object, borrowed until the next put; NULL if there is none. */
const void *store_get(const struct store *s, enum kind kind, const char *name, size_t *ret_len);
/* Deletes; returns whether it was there. */
bool store_gone(struct store *s, enum kind kind, const char *name);
/* A list of the kind begins: what is not put until store_sweep() is deleted by it. */
void store_mark(struct store *s, enum kind kind);
void store_sweep(struct store *s, enum kind kind);

uint64_t store_epoch(const struct store *s);
uint64_t store_head(const struct store *s);
size_t store_count(const struct store *s, enum kind kind);
/* Bytes of the packed objects of a kind, with their names. */
size_t store_bytes(const struct store *s, enum kind kind);

/*
 * Fills epoch, head, next, reset, more and changes of ret for the request; the list is
 * in the arena, the objects' bytes are borrowed until the next put. At least one
 * change is returned if there is any, however small max_bytes is.
 */
void store_read(const struct store *s, const struct msg_changes_since *ask, struct arena *a,
		struct msg_changes *ret);

#endif
