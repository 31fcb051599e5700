/*
 * Which policy paces what, and what is in flight under each (behaviour.md 1, 11, 12).
 * Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_POLICIES_H
#define DROP_RECONCILER_CORE_POLICIES_H

#include "reconciler/core/model.h"

void policy_init(struct policy *p);
struct policy *policy_hold(struct core *c, const char *name); /* NULL: the default */
void policy_release(struct core *c, struct policy *p);
/*
 * changed: it is new, or its spec is another. What follows for images is images_policy_changed(),
 * what was observed of its status is policy_status_observe().
 */
struct policy *policy_put(struct core *c, const struct pullpolicy *pp, bool *changed);
void policies_done(struct core *c);
/* The policy whose back-off, timeout, tolerations and repulls apply to the image. */
struct policy *policy_of_image(struct core *c, const struct image *img);
/* The policy that paces the image on the node (behaviour.md 1). */
struct policy *policy_of_pair(struct core *c, const struct image *img, int slot);
/* 11, 12. What keeps a pull on the node from starting, as far as the policy is concerned. */
enum pace {
	PACE_FREE,
	PACE_PULLS,      /* maxConcurrentPulls */
	PACE_BYTES,      /* maxBytesPerSecond (40) */
	PACE_DELAY,      /* minDelayBetweenPulls: only the last node may go on */
	PACE_NODES,      /* maxConcurrentNodes: only nodes that pull already */
	PACE_NODE_PULLS, /* maxPullsPerNode */
	PACE_HELD_NODES, /* maxHeldNodes (46) */
};
/* Pulls, and nodes with one, that count under the policy: those in flight and pods that leave. */
int64_t policy_pulls(const struct policy *p);
int64_t policy_nodes(const struct policy *p);
enum pace policy_pace(const struct core *c, const struct policy *p, int slot, int64_t now_ms);
/* 46. The same for a pull that a held node waits for. */
enum pace policy_pace_apart(const struct core *c, const struct policy *p, int slot, int64_t now_ms);
void policy_count(struct core *c, struct policy *p, const struct pull_pod *pod, int by);
/* Which policy a pull counts in may have changed: count all again. */
void policies_recount(struct core *c);
void policy_started(struct policy *p, int slot, int64_t now_ms);
/* Something may be startable: of the image, of any. */
void image_wake(struct core *c, struct image *img);
void policies_wake(struct core *c);
/* Room came free on a node: those that waited for it. */
void policies_wake_full(struct core *c);

#endif
