/*
 * The objects of the pretend cluster and their history: the part of an API server that
 * is not HTTP. Owns resourceVersions, uids, generations, timestamps; optimistic
 * concurrency, merge patches, the status subresource, deletion with preconditions,
 * finalizers and ownerReference garbage collection. Pure: time is an argument, uids come
 * from the seed. What an object may contain is asked of sim/store/admission/admit.h.
 *
 * An object is immutable text; every change makes a new one. The history keeps the last
 * STORE_HISTORY changes with the text before and after: watches read it by number, stale
 * lists undo it.
 */
#ifndef DROP_SIM_STORE_STORE_H
#define DROP_SIM_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "sim/objects/api_error.h"
#include "sim/objects/resources.h"
#include "sim/store/text.h"

struct store;
typedef struct cJSON cJSON;

#define STORE_OBJECT_MAX  (3 * 512 * 1024) /* bytes of JSON; etcd's request limit is 1.5 MiB */
#define STORE_OBJECTS_MAX 2000000          /* in all: 5,000 nodes x 200 images with room */
#define STORE_HISTORY     65536            /* changes; older resourceVersions are 410 Gone */

struct object {
	const struct resource *res;
	const char *ns; /* "" for cluster-scoped */
	const char *name, *uid;
	uint64_t rv;
	const char *node; /* pods: spec.nodeName; else "" */
	struct text *text;
};

struct change {
	uint64_t rv;
	const struct resource *res; /* of the stored form: events are core/v1 */
	/* NULL before: created; NULL after: deleted. Each has the resourceVersion it had: a watch
	 * shows a deletion with the change's own. */
	struct text *before, *after;
	const char *ns, *name;
	const char *node; /* pods: spec.nodeName; else "" */
	int64_t at_ms;    /* boot ms of the write */
};

struct store *store_new(uint64_t seed);
void store_free(struct store *s);
/* Called for every change, after it was made. Several may be registered, for good. */
void store_listen(struct store *s, void (*fn)(void *ctx, const struct change *change), void *ctx);
/* Called for each pod that is created, before it is checked, dry runs too, as a mutating webhook:
 * may change the tree. One for good. */
void store_mutate(struct store *s, void (*fn)(void *ctx, cJSON *pod), void *ctx);

const struct object *store_get(const struct store *s, const struct resource *r, const char *ns,
			       const char *name);
uint64_t store_rv(const struct store *s);
/* The oldest resourceVersion a watch may start from. */
uint64_t store_oldest(const struct store *s);
/* While on, writes do everything but the change itself (dryRun=All). */
void store_dry_run(struct store *s, bool on);
/* Forgets history: what is older than now is 410 (fault EXPIRE). */
void store_expire(struct store *s);

/* obj is read, not kept. 0, or -1 and e. *ret is valid until the next change. */
int store_create(struct store *s, const struct resource *r, const char *ns, const cJSON *obj,
		 struct now now, const struct object **ret, struct api_error *e);
enum patch_kind {                  /* of a patch's body */
		  PATCH_MERGE,     /* RFC 7386 */
		  PATCH_STRATEGIC, /* lists of built-in kinds are merged by key */
		  PATCH_JSON,      /* RFC 6902 */
};
struct write {
	const struct resource *res;
	const char *ns, *name;
	bool status; /* the status subresource: everything else stays; else status stays */
	bool create; /* update: make it if it is not there */
	enum patch_kind patch;
	bool strict; /* patches: unknown fields in the result are refused */
};
int store_update(struct store *s, const struct write *w, const cJSON *obj, struct now now,
		 const struct object **ret, struct api_error *e);
int store_patch(struct store *s, const struct write *w, const cJSON *patch, struct now now,
		const struct object **ret, struct api_error *e);
enum propagation { PROPAGATE_BACKGROUND, PROPAGATE_FOREGROUND, PROPAGATE_ORPHAN };
struct deletion {
	const char *uid; /* precondition, NULL: none */
	uint64_t rv;     /* precondition, 0: none */
	int64_t grace_s; /* -1: the object's own; pods: 0 removes at once */
	enum propagation how;
};
/* *ret: what is left of it (finalizers, grace), or its last state. */
int store_delete(struct store *s, const struct resource *r, const char *ns, const char *name,
		 const struct deletion *d, struct now now, const struct object **ret,
		 struct api_error *e);
/* Garbage collection and grace periods that are due; returns the next boot ms or CLOCK_NEVER. */
int64_t store_turn(struct store *s, struct now now);

/* In key order from after `from` (ns, name; NULL: the beginning); false: the end. */
bool store_next(const struct store *s, const struct resource *r, const char *from_ns,
		const char *from_name, const struct object **ret);
/* The change with the least rv > after; NULL: none. Watches walk with it. */
const struct change *store_change_after(const struct store *s, uint64_t after);
/* The version that was the latest at that moment, as far as history knows. */
uint64_t store_rv_at(const struct store *s, int64_t boot_ms);

#endif
