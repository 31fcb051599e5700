/*
 * Which objects name which owners, and the queue of those that the collector (gc.c) is to look
 * at: because an owner went, or because an object waits for its dependents (foreground
 * deletion) or for its namespace's content.
 */
#ifndef DROP_SIM_STORE_OWNERS_H
#define DROP_SIM_STORE_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"

#include "sim/store/store.h"

#define GC_FINALIZER_FOREGROUND "foregroundDeletion"
#define GC_FINALIZER_ORPHAN     "orphan"

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
/* Into the queue, unless it is there. */
void gc_look_at(struct store *s, struct entry *e);
/* The owner itself, if it is there and still the same one. */
struct entry *gc_owner_entry(const struct store *s, const struct gc_owner *o);
void gc_done(struct gc *g);

#endif
