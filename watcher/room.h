/*
 * How much of the cluster the store may hold, and which objects there is no room for. Whoever may
 * create objects of ours could fill the memory of everybody else's: so what people make and what
 * the cluster is have a bound each, small objects a share of their own, and what is left out is
 * known by name. Pure bookkeeping over the store: no I/O, no clock.
 */
#ifndef DROP_WATCHER_ROOM_H
#define DROP_WATCHER_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "api/kinds.h"
#include "watcher/store.h"

/* Bytes of all CachedImages, CachedImageSets, PullPolicies and DiscoveryPolicies, packed. */
#define ROOM_OURS_BYTES (32 * 1024 * 1024)
/* An object up to so many bytes is small; small ones alone may go on up to this. */
#define ROOM_SMALL            4096
#define ROOM_OURS_SMALL_BYTES (48 * 1024 * 1024)
/* Bytes of all Nodes and pull pods, packed. */
#define ROOM_CLUSTER_BYTES (96 * 1024 * 1024)
/* Objects left out that are known by name; more are only counted. */
#define ROOM_NAMED_MAX 1000

struct left_out {
	enum kind kind;
	char *name, *uid;
	size_t bytes; /* packed; over the limit of one object: at least so many */
	bool seen;    /* by the list that is going on */
	bool told;    /* for the owner: an event says so */
};

struct room;

struct room *room_new(const struct store *store);
void room_free(struct room *r);

/* Does an object of so many bytes fit, in the place of what the store has of that name? */
bool room_fits(const struct room *r, enum kind kind, const char *name, size_t bytes);
/* There is no room for it. Returns the record if it is new, NULL if it was known, or is not named.
 */
struct left_out *room_leave_out(struct room *r, enum kind kind, const char *name, const char *uid,
				size_t bytes);
/* It is in the store, or gone. */
void room_settle(struct room *r, enum kind kind, const char *name);
/* A list begins, and ends: who was left out and is not named any more is gone. */
void room_mark(struct room *r, enum kind kind);
void room_sweep(struct room *r, enum kind kind);

/* Objects of the kind that are left out. */
size_t room_count(const struct room *r, enum kind kind);
/* Would one of them fit now? Then the kind is to be listed again. */
bool room_again(const struct room *r, enum kind kind);
/* One that nobody was told of; NULL: none. */
struct left_out *room_untold(const struct room *r);

#endif
