/*
 * Memory limits of the store, and the objects that are left out because of them. A user who may
 * create objects of drop's kinds must not use up the memory for all others: so there is one limit
 * for these and one for Nodes and pods, small objects have a share of their own, and objects that
 * are left out are listed by name. Pure: no I/O, no clock.
 */
#ifndef DROP_WATCHER_QUOTA_H
#define DROP_WATCHER_QUOTA_H

#include <stdbool.h>
#include <stddef.h>

#include "api/kinds.h"
#include "watcher/store.h"

/* Bytes of one object, packed; a larger one is never in the store. */
#define QUOTA_OBJECT_MAX (512 * 1024)
/* Bytes of all CachedImages, CachedImageSets, PullPolicies and DiscoveryPolicies, packed. */
#define QUOTA_OURS_BYTES (32 * 1024 * 1024)
/* An object up to so many bytes is small; small ones alone may go on up to this. */
#define QUOTA_SMALL            4096
#define QUOTA_OURS_SMALL_BYTES (48 * 1024 * 1024)
/* Bytes of all Nodes and pull pods, packed. */
#define QUOTA_CLUSTER_BYTES (96 * 1024 * 1024)
/* Objects left out that are known by name; more are only counted. */
#define QUOTA_NAMED_MAX 1000

struct left_out {
	enum kind kind;
	char *name, *uid;
	size_t bytes; /* packed; over QUOTA_OBJECT_MAX: more than that, and it never fits */
	bool seen;    /* by the list that is going on */
	bool told;    /* for the owner: an event says so */
};

struct quota;

struct quota *quota_new(const struct store *store);
void quota_free(struct quota *r);

/* Does an object of so many bytes fit, in the place of what the store has of that name? */
bool quota_fits(const struct quota *r, enum kind kind, const char *name, size_t bytes);
/* The object exceeds the limit. Returns the record if it is new, NULL if it was known, or is not
 * named.
 */
struct left_out *quota_leave_out(struct quota *r, enum kind kind, const char *name, const char *uid,
				 size_t bytes);
/* It is in the store, or gone. */
void quota_settle(struct quota *r, enum kind kind, const char *name);
/* A list begins, and ends: who was left out and is not named any more is gone. */
void quota_mark(struct quota *r, enum kind kind);
void quota_sweep(struct quota *r, enum kind kind);

/* Objects of the kind that are left out. */
size_t quota_count(const struct quota *r, enum kind kind);
/* Would one of them fit now? Then the kind is to be listed again. */
bool quota_again(const struct quota *r, enum kind kind);
/* One that nobody was told of; NULL: none. */
struct left_out *quota_untold(const struct quota *r);
/* Those known by name, each once while nothing changes; *i begins at 0. NULL: no more. */
const struct left_out *quota_next(const struct quota *r, enum kind kind, size_t *i);
/* The limit that it exceeds, as a sentence without its full stop. */
const char *quota_why(const struct left_out *l);

#endif
