/*
 * Bytes of images, by platform; see sizes.h. Invariant: listed_sizes has at most one entry a
 * platform, at most SIZES_MAX, and each has bytes.
 */
#include "reconciler/core/sizes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

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

bool image_bytes_anywhere(const struct image *img, uint64_t *ret)
{
	const struct listed_size *best = listed_best(img);
	if (best != NULL)
		*ret = best->bytes;
	return best != NULL;
}

bool image_bytes(const struct core *c, const struct image *img, int slot, uint64_t *ret)
{
	const char *platform = c->nodes[slot].platform;
	const struct listed_size *own = platform != NULL ? listed_on(img, platform) : NULL;
	if (own == NULL || own->unpacked)
		return image_bytes_anywhere(img, ret);
	*ret = own->bytes;
	return true;
}

uint64_t size_mean(const struct core *c)
{
	uint64_t sum = 0, n = 0, bytes;
	for (size_t i = 0; i < c->n_queue; i++)
		if (image_bytes_anywhere(c->queue[i], &bytes)) {
			sum += bytes;
			n++;
		}
	return n != 0 ? sum / n : SIZE_ASSUMED;
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

void size_listed(const struct core *c, struct image *img, int slot, presence_size size)
{
	const struct node_slot *node = &c->nodes[slot];
	uint64_t bytes = (uint64_t)presence_bytes(size);
	struct listed_size now = {.bytes = bytes < SIZE_LARGEST ? bytes : SIZE_LARGEST,
				  .unpacked = node->lists_unpacked};
	struct listed_size *known = node->platform != NULL ? listed_on(img, node->platform) : NULL;
	if (node->platform == NULL || (known != NULL && !better(&now, known)))
		return;
	if (known == NULL)
		known = listed_add(img, node->platform);
	if (known == NULL)
		return;
	known->bytes = now.bytes;
	known->unpacked = now.unpacked;
}

void sizes_forget(struct image *img)
{
	for (size_t i = 0; i < img->n_listed_sizes; i++)
		free(img->listed_sizes[i].platform);
	free(img->listed_sizes);
	img->listed_sizes = NULL;
	img->n_listed_sizes = 0;
}
