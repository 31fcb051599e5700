/*
 * Which policy paces what, and what is in flight under each (behaviour.md 1, 11, 12, 55).
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
void policy_count(struct core *c, struct policy *p, const struct pull_pod *pod, int by);
/* 55. The pull, each pull of the pod, in its image: as the pod is counted. */
void policy_count_pull(struct core *c, struct pull *p);
void policy_count_pulls(struct core *c, struct pull_pod *pod);
/* Which policy a pull counts in may have changed: count all again. */
void policies_recount(struct core *c);
/* Something may be startable: of the image, of any. */
void image_wake(struct core *c, struct image *img);
void policies_wake(struct core *c);
/* Room came free on a node: those that waited for it. */
void policies_wake_full(struct core *c);

#endif
