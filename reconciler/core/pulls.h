/*
 * One pull, from its start to the deletion of its pod. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PULLS_H
#define DROP_RECONCILER_CORE_PULLS_H

#include "reconciler/core/model.h"

struct pull *pull_new(struct core *c, const char *name);
/* Its pod is gone, or it never had one; not counted any more. */
void pull_free(struct core *c, struct pull *p, struct now now);
void pull_attach(struct core *c, struct pull *p, struct image *img, int slot, struct now now);
void pull_detach(struct core *c, struct pull *p, struct now now);
void pull_doom(struct core *c, struct pull *p, struct now now);
/* The answer to its start. */
void pull_started(struct core *c, struct pull *p, enum core_start_result result, const char *text,
		  struct now now);
/* The pod is not deleted: asked for again later. */
void pull_not_deleted(struct core *c, struct pull *p, struct now now);
/* Records the outcome if there is one by now, else sets the timer. */
void pull_judge(struct core *c, struct pull *p, struct now now);
void pull_done(struct core *c, struct pull *p, struct now now);
/* 9. Deleted by someone else before it had an outcome. */
void pull_deleted(struct core *c, struct pull *p, struct now now);
void pull_due(struct core *c, struct pull *p, struct now now);
/* Queues it for deletion if it may be. */
void pull_settle(struct core *c, struct pull *p);
/* o may borrow strings of the outcome that it replaces. */
void pull_set_outcome(struct pull *p, const struct outcome *o);
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
