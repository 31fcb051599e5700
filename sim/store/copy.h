/*
 * A backup of the store, and the store as it was then: what a cluster is after its etcd was
 * restored from a backup. Objects come back with their uids and resourceVersions, what was made
 * since is gone, and the next write gets the version after the backup's: versions are used twice,
 * with other content. Listeners are not told: they must read everything again.
 */
#ifndef DROP_SIM_STORE_COPY_H
#define DROP_SIM_STORE_COPY_H

#include "sim/store/store.h"

struct store_copy;

/* Costs a reference an object; texts are shared with the store. */
struct store_copy *store_copy_new(const struct store *s);
void store_copy_free(struct store_copy *c);
/* Pointers to objects and changes of the store are no longer valid; its history is forgotten. */
void store_restore(struct store *s, const struct store_copy *c);

#endif
