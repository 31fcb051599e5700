/*
 * Questions to the registry and their answers (behaviour.md 37): which images ask, what an answer
 * means for all nodes, what of it is in the status. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_CHECK_ANSWERS_H
#define DROP_RECONCILER_CORE_CHECK_ANSWERS_H

#include "reconciler/core/model.h"

void checks_run(struct core *c, struct now now, size_t room, struct arena *a,
		struct core_actions *ret);
void check_told(struct core *c, struct image *img, const struct core_told *told, struct now now);
/* The node's list is another: it may have got by others what the registry has, or shows now that it
 * has not. */
void check_look(struct core *c, struct image *img, int slot, struct now now);

/* From the status, after a restart; before the pairs are made sense of. */
void check_adopt(struct image *img, const struct cachedimage_status *st);
/* Unix seconds at which the names in cachedNodes count as pulled. */
int64_t check_known_s(const struct image *img, int64_t pulled_s);
/* The pairs are there: an earlier leader may not have finished what it saw. */
void check_begin(struct core *c, struct image *img);
/* The same, if the registry could not be asked then: something that may have been in the way is
 * gone. */
void check_resume(struct core *c, struct image *img);
/* For the status; NULL: never asked. settled: each node that has it was proven or pulled since. */
struct registry_status *check_status(struct image *img, bool settled, struct arena *a);

#endif
