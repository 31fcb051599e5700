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
#ifndef DROP_RECONCILER_CORE_CORE_H
#define DROP_RECONCILER_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/clock.h"
#include "reconciler/core/actions.h"

struct core;

struct core *core_new(void);
void core_free(struct core *c);
/*
 * Before the first node: taint keys, comma-separated, each a key or a prefix that ends in '*', of
 * nodes that get no pods besides those of the built-in table (2). NULL or "": none.
 */
void core_exclude_taints(struct core *c, const char *keys);

/*
 * Before the first node: the startup taints, and how long a node is held at most (45).
 */
void core_hold_nodes(struct core *c, const char *remove, const char *tolerate, int64_t deadline_ms);
/* Before the first node: each gets the condition of 47; core_hold_nodes() has its deadline. */
void core_node_conditions(struct core *c, bool on);

/* Before the first object: may registries be asked (36)? false until then. */
void core_allow_checks(struct core *c, bool allow);

/*
 * Before a PullPolicy that names it: an IANA time zone (51), which lives as long as the core; NULL:
 * UTC. One that is not known opens no window.
 */
struct zone;
void core_know_zone(struct core *c, const char *name, const struct zone *zone);
bool core_knows_zone(const struct core *c, const char *name);

/* ---- what is observed (arguments are borrowed for the call) ---- */

/* obj: struct node, pod, cachedimage, cachedimageset or pullpolicy by kind; added or changed. */
void core_put(struct core *c, enum kind kind, const void *obj, struct now now);
void core_gone(struct core *c, enum kind kind, const char *name, struct now now);
/* A full read begins; what is not put before core_sweep() is gone. */
void core_mark(struct core *c);
void core_sweep(struct core *c, struct now now);
/* All is read, from lists that began after fresh_ms: a pod that was made before that and was not
 * put came and went unobserved. */
void core_listed(struct core *c, int64_t fresh_ms, struct now now);

/*
 * May act: we hold the lease, each kind was read consistently after we began to, and the
 * puller obeys us. false: nothing is emitted, what was asked for is forgotten (the next
 * consistent read tells what came of it).
 */
void core_lead(struct core *c, bool lead, struct now now);

/* ---- what became of actions ---- */

void core_started(struct core *c, const char *pod_name, enum core_start_result result,
		  const char *text, struct now now);
/* done false: ask again later. */
void core_deleted(struct core *c, const char *pod_name, bool done, struct now now);

/* rv: the object's resourceVersion after the write, 0 if unknown. */
void core_written(struct core *c, const char *image_name, const char *image_uid,
		  enum core_write_result result, uint64_t rv, struct now now);

/* The same, of the status of a PullPolicy. */
void core_policy_written(struct core *c, const char *name, const char *uid,
			 enum core_write_result result, uint64_t rv, struct now now);

/* What became of a core_open. */
void core_opened(struct core *c, const char *node, const char *node_uid,
		 enum core_open_result result, struct now now);

/* What became of a core_condition; not done: again after again_ms. */
void core_condition_written(struct core *c, const char *node, const char *node_uid, bool done,
			    int64_t again_ms, struct now now);

/* 45. Gating images are about to come that the core does not know yet (sets_gate_pending): a node
 * that lacks none of those it knows waits for them, until its deadline at most. */
void core_gate_wait(struct core *c, bool wait);

/*
 * A person orders that a held node opens now, or with NULL that all do; the number of nodes that
 * were held. -1: there is no such node.
 */
int core_order_open(struct core *c, const char *node);

/* What the Node said about a core_resolve; digest NULL: it lists none. answered false: no word. */
void core_resolved(struct core *c, const char *image_name, const char *image_uid,
		   const char *reference, bool answered, const char *digest);

/*
 * What the registry said to a core_check, or that nothing is known: told exactly once for each, or
 * the lead ends (37).
 */
void core_told(struct core *c, const char *image_name, const char *image_uid, const char *reference,
	       const struct core_told *told, struct now now);

/* ---- what is to be done ---- */

/* Returns the boot ms of the next thing that time alone makes due, or CLOCK_NEVER. */
int64_t core_turn(struct core *c, struct now now, struct core_room room, struct arena *a,
		  struct core_actions *ret);

/*
 * The facts so far, if there are at least so many; 0: fewer, which come with the next turn. Like
 * those of a turn they live until facts are handed out again. Facts are counted by their reader,
 * so none is ever dropped: one input adds at most a few for each pull, image and node that it
 * concerns, and between inputs this keeps them from being many.
 */
size_t core_facts(struct core *c, size_t least, const struct core_fact **ret);

#endif
