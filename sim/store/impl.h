/*
 * What the parts of the store share: the entry that holds an object in its index, and how a
 * change is made. Private to this room, and for sim/apiserver/watch.c.
 *
 * Invariants: every change goes through store_put or store_remove, which give it the next
 * resourceVersion and tell history, garbage collection and listeners, in this order.
 */
#ifndef DROP_SIM_STORE_IMPL_H
#define DROP_SIM_STORE_IMPL_H

#include "sim/store/history.h"
#include "sim/store/owners.h"
#include "sim/store/store.h"

#define STORE_LISTENERS_MAX 8

struct entry {
	struct object obj;
	struct entry *left, *right; /* of the index, see sim/store/index.h */
	uint32_t priority;
	bool deleting; /* has a deletionTimestamp */
	bool queued;   /* gc will look at it */
	/*
	 * Of a kind with a default in its status, and not written since its create: a real server
	 * has stored it without, so that the next write changes it, whatever it says.
	 */
	bool bare;
	struct text *key;
	struct gc_owner **owners; /* whom its ownerReferences name */
	size_t n_owners;
};

struct listener {
	void (*fn)(void *ctx, const struct change *change);
	void *ctx;
};

struct store {
	struct entry **roots; /* by resource, see sim/store/index.h */
	size_t objects;
	uint64_t rv, random;
	int64_t now_ms; /* boot ms of the write at hand */
	bool dry;       /* see store_dry_run */
	struct history history;
	struct gc gc;
	struct listener listeners[STORE_LISTENERS_MAX];
	size_t n_listeners;
	void (*mutate)(void *ctx, cJSON *pod); /* NULL: nobody */
	void *mutate_ctx;
	struct object ghost; /* what the last removal or dry run returned */
	struct text *ghost_key;
};

/* index.c. Events of both groups are kept as one resource. */
const struct resource *store_home(const struct resource *r);
struct entry *store_find(const struct store *s, const struct resource *r, const char *ns,
			 const char *name);
/* uid.c */
void store_new_uid(struct store *s, char out[37]);
uint64_t store_random(struct store *s);

/*
 * store.c. Adds (e NULL) or replaces an object: obj in its stored form, with complete metadata in
 * the stored order. Unchanged text changes nothing, unless it is bare. -1: larger than
 * STORE_OBJECT_MAX.
 */
int store_put(struct store *s, const struct resource *home, struct entry *e, cJSON *obj,
	      const struct object **ret, struct api_error *err);
/* Takes it out; ret: its last state. */
void store_remove(struct store *s, struct entry *e, const struct object **ret);
/* Removes everything without telling listeners; the next write gets the version after rv. */
void store_clear(struct store *s, uint64_t rv);
/* Puts an object back in its stored form and version, likewise (sim/store/copy.c). */
void store_load(struct store *s, const struct resource *home, struct text *text, uint64_t rv);
/* An object that is not kept, as the answer of a write. */
void store_show(struct store *s, const struct resource *home, uint64_t rv, cJSON *obj,
		const struct object **ret);

#endif
