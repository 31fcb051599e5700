/*
 * Images that take space on a node and that its list does not show: being pulled there, or pulled
 * since the list was made (behaviour 41). Private to the core.
 *
 * Few images of a node are such, and the question comes with each pull that may start: so they are
 * kept for each node that was asked about. The first question looks at each image;
 * from then on pair_settle() keeps it right, as everything that it depends on ends there. Bound:
 * the images of the core, 8 bytes each.
 */
#ifndef DROP_RECONCILER_CORE_UNLISTED_H
#define DROP_RECONCILER_CORE_UNLISTED_H

#include "reconciler/core/model.h"

/* The pair may have become one of them, or not be one any more. */
void unlisted_settle(struct core *c, const struct image *img, int slot);
/* Bytes on the node's disk, by size_on_disk(); img itself does not count, nor images of unknown
 * size. */
uint64_t unlisted_bytes(struct core *c, const struct image *img, int slot);
/* The image is about to be freed. */
void unlisted_forget_image(struct core *c, const struct image *img);
/* Nothing is kept of any node: the next question looks at each image again. */
void unlisted_forget(struct core *c);

#endif
