/*
 * Who else writes the taints of new nodes: Karpenter, which registers a node and adds startup
 * taints that are gone by then; a cloud controller manager, which removes its own taint; a provider
 * that puts a taint back for ever. By the fields `startupTaints` and `karpenter` of the node's
 * group.
 *
 * Talks to the store only; time is an argument. A write is made on the Node as it is at that
 * moment, so that none is lost or repeated.
 */
#ifndef DROP_SIM_PLAY_STARTUP_TAINTS_H
#define DROP_SIM_PLAY_STARTUP_TAINTS_H

#include "base/clock.h"

#include "sim/scenario/scenario.h"
#include "sim/store/store.h"

struct startup_taints;

enum { STARTUP_WRITES_MAX = 65536 }; /* that are due later; no more are noted */

/* Listens to the store, which must outlive the last change made to it. The scenario is borrowed. */
struct startup_taints *startup_taints_new(struct store *store, const struct sim_scenario *scenario);
void startup_taints_free(struct startup_taints *s);
/* Has the Node one of the startup taints of its group? */
bool startup_taints_left(const struct store *store, const struct sim_scenario *scenario,
			 const char *node);
/* Makes the writes that are due; returns the boot ms of the next, or CLOCK_NEVER. */
int64_t startup_taints_turn(struct startup_taints *s, struct now now);

#endif
