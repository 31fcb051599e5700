/*
 * One image on one node. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_PAIRS_H
#define DROP_RECONCILER_CORE_PAIRS_H

#include "reconciler/rules/cause.h"
#include "reconciler/core/pair_delay.h"

void pair_settle(struct core *c, struct image *img, int slot, struct now now);
/* Judges whether the image targets the node (behaviour.md 1), and settles the pair. */
void pair_place(struct core *c, struct image *img, int slot, struct now now);
void pairs_place(struct core *c, struct image *img, struct now now); /* all of the image */
/* Counting begins anew: no node is left out for its platform. */
void pairs_include(const struct core *c, struct image *img);
/*
 * The node's list of images is another, or the image is: notes its size there, and settles the
 * pair. If the image is proven absent it is not cached any more (18).
 */
void pair_look(struct core *c, struct image *img, int slot, struct now now);
void pairs_look(struct core *c, struct image *img, struct now now); /* all of the image */
/* Another machine, or another reference: what was listed there says nothing. */
void pair_unlisted(struct image *img, int slot);
void pair_clear(struct core *c, struct image *img, int slot, struct now now);
/*
 * 17, 17a. The node lists the image, a pull could bring nothing new, and its kubelet gives it to
 * any pod: no pod is needed.
 */
bool pair_listed(const struct core *c, const struct image *img, int slot);
/* It wants a pull, and a pod of an earlier one is still there (core.held_back). */
bool pair_held_back(const struct image *img, int slot);
/* It is there, as of now. */
void pair_cached(struct pair *p, struct now now);
void pair_failed(struct core *c, struct image *img, int slot, enum fault fault, const char *reason,
		 const char *message);
/* The image's timer has run out: back-offs and repulls. */
void pairs_due(struct core *c, struct image *img, struct now now);

/* Tells that a new node has all its images, once it has; not of one that needs none. */
void node_settle_warm(struct core *c, int slot, struct now now);

#endif
