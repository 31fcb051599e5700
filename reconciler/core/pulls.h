/*
 * One image of a pod: what has become of it. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PULLS_H
#define DROP_RECONCILER_CORE_PULLS_H

#include "reconciler/core/model.h"

void pull_attach(struct core *c, struct pull *p, struct image *img, int slot, struct now now);
void pull_detach(struct core *c, struct pull *p, struct now now);
/* It belongs to nothing. Frees its pod if nothing is left of it: no slot, and no pod there. */
void pull_doom(struct core *c, struct pull *p, struct now now);
/* Records the outcome if there is one by now, else sets the timer of its pod, which was seen. */
void pull_judge(struct core *c, struct pull *p, struct now now);
/* Each live one of its pulls; policy not NULL: those whose image has that policy. */
void pod_judge(struct core *c, struct pull_pod *pod, const struct policy *policy, struct now now);
void pull_done(struct core *c, struct pull *p, struct now now);
/* The API server will not have its pod, which carries nothing else. */
void pull_refused(struct core *c, struct pull *p, const char *text, struct now now);
/* Its pod could not be made so far. */
void pull_not_made(struct core *c, struct pull *p, const char *text, struct now now);
/* The pod has come to nothing: all that was live failed with this; it is freed. */
void pod_lost(struct core *c, struct pull_pod *pod, const struct outcome *o, struct now now);
/* 9. Deleted by someone else before it had an outcome: a fault of the node. */
void pod_deleted(struct core *c, struct pull_pod *pod, struct now now);
/* What it becomes with time on that node, by the policy and the node as they are now. */
struct outcome pull_in_time(struct core *c, const struct pull *p, const struct image *img,
			    int slot);
/*
 * 3, 11. A pod that its kubelet has not taken for this long pulls nothing: until it is taken, its
 * node alone waits, and its policy counts it no more.
 */
#define PULL_UNTAKEN_MS (45 * 1000)
/* A pull that something keeps from ending for this long is named in the image's status (20). */
#define PULL_STUCK_MS (60 * 1000)
/* Does something keep it from ending, besides that pulling takes time? Borrows from the pull. */
bool pull_is_kept(struct core *c, const struct pull *p, const char **reason, const char **message);

#endif
