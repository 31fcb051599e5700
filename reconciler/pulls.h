/*
 * The life of one pull, from wanted to deleted. Private to the core.
 */
#ifndef DROP_RECONCILER_PULLS_H
#define DROP_RECONCILER_PULLS_H

#include "reconciler/model.h"

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
void pull_set_outcome(struct pull *p, const struct outcome *o);

#endif
