/*
 * Three sorted arrays: images as they are listed, names to find them by, layers to know
 * what is shared. Invariant: used is the sum of layers[], and a layer is there exactly as
 * long as an image has it.
 */
#include "sim/nodes/disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct disk_image {
	const struct sim_content *content;
	int64_t first_s, used_s; /* wall: pulled; last used */
	uint32_t uses;           /* containers */
	bool pinned;
};

/* Room for one more at i, in an array of n elements. */
static void *make_room(void *at, size_t *n, size_t *cap, size_t i, size_t size)
{
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 8;
		at = xreallocarray(at, *cap, size);
	}
	memmove((char *)at + (i + 1) * size, (char *)at + i * size, (*n - i) * size);
	++*n;
	return at;
}

static void take_out(void *at, size_t *n, size_t i, size_t size)
{
	--*n;
	memmove((char *)at + i * size, (char *)at + (i + 1) * size, (*n - i) * size);
}

void disk_init(struct disk *d, int64_t capacity)
{
	*d = (struct disk){.capacity = capacity};
}

void disk_done(struct disk *d)
{
	for (size_t i = 0; i < d->n_images; i++)
		free(d->images[i]);
	free(d->images);
	free(d->names);
	free(d->layers);
	*d = (struct disk){.capacity = d->capacity};
}

/* ---- layers ---- */

static size_t layer_place(const struct disk *d, uint64_t id)
{
	size_t low = 0, high = d->n_layers;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (d->layers[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool layer_at(const struct disk *d, size_t i, uint64_t id)
{
	return i < d->n_layers && d->layers[i].id == id;
}

int64_t disk_missing(const struct disk *d, const struct sim_content *content)
{
	int64_t missing = 0;
	for (size_t i = 0; i < content->n_layers; i++)
		if (!layer_at(d, layer_place(d, content->layers[i].id), content->layers[i].id))
			missing += content->layers[i].size;
	return missing;
}

static void layers_hold(struct disk *d, const struct sim_content *content)
{
	for (size_t i = 0; i < content->n_layers; i++) {
		const struct sim_blob *blob = &content->layers[i];
		size_t at = layer_place(d, blob->id);
		if (!layer_at(d, at, blob->id)) {
			d->layers = make_room(d->layers, &d->n_layers, &d->cap_layers, at,
					      sizeof(*d->layers));
			d->layers[at] = (struct disk_layer){.id = blob->id, .size = blob->size};
			d->used += blob->size;
		}
		d->layers[at].images++;
	}
}

static void layers_drop(struct disk *d, const struct sim_content *content)
{
	for (size_t i = 0; i < content->n_layers; i++) {
		size_t at = layer_place(d, content->layers[i].id);
		if (--d->layers[at].images > 0)
			continue;
		d->used -= d->layers[at].size;
		take_out(d->layers, &d->n_layers, at, sizeof(*d->layers));
	}
}

/* ---- names ---- */

static size_t name_place(const struct disk *d, const char *name)
{
	size_t low = 0, high = d->n_names;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if ((uintptr_t)d->names[mid].name < (uintptr_t)name)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool name_at(const struct disk *d, size_t i, const char *name)
{
	return i < d->n_names && d->names[i].name == name;
}

static void name_point(struct disk *d, const char *name, bool digest, struct disk_image *image)
{
	size_t i = name_place(d, name);
	if (!name_at(d, i, name)) {
		d->names = make_room(d->names, &d->n_names, &d->cap_names, i, sizeof(*d->names));
		d->names[i] = (struct disk_name){
			.name = name, .digest = digest, .order = d->names_ever++};
	}
	d->names[i].image = image;
}

static struct disk_image *image_named(const struct disk *d, const char *name)
{
	size_t i = name != NULL ? name_place(d, name) : 0;
	return name != NULL && name_at(d, i, name) ? d->names[i].image : NULL;
}

const struct sim_content *disk_find(const struct disk *d, const char *name)
{
	const struct disk_image *image = image_named(d, name);
	return image != NULL ? image->content : NULL;
}

const struct sim_content *disk_find_manifest(const struct disk *d, const struct sim_manifest *m)
{
	return disk_find(d, m->tag_name != NULL ? m->tag_name : m->digest_name);
}

/* ---- images ---- */

static int compare(const struct sim_content *a, const struct sim_content *b)
{
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return strcmp(a->digest, b->digest);
}

static size_t image_place(const struct disk *d, const struct sim_content *content)
{
	size_t low = 0, high = d->n_images;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (compare(d->images[mid]->content, content) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct disk_image *image_of(const struct disk *d, const struct sim_content *content)
{
	size_t i = image_place(d, content);
	return i < d->n_images && d->images[i]->content == content ? d->images[i] : NULL;
}

/* The name that comes after `last` among those of one image, digests first, oldest first. */
static const struct disk_name *name_after(const struct disk *d, const struct disk_image *image,
					  const struct disk_name *last)
{
	const struct disk_name *next = NULL;
	for (size_t i = 0; i < d->n_names; i++) {
		const struct disk_name *n = &d->names[i];
		if (n->image != image)
			continue;
		if (last != NULL && (n->digest > last->digest ||
				     (n->digest == last->digest && n->order <= last->order)))
			continue;
		if (next == NULL || n->digest > next->digest ||
		    (n->digest == next->digest && n->order < next->order))
			next = n;
	}
	return next;
}

const char *disk_digest_name(const struct disk *d, const struct sim_content *content)
{
	const struct disk_image *image = image_of(d, content);
	const struct disk_name *name = image != NULL ? name_after(d, image, NULL) : NULL;
	return name != NULL && name->digest ? name->name : NULL;
}

bool disk_add(struct disk *d, const struct sim_manifest *m, bool pinned, int64_t now_s)
{
	struct disk_image *image = image_of(d, m->content);
	if (image == NULL) {
		if (d->capacity > 0 && d->used + disk_missing(d, m->content) > d->capacity)
			return false;
		size_t i = image_place(d, m->content);
		d->images = make_room(d->images, &d->n_images, &d->cap_images, i,
				      sizeof(struct disk_image *));
		image = d->images[i] = xcalloc(1, sizeof(*image));
		image->content = m->content;
		image->first_s = now_s;
		layers_hold(d, m->content);
	}
	image->used_s = now_s;
	image->pinned |= pinned;
	name_point(d, m->digest_name, true, image);
	if (m->tag_name != NULL)
		name_point(d, m->tag_name, false, image);
	return true;
}

void disk_use(struct disk *d, const struct sim_content *content, bool use, int64_t now_s)
{
	struct disk_image *image = image_of(d, content);
	if (image == NULL)
		return;
	if (use)
		image->uses++;
	else if (image->uses > 0)
		image->uses--;
	image->used_s = now_s;
}

static void image_remove(struct disk *d, struct disk_image *image)
{
	for (size_t i = d->n_names; i-- > 0;)
		if (d->names[i].image == image)
			take_out(d->names, &d->n_names, i, sizeof(*d->names));
	layers_drop(d, image->content);
	take_out(d->images, &d->n_images, image_place(d, image->content),
		 sizeof(struct disk_image *));
	free(image);
}

bool disk_evict(struct disk *d, const char *name)
{
	struct disk_image *image = image_named(d, name);
	if (image == NULL)
		return false;
	image_remove(d, image);
	return true;
}

/* ---- garbage collection ---- */

static bool over(const struct disk *d, int percent)
{
	return d->capacity > 0 && d->used > d->capacity / 100 * percent;
}

bool disk_is_high(const struct disk *d)
{
	return over(d, DISK_HIGH_PERCENT);
}

/* The one that goes first, or NULL. */
static struct disk_image *oldest_unused(const struct disk *d, int64_t now_s)
{
	struct disk_image *oldest = NULL;
	for (size_t i = 0; i < d->n_images; i++) {
		struct disk_image *image = d->images[i];
		if (image->uses > 0 || image->pinned || now_s - image->first_s < DISK_MIN_AGE_S)
			continue;
		if (oldest == NULL || image->used_s < oldest->used_s)
			oldest = image;
	}
	return oldest;
}

size_t disk_collect(struct disk *d, int64_t now_s)
{
	size_t gone = 0;
	struct disk_image *image;
	if (!disk_is_high(d))
		return 0;
	while (over(d, DISK_LOW_PERCENT) && (image = oldest_unused(d, now_s)) != NULL) {
		image_remove(d, image);
		gone++;
	}
	return gone;
}

bool disk_make_space(struct disk *d, int64_t bytes, int64_t now_s)
{
	struct disk_image *image;
	while (d->capacity > 0 && d->used + bytes > d->capacity &&
	       (image = oldest_unused(d, now_s)) != NULL)
		image_remove(d, image);
	return d->capacity == 0 || d->used + bytes <= d->capacity;
}

/* ---- node.status.images ---- */

static void write_image(const struct disk *d, const struct disk_image *image, struct buf *out)
{
	const struct disk_name *name = NULL;
	buf_adds(out, "{\"names\":[");
	for (int i = 0; i < DISK_IMAGE_NAMES && (name = name_after(d, image, name)) != NULL; i++) {
		buf_adds(out, i > 0 ? "," : "");
		buf_add_json(out, name->name);
	}
	buf_addf(out, "],\"sizeBytes\":%lld}", (long long)image->content->size);
}

void disk_write(const struct disk *d, int64_t max_images, struct buf *out)
{
	size_t n = d->n_images;
	if (max_images >= 0 && n > (size_t)max_images)
		n = (size_t)max_images;
	buf_adds(out, "[");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? "," : "");
		write_image(d, d->images[i], out);
	}
	buf_adds(out, "]");
}
