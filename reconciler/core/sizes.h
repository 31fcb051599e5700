/*
 * How many bytes a pull of an image on a node moves (behaviour 40): the compressed bytes for the
 * node's platform. Private to the core, and the only place that says so.
 *
 * What the registry told counts first (platforms.h). Then what nodes list: containerd lists
 * compressed bytes. A node of the same platform is believed before one of another; a runtime that
 * lists what an image takes on the disk (CRI-O, cri-dockerd) only where no other lists it: that is
 * more than a pull moves. Of several numbers the largest since the reference last changed counts,
 * so that nothing flaps. They are rounded down by less than 0.1 % (presence.h).
 */
#ifndef DROP_RECONCILER_CORE_SIZES_H
#define DROP_RECONCILER_CORE_SIZES_H

#include "reconciler/core/model.h"

/* Assumed bytes of an image while no image's bytes are known. */
#define SIZE_ASSUMED (UINT64_C(256) << 20)

/* Pulls of less say nothing about the speed of a node. */
#define SIZE_TELLING (UINT64_C(8) << 20)

/* Compressed bytes of the image on the node's platform, in ret; false: not known. */
bool image_bytes(const struct core *c, const struct image *img, int slot, uint64_t *ret);
/* Unpacked, an image is so many times what containerd lists. Coarse: from 2 to 5. */
#define SIZE_UNPACKED 4
/* What the image takes on the node's disk, estimated; false: not known. */
bool size_on_disk(const struct core *c, const struct image *img, int slot, uint64_t *ret);
/* The largest of those on any platform; false: none is known. */
bool image_bytes_anywhere(const struct image *img, uint64_t *ret);
/*
 * Bytes of an image, its policy, or which images there are may have changed. Who changes one of
 * them says so: what follows looks at each image only then.
 */
void sizes_changed(struct core *c);
/* The mean of the images whose bytes are known; SIZE_ASSUMED if none is. */
uint64_t size_mean(struct core *c);
/* The largest image of the policy, as far as known. */
uint64_t size_most(struct core *c, struct policy *p);
/* What a pull of it counts where bytes are limited: its own, else mean, which is size_mean()'s.
 * slot -1: on any node. */
uint64_t size_charged(const struct core *c, const struct image *img, int slot, uint64_t mean);

/* What a limit of bytes counts: for all pulls of the pod, or for a pull of the image anywhere. */
uint64_t size_of_pod(struct core *c, const struct policy *p, const struct pull_pod *pod);
uint64_t size_of_pull(struct core *c, const struct policy *p, const struct image *img);

/* A pull that would have been made is not needed: counts it, and what it would have moved. */
void pull_avoided(struct core *c, const struct image *img, int slot);
/* A pull of it has succeeded, this long after its start: tells how fast the node is. */
void size_pulled(struct core *c, const struct image *img, int slot, int64_t took_ms);

/* The node lists the image with this size. Returns whether another is known now. */
bool size_listed(const struct core *c, struct image *img, int slot, presence_size size);
/* 18. What a node like this one lists it with, by less than which it is never; 0: none lists it. */
presence_size size_on_others(const struct core *c, const struct image *img, int slot);
/*
 * What is known of a reference that perhaps no image has: as if img, zeroed, had it. sizes_forget()
 * frees it.
 */
void sizes_of_reference(const struct core *c, uint64_t listed_as, struct image *img);
/* Its reference is another. */
void sizes_forget(struct image *img);

/* Does that runtime ("cri-o://1.34.0") list what an image takes on the disk? NULL: it does not. */
bool size_is_unpacked(const char *runtime);

#endif
