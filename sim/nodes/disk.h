/*
 * The images on one node's disk, and what kubelet says about them in node.status.images.
 * Layers that images share are stored once. Over DISK_HIGH_PERCENT the images that no
 * container uses go, least recently used first, until DISK_LOW_PERCENT, as kubelet's garbage
 * collection does; never one in use, nor one younger than DISK_MIN_AGE_S.
 *
 * Pure; texts and contents are the registries' (sim/nodes/registry.h) and not copied. Costs
 * O(log images) to look something up, O(images) to change it.
 */
#ifndef DROP_SIM_NODES_DISK_H
#define DROP_SIM_NODES_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/nodes/registry.h"

enum {
	DISK_HIGH_PERCENT = 85, /* kubelet's --image-gc-high-threshold */
	DISK_LOW_PERCENT = 80,  /* ... low */
	DISK_MIN_AGE_S = 120,   /* kubelet's --minimum-image-ttl-duration */
	DISK_IMAGE_NAMES = 5,   /* names of an image in node.status.images */
};

struct disk_image;

struct disk_name {
	const char *name; /* interned by the registries */
	struct disk_image *image;
	uint32_t order; /* in which names came */
	bool digest;
};

struct disk_layer {
	uint64_t id;
	int64_t size;
	uint32_t images; /* that have it */
};

struct disk {
	int64_t capacity, used;     /* bytes; capacity 0: no limit */
	struct disk_image **images; /* by size descending, then digest */
	struct disk_name *names;    /* by address of the text */
	struct disk_layer *layers;  /* by id */
	size_t n_images, n_names, n_layers;
	size_t cap_images, cap_names, cap_layers;
	uint32_t names_ever;
};

void disk_init(struct disk *d, int64_t capacity);
void disk_done(struct disk *d);
/* What is there under that tag or digest name, or NULL. */
const struct sim_content *disk_find(const struct disk *d, const char *name);
/* Under the name by which the manifest was asked for. */
const struct sim_content *disk_find_manifest(const struct disk *d, const struct sim_manifest *m);
/* The first digest name of what is there, or NULL. */
const char *disk_digest_name(const struct disk *d, const struct sim_content *content);
/* Bytes of its layers that are not there yet. */
int64_t disk_missing(const struct disk *d, const struct sim_content *content);
/* The image and its names are there now; a tag that named another image moves. pinned: is
 * never collected. false, and nothing has changed: no space left. */
bool disk_add(struct disk *d, const struct sim_manifest *m, bool pinned, int64_t now_s);
/* A container uses it, or (use false) no longer does. What is not there is ignored. */
void disk_use(struct disk *d, const struct sim_content *content, bool use, int64_t now_s);
/* Removes the image of that name with all its names, in use or not. false: no such name. */
bool disk_evict(struct disk *d, const char *name);
/* Collects if it is due; returns how many images went. */
size_t disk_collect(struct disk *d, int64_t now_s);
/* Collects until that much more fits, whatever the thresholds; false: it does not. */
bool disk_make_space(struct disk *d, int64_t bytes, int64_t now_s);
bool disk_is_high(const struct disk *d); /* over the high threshold */
/* Appends node.status.images, at most max_images entries (-1: all). */
void disk_write(const struct disk *d, int64_t max_images, struct buf *out);

#endif
