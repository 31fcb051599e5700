/*
 * Bytes of images, by platform; see sizes.h. Invariant: listed_sizes has at most one entry a
 * platform, at most SIZES_MAX, and each has bytes.
 */
#include "reconciler/core/sizes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "reconciler/core/platforms.h"

bool size_is_unpacked(const char *runtime)
{
	static const char *const unpacked[] = {"cri-o://", "docker://"};
	for (size_t i = 0; runtime != NULL && i < sizeof(unpacked) / sizeof(unpacked[0]); i++)
		if (strncmp(runtime, unpacked[i], strlen(unpacked[i])) == 0)
			return true;
	return false;
}

static struct listed_size *listed_on(const struct image *img, const char *platform)
{
	for (size_t i = 0; i < img->n_listed_sizes; i++)
		if (strcmp(img->listed_sizes[i].platform, platform) == 0)
			return &img->listed_sizes[i];
	return NULL;
}

/* Is the number a to be believed before b? */
static bool better(const struct listed_size *a, const struct listed_size *b)
{
	if (b == NULL || a->unpacked != b->unpacked)
		return b == NULL || b->unpacked;
	return a->bytes > b->bytes;
}

/* Of all platforms; NULL: listed nowhere. */
static const struct listed_size *listed_best(const struct image *img)
{
	const struct listed_size *best = NULL;
	for (size_t i = 0; i < img->n_listed_sizes; i++)
		if (better(&img->listed_sizes[i], best))
			best = &img->listed_sizes[i];
	return best;
}

static uint64_t believed(int64_t bytes)
{
	uint64_t n = bytes > 0 ? (uint64_t)bytes : 0;
	return n < SIZE_LARGEST ? n : SIZE_LARGEST;
}

bool image_bytes_anywhere(const struct image *img, uint64_t *ret)
{
	const struct image_platforms *told = &img->check.platforms;
	const struct listed_size *best = listed_best(img);
	*ret = 0;
	for (size_t i = 0; i < told->n; i++)
		if (believed(told->at[i].bytes) > *ret)
			*ret = believed(told->at[i].bytes);
	if (*ret == 0 && best != NULL)
		*ret = best->bytes;
	return *ret != 0;
}

bool image_bytes(const struct core *c, const struct image *img, int slot, uint64_t *ret)
{
	const char *platform = c->nodes[slot].platform;
	const struct listed_size *own = platform != NULL ? listed_on(img, platform) : NULL;
	*ret = platform != NULL ? believed(platform_bytes(img, platform)) : 0;
	if (*ret == 0 && own != NULL && !own->unpacked)
		*ret = own->bytes;
	return *ret != 0 || image_bytes_anywhere(img, ret);
}

bool size_on_disk(const struct core *c, const struct image *img, int slot, uint64_t *ret)
{
	const char *platform = c->nodes[slot].platform;
	const struct listed_size *own = platform != NULL ? listed_on(img, platform) : NULL;
	const struct listed_size *best = own != NULL ? own : listed_best(img);
	bool told = false;
	for (size_t i = 0; i < img->check.platforms.n; i++)
		told |= img->check.platforms.at[i].bytes > 0;
	if (best != NULL && best->unpacked && (own != NULL || !told)) {
		*ret = best->bytes;
		return true;
	}
	if (!image_bytes(c, img, slot, ret))
		return false;
	*ret *= SIZE_UNPACKED;
	return true;
}

void sizes_changed(struct core *c)
{
	c->sizes_seen++;
}

static bool anew(const struct core *c, uint64_t *of)
{
	bool is = *of != c->sizes_seen + 1;
	*of = c->sizes_seen + 1; /* 0: never */
	return is;
}

uint64_t size_most(struct core *c, struct policy *p)
{
	uint64_t bytes;
	if (!anew(c, &p->most_of))
		return p->most_bytes;
	p->most_bytes = 0;
	for (size_t i = 0; i < c->n_queue; i++)
		if (c->queue[i]->policy == p && image_bytes_anywhere(c->queue[i], &bytes) &&
		    bytes > p->most_bytes)
			p->most_bytes = bytes;
	return p->most_bytes;
}

uint64_t size_mean(struct core *c)
{
	uint64_t sum = 0, n = 0, bytes;
	if (!anew(c, &c->mean_of))
		return c->mean_bytes;
	for (size_t i = 0; i < c->n_queue; i++)
		if (image_bytes_anywhere(c->queue[i], &bytes)) {
			sum += bytes;
			n++;
		}
	c->mean_bytes = n != 0 ? sum / n : SIZE_ASSUMED;
	return c->mean_bytes;
}

uint64_t size_charged(const struct core *c, const struct image *img, int slot, uint64_t mean)
{
	uint64_t bytes;
	bool known =
		slot >= 0 ? image_bytes(c, img, slot, &bytes) : image_bytes_anywhere(img, &bytes);
	return known ? bytes : mean;
}

/* For images of unknown size; without a limit it does not matter. */
static uint64_t mean_of(struct core *c, const struct policy *p)
{
	return p->bytes_per_s != 0 ? size_mean(c) : 0;
}

uint64_t size_of_pod(struct core *c, const struct policy *p, const struct pull_pod *pod)
{
	uint64_t mean = mean_of(c, p), bytes = 0;
	for (uint32_t i = 0; i < pod->n_pulls; i++) {
		const struct pull *pull = &pod->pulls[i];
		if (pull->image != NULL)
			bytes += size_charged(c, pull->image, pull->slot, mean);
	}
	return bytes;
}

uint64_t size_of_pull(struct core *c, const struct policy *p, const struct image *img)
{
	return size_charged(c, img, -1, mean_of(c, p));
}

void pull_avoided(struct core *c, const struct image *img, int slot)
{
	uint64_t bytes;
	c->avoided++;
	if (image_bytes(c, img, slot, &bytes))
		c->avoided_bytes += bytes;
}

/* A mean that follows: a quarter of each new one, as a node pulls seldom. */
static void measure(uint64_t *mean, uint64_t value)
{
	*mean = *mean == 0 ? value : *mean - *mean / 4 + value / 4;
}

void size_pulled(struct core *c, const struct image *img, int slot, int64_t took_ms)
{
	uint64_t bytes;
	/* What is small tells how long a pod takes, and not how fast the node is. */
	if (took_ms <= 0 || !image_bytes(c, img, slot, &bytes) || bytes < SIZE_TELLING)
		return;
	uint64_t bytes_per_s = bytes * 1000 / (uint64_t)took_ms;
	measure(&c->nodes[slot].bytes_per_s, bytes_per_s);
	measure(&c->bytes_per_s, bytes_per_s);
}

static struct listed_size *listed_add(struct image *img, const char *platform)
{
	if (img->n_listed_sizes == SIZES_MAX)
		return NULL;
	if (img->listed_sizes == NULL)
		img->listed_sizes = xcalloc(SIZES_MAX, sizeof(*img->listed_sizes));
	struct listed_size *s = &img->listed_sizes[img->n_listed_sizes++];
	s->platform = xstrdup(platform);
	return s;
}

bool size_listed(const struct core *c, struct image *img, int slot, presence_size size)
{
	const struct node_slot *node = &c->nodes[slot];
	struct listed_size now = {.bytes = believed(presence_bytes(size)),
				  .unpacked = node->lists_unpacked};
	struct listed_size *known = node->platform != NULL ? listed_on(img, node->platform) : NULL;
	if (node->platform == NULL || (known != NULL && !better(&now, known)))
		return false;
	if (known == NULL)
		known = listed_add(img, node->platform);
	if (known == NULL)
		return false;
	known->bytes = now.bytes;
	known->unpacked = now.unpacked;
	return true;
}

/* Half of the largest: the tag may have moved. */
presence_size size_on_others(const struct core *c, const struct image *img, int slot)
{
	const struct node_slot *node = &c->nodes[slot];
	const struct listed_size *known =
		node->platform != NULL ? listed_on(img, node->platform) : NULL;
	if (known == NULL || known->unpacked != node->lists_unpacked || known->bytes < 2)
		return 0;
	return presence_size_of((int64_t)(known->bytes / 2));
}

void sizes_of_reference(const struct core *c, uint64_t listed_as, struct image *img)
{
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		presence_size size = c->nodes[slot].present
					     ? presence_find(&c->nodes[slot].images, listed_as)
					     : 0;
		if (size != 0)
			size_listed(c, img, (int)slot, size);
	}
}

void sizes_forget(struct image *img)
{
	for (size_t i = 0; i < img->n_listed_sizes; i++)
		free(img->listed_sizes[i].platform);
	free(img->listed_sizes);
	img->listed_sizes = NULL;
	img->n_listed_sizes = 0;
}
