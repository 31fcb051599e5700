/*
 * Opening of held nodes (behaviour 45, 46): which node's startup taints are removed, when, and
 * what is told about it. Private to the core.
 *
 *   node_put ─▶ held.c ─┐                          ┌─▶ core_open ─▶ node_open ─▶ puller: GET, PATCH
 *   pair_settle ────────┼─▶ marked ─▶ gate_run() ──┤                                    │
 *   fault of an image ──┘             one decision └─▶ facts: events, metrics           │
 *                                          ▲───────────── gate_opened() ◀───────────────┘
 *
 * That a node is open is decided once and stays for its uid, so a tag that moves, or an image that
 * joins the gating ones, does not hold it again. Nothing of it is stored: after a restart the
 * node's own times give the same deadline, and its images the same answer.
 */
#ifndef DROP_RECONCILER_CORE_GATE_H
#define DROP_RECONCILER_CORE_GATE_H

#include "reconciler/core/gate_images.h"

/* A taint that comes back is removed again after this, doubling to the maximum. */
#define GATE_AGAIN_MIN_MS 1000
#define GATE_AGAIN_MAX_MS (5 * 60 * 1000)
/* When another client changed the taints meanwhile. */
#define GATE_CHANGED_MS 200
/* So often it has to come back for the event GateContested. */
#define GATE_CONTESTED 3

/* All held nodes are looked at: we lead now. */
void gate_begin(struct core *c);
/* Looks at the marked nodes and those whose time has come; hands out at most room removals. */
void gate_run(struct core *c, struct now now, size_t room, struct arena *a,
	      struct core_actions *ret);
/* A timer of a node has run out. */
void gate_due(struct core *c, struct held *h);
/* What became of a removal. */
void gate_opened(struct core *c, int slot, enum core_open_result result, struct now now);
/* Requested by a user, even if images are missing. false: the node is not held. */
bool gate_order(struct core *c, int slot);
/* Which gating images are missing, and what keeps each, for people; in the scratch. */
const char *gate_missing_text(struct core *c, int slot, struct now now);

#endif
