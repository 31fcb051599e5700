/*
 * What the registry told of an image beyond its digest: the platforms of its index, and the bytes
 * of each (behaviour.md 35, 39). Private to the core. All of it is about the digest in `check`: with
 * another digest nothing is known.
 *
 * They are asked for only where they decide something: platforms once the nodes that the image is
 * for have two, bytes if the image's policy uses them.
 */
#ifndef DROP_RECONCILER_CORE_PLATFORMS_H
#define DROP_RECONCILER_CORE_PLATFORMS_H

#include "reconciler/core/model.h"

/* The number of a platform among those that nodes have; never an error. */
uint8_t platform_number(struct core *c, const char *name);

/* A node that the image is for has this platform. */
void platforms_see(const struct core *c, struct image *img, int slot);
/* Do they decide something, and are they not known? */
bool platforms_owed(struct core *c, const struct image *img);
/* Do platforms matter at all? sizes: do bytes? */
bool platforms_wanted(struct core *c, const struct image *img, bool *ret_sizes);
/* Takes over what was told; list of none: nothing is known. Returns whether that is another list. */
bool platforms_take(struct image *img, const struct image_platforms *list);
/* The names of the platforms that its nodes have. */
size_t platforms_of_nodes(const struct core *c, const struct image *img, struct arena *a,
			  const char ***ret);

/* The registry told that no entry of the index is for this node: a pull could only fail. */
bool platform_lacks(const struct core *c, const struct image *img, int slot);
/* 39. And it has not got the image, either. */
bool platform_left_out(const struct core *c, const struct image *img, int slot);
/* Compressed bytes for a node of that platform ("linux/amd64"); 0: not known. */
int64_t platform_bytes(const struct image *img, const char *platform);

#endif
