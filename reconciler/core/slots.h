/*
 * Nodes by name and by slot, and every array that has a place for each slot.
 * Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_SLOTS_H
#define DROP_RECONCILER_CORE_SLOTS_H

#include "reconciler/core/model.h"

int node_find(const struct core *c, const char *name); /* slot or -1 */
/* 18. Does the node say that it has the image, by the name that the image is pulled by? */
bool node_lists(const struct core *c, const struct image *img, int slot);
/* The slot of that name; a new one is present == false. */
int node_claim(struct core *c, const char *name);
/* Its node is gone and nothing is known of it any more. */
void slot_free(struct core *c, int slot);
void slots_done(struct core *c);
/* Gives a new image or policy its arrays. */
void slots_of_image(const struct core *c, struct image *img);
void slots_of_policy(const struct core *c, struct policy *p);

#endif
