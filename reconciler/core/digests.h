/*
 * Digests that no pod reported (behaviour.md 19). Private to the core.
 *
 * Some runtimes put no more than an image's id into imageID. The node's list names by digest
 * what it has, but of its names only hashes are kept here. So once a node that has just
 * pulled the tag lists it, that Node is read whole: one GET an image, not one a node, and
 * none for what was there without a pull.
 */
#ifndef DROP_RECONCILER_CORE_DIGESTS_H
#define DROP_RECONCILER_CORE_DIGESTS_H

#include "reconciler/core/model.h"

/* A pull has succeeded, and the pod told this digest, or NULL. */
void digest_pulled(struct image *img, const char *digest, bool repull);
/*
 * 19. The node has the image without a pull. The reference tells the digest, or it is known (copied)
 * by a check of the registry; else, with NULL, the Node is read.
 */
void digest_listed(struct core *c, struct image *img, int slot, const char *known);
/* What the node lists was looked at: is it the one to read? */
void digest_look(struct core *c, struct image *img, int slot);
/* The Node was read. answered false: it was not, the next look tries again. */
void digest_read(struct core *c, struct image *img, const char *reference, bool answered,
		 const char *digest);
/* Nothing is owed for the reference any more, or nothing is in flight any more. */
void digest_forget(struct image *img);
void digest_fence(struct image *img);
void digests_run(struct core *c, size_t room, struct arena *a, struct core_actions *ret);

#endif
