/*
 * How many bytes a pull of an image on a node moves (behaviour 40): the compressed bytes for the
 * node's platform. Private to the core, and the only place that says so.
 *
 * What nodes list is used: containerd lists compressed bytes. A node of the same platform is
 * believed before one of another; a runtime that lists what an image takes on the disk (CRI-O,
 * cri-dockerd) only where no other lists it: that is more than a pull moves. Of several numbers
 * the largest since the reference last changed counts, so that nothing flaps. They are rounded down
 * by less than 0.1 % (presence.h).
 */
#ifndef DROP_RECONCILER_CORE_SIZES_H
#define DROP_RECONCILER_CORE_SIZES_H

#include "reconciler/core/model.h"

/* Bytes of an image that nobody knows, while no image's are known. */
#define SIZE_ASSUMED (UINT64_C(256) << 20)

/* More is not believed, so that sums fit: 64 TiB. */
#define SIZE_LARGEST (UINT64_C(1) << 46)

/* Compressed bytes of the image on the node's platform, in ret; false: not known. */
bool image_bytes(const struct core *c, const struct image *img, int slot, uint64_t *ret);
/* The largest of those on any platform; false: none is known. */
bool image_bytes_anywhere(const struct image *img, uint64_t *ret);
/* The mean of the images whose bytes are known; SIZE_ASSUMED if none is. Looks at each image. */
uint64_t size_mean(const struct core *c);

/* The node lists the image with this size. */
void size_listed(const struct core *c, struct image *img, int slot, presence_size size);
/* Its reference is another. */
void sizes_forget(struct image *img);

/* Does that runtime ("cri-o://1.34.0") list what an image takes on the disk? NULL: it does not. */
bool size_is_unpacked(const char *runtime);

#endif
