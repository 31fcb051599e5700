/*
 * The objects of one resource as they were at a resourceVersion: what is there now, with the
 * changes since then undone. Pages of one list and lists of a stale cache are read so. Costs
 * O(changes since) to open. Valid until the store changes; memory from the arena.
 */
#ifndef DROP_SIM_STORE_SNAPSHOT_H
#define DROP_SIM_STORE_SNAPSHOT_H

#include "base/arena.h"
#include "sim/store/store.h"

struct snapshot_item {
	const char *ns, *name, *node;
	struct text *text; /* borrowed */
	uint64_t undone;   /* 0: as it is now; else the version of the change that is undone */
};

struct snapshot {
	const struct store *store;
	const struct resource *res;
	const char *ns;                   /* "": all */
	const struct snapshot_item *undo; /* in the order of keys; text NULL: was not there */
	size_t n;
	const char *last_ns, *last_name; /* where it goes on; NULL: the beginning */
	size_t next_undo;
};

/* after_ns, after_name: goes on after that key; NULL: from the beginning. -1: 410, forgotten. */
int snapshot_open(const struct store *s, const struct resource *r, const char *ns, uint64_t rv,
		  const char *after_ns, const char *after_name, struct arena *a,
		  struct snapshot *ret, struct api_error *e);
bool snapshot_next(struct snapshot *s, struct snapshot_item *ret);

#endif
