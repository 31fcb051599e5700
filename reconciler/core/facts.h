/*
 * Facts for the log, events and metrics (behaviour.md 22). Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_FACTS_H
#define DROP_RECONCILER_CORE_FACTS_H

#include "reconciler/core/model.h"

void fact_add(struct core *c, const struct core_fact *fact); /* copied */
void fact_of_image(struct core *c, enum core_fact_kind kind, const struct image *img,
		   const char *message);
/* Says once that an image has no node (behaviour.md 4), and again after it had some. */
void fact_no_nodes(struct core *c, struct image *img);
void fact_no_policy(struct core *c, const struct image *img);
void facts_take(struct core *c, struct arena *a, struct core_actions *ret);

#endif
