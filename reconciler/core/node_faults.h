/*
 * Nodes that start no pods, whatever the image (behaviour.md 14). Private to the core.
 *
 * Its back-off belongs to the node: while it lasts, no image starts a pull there; after it, one
 * pull at a time is a probe. Until one succeeds, pulls on the node come after those of other
 * nodes. An event that may have repaired it (the node became Ready again, an image that targets it
 * was changed) ends the wait, but not the limit of one pull; another machine of that name ends
 * both.
 */
#ifndef DROP_RECONCILER_CORE_NODE_FAULTS_H
#define DROP_RECONCILER_CORE_NODE_FAULTS_H

#include "reconciler/core/model.h"

/* A pull that began at started_ms failed for a reason that concerns the node. Borrows text. */
void node_fault_add(struct core *c, int slot, struct backoff backoff, const char *reason,
		    const char *message, int64_t started_ms, struct now now);
/* A pull succeeded there, or it is another machine. */
void node_fault_clear(struct core *c, int slot);
/* It may have been mended: the next probe need not wait. */
void node_fault_retry(struct core *c, int slot, struct now now);
/* After a promotion: from what the failedNodes of all images say. */
void node_faults_restore(struct core *c, struct now now);
/* May one more pull start there? until is lowered to when time alone changes that. */
bool node_fault_room(const struct core *c, int slot, int64_t now_ms, int64_t *until);
/* It failed last, or may be removed soon: it comes after other nodes. */
bool node_comes_last(const struct core *c, int slot);

#endif
