/*
 * The functional core of the reconciler: what is observed goes in, actions come out.
 *
 * It owns: the model of nodes, images, policies and pull pods; which node has which
 * image; what waits, what is in flight, what backs off; the status each image should
 * have. It reads no clock, draws no random number, does no I/O; its memory is its own
 * (base/xalloc.h) and the turn's arena. The same inputs give the same actions.
 *
 * An input costs O(what it touches). Nothing is decided before core_lead(true).
 */
#ifndef DROP_RECONCILER_CORE_H
#define DROP_RECONCILER_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/clock.h"

struct core;

struct core *core_new(void);
void core_free(struct core *c);

/* ---- what is observed (arguments are borrowed for the call) ---- */

/* obj: struct node, pod, cachedimage or pullpolicy by kind; added or changed. */
void core_put(struct core *c, enum kind kind, const void *obj, struct now now);
void core_gone(struct core *c, enum kind kind, const char *name, struct now now);
/* A full read begins; what is not put before core_sweep() is gone. */
void core_mark(struct core *c);
void core_sweep(struct core *c, struct now now);

/*
 * May act: we hold the lease, each kind was read consistently after we began to, and the
 * puller obeys us. false: nothing is emitted, what was asked for is forgotten (the next
 * consistent read tells what came of it).
 */
void core_lead(struct core *c, bool lead, struct now now);

/* ---- what became of actions ---- */

enum core_start_result {
	START_MADE,    /* created, or it existed already */
	START_REFUSED, /* the API server will not have it: PodRejected, text is its message */
	START_FAILED,  /* unknown or not made; the core asks again, same name */
};
void core_started(struct core *c, const char *pod_name, enum core_start_result result,
		  const char *text, struct now now);
/* done false: ask again later. */
void core_deleted(struct core *c, const char *pod_name, bool done, struct now now);

enum core_write_result { WRITE_MADE, WRITE_GONE /* 404, other uid */, WRITE_FAILED };
/* rv: the object's resourceVersion after the write, 0 if unknown. */
void core_written(struct core *c, const char *image_name, const char *image_uid,
		  enum core_write_result result, uint64_t rv, struct now now);

/* ---- what is to be done (everything lives in the turn's arena) ---- */

struct core_start { /* behaviour.md 5, 6 */
	const char *pod_name, *image_name, *image_uid, *node, *node_uid;
	const char *reference, *attempt, *pull_policy;
	struct api_name_refs secrets;
	struct api_tolerations tolerations;
};

struct core_delete {
	const char *pod_name, *pod_uid;
};

struct core_write { /* one status write; at most one in flight an image */
	const char *image_name, *image_uid;
	const struct cachedimage_status *old, *new; /* send the difference */
};

enum core_fact_kind { /* behaviour.md 22 */
		      FACT_PULL_STARTED,
		      FACT_PULL_SUCCEEDED,
		      FACT_PULL_FAILED, /* reason and message: as in the condition; also a repull's
					 */
		      FACT_POD_REFUSED, /* by the API server; reason PodRejected */
		      FACT_EVICTED,     /* the node does not have the image any more (18) */
		      FACT_POLICY_NOT_FOUND, /* message: the policy's name */
		      FACT_NO_NODES,         /* the image targets no node (4) */
		      FACT_COUNT,
};

struct core_fact { /* something worth an event and a line in the log */
	enum core_fact_kind kind;
	const char *image, *image_uid; /* of the CachedImage it is about */
	const char *node;              /* NULL where no single node is concerned */
	const char *reason, *message;  /* why; NULL where the kind says it all */
	int64_t took_ms; /* PULL_SUCCEEDED: since its start, or our first look at it; else 0 */
};

struct core_fact_info { /* by kind: the line in the log */
	bool warn;
	const char *text;
};
extern const struct core_fact_info core_fact_infos[FACT_COUNT];

struct core_actions {
	struct core_start *starts;
	size_t n_starts;
	struct core_delete *deletes;
	size_t n_deletes;
	struct core_write *writes;
	size_t n_writes;
	struct core_fact *facts; /* in the order in which they happened */
	size_t n_facts;
	size_t facts_dropped; /* beyond what is kept between two turns */
};

/* Limits of one turn: the rest waits for the next, so that answers are read in between. */
struct core_room {
	size_t starts, deletes, writes; /* how many more the caller can take now */
};

/* Returns the boot ms of the next thing that time alone makes due, or CLOCK_NEVER. */
int64_t core_turn(struct core *c, struct now now, struct core_room room, struct arena *a,
		  struct core_actions *ret);

#endif
