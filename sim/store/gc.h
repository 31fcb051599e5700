/*
 * Garbage collection: which objects name which owners, and what is to be looked at because
 * an owner went, or because an object waits for its dependents (foreground deletion) or for
 * its namespace's content. The work itself is done by gc_turn, after the request that caused
 * it, as the collector of a real cluster comes after.
 */
#ifndef DROP_SIM_STORE_GC_H
#define DROP_SIM_STORE_GC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/map.h"

#include "sim/store/store.h"

#define GC_FINALIZER_FOREGROUND "foregroundDeletion"
#define GC_FINALIZER_ORPHAN     "orphan"
/* Objects looked at in one turn; the rest waits for the next, so that requests are served. */
#define GC_TURN_MAX 512

struct entry;

struct gc_owner { /* an object that others name as their owner, whether it exists or not */
	char *uid, *name, *ns;      /* ns: of a dependent; an owner is there or in no namespace */
	const struct resource *res; /* NULL: of a kind that we don't have: left alone */
	struct entry **dependents;
	size_t n, cap;
};

struct gc_item { /* an object to be looked at */
	const struct resource *res;
	struct text *key;
};

struct gc {
	struct map owners; /* by uid */
	struct gc_item *items;
	size_t head, n, cap;
	size_t terminating; /* namespaces that wait for their content to go */
};

/* Keeps the index right after e got this content. */
void gc_changed(struct store *s, struct entry *e, const cJSON *obj);
/* Before e is freed. */
void gc_removed(struct store *s, struct entry *e);
/* Looks at what is due; true: there is more. */
bool gc_turn(struct store *s, struct now now);
void gc_done(struct gc *g);

#endif
