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
/* Those handed out before are gone. */
void facts_take(struct core *c, struct core_actions *ret);
/* The counts of the pulls that were not needed, since the last turn. */
void avoided_take(struct core *c, struct core_actions *ret);
void facts_done(struct core *c);

#endif
