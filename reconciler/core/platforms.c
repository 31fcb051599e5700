/*
 * See platforms.h. Invariant: check.platforms is empty or about check.digest. What its nodes have is
 * a set of small numbers, which only grows while the reference is the same.
 */
#include "reconciler/core/platforms.h"

#include <stdlib.h>
#include <string.h>

#include "api/platform.h"
#include "base/xalloc.h"
#include "reconciler/core/policies.h"

uint8_t platform_number(struct core *c, const char *name)
{
	size_t i = 0;
	while (i < c->n_platforms && strcmp(c->platforms[i], name) != 0)
		i++;
	if (i == c->n_platforms && i < NODE_PLATFORMS_MAX)
		c->platforms[c->n_platforms++] = xstrdup(name);
	return (uint8_t)i;
}

void platforms_see(const struct core *c, struct image *img, int slot)
{
	img->seen_platforms |= UINT64_C(1) << c->nodes[slot].platform_number;
}

bool platforms_wanted(struct core *c, const struct image *img, bool *ret_sizes)
{
	uint64_t seen = img->seen_platforms;
	*ret_sizes = seen != 0 && policy_of_image(c, img)->sizes;
	return *ret_sizes || (seen & (seen - 1)) != 0;
}

static const struct image_platform *best_for(const struct image *img, const char *node)
{
	const struct image_platforms *list = &img->check.platforms;
	const struct image_platform *best = NULL;
	int suits = 0;
	for (size_t i = 0; i < list->n; i++) {
		int s = platform_suits(list->at[i].platform, node);
		if (s > suits)
			best = &list->at[i];
		suits = s > suits ? s : suits;
	}
	return best;
}

bool platforms_owed(struct core *c, const struct image *img)
{
	bool sizes;
	if (!platforms_wanted(c, img, &sizes))
		return false;
	if (img->check.platforms.n == 0)
		return true;
	for (size_t i = 0; sizes && i < c->n_platforms; i++) {
		const struct image_platform *p = best_for(img, c->platforms[i]);
		if ((img->seen_platforms >> i & 1) != 0 && p != NULL && p->bytes == 0)
			return true;
	}
	return false;
}

static bool same_list(const struct image_platforms *a, const struct image_platforms *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i].platform, b->at[i].platform) != 0 ||
		    a->at[i].bytes != b->at[i].bytes)
			return false;
	return true;
}

bool platforms_take(struct image *img, const struct image_platforms *list)
{
	struct image_platforms *own = &img->check.platforms;
	if (same_list(own, list))
		return false;
	for (size_t i = 0; i < own->n; i++)
		free((char *)(uintptr_t)own->at[i].platform);
	free(own->at);
	*own = (struct image_platforms){xcalloc(list->n + 1, sizeof(*own->at)), list->n};
	for (size_t i = 0; i < list->n; i++)
		own->at[i] = (struct image_platform){xstrdup(list->at[i].platform),
						     list->at[i].bytes};
	return true;
}

size_t platforms_of_nodes(const struct core *c, const struct image *img, struct arena *a,
			  const char ***ret)
{
	size_t n = 0;
	*ret = arena_array(a, c->n_platforms, sizeof(**ret));
	for (size_t i = 0; i < c->n_platforms; i++)
		if ((img->seen_platforms >> i & 1) != 0)
			(*ret)[n++] = arena_strdup(a, c->platforms[i]);
	return n;
}

bool platform_lacks(const struct core *c, const struct image *img, int slot)
{
	return img->check.platforms.n != 0 && c->nodes[slot].platform_told &&
	       best_for(img, c->nodes[slot].platform) == NULL;
}

bool platform_left_out(const struct core *c, const struct image *img, int slot)
{
	return img->pairs[slot].pulled_s == 0 && platform_lacks(c, img, slot);
}

int64_t platform_bytes(const struct image *img, const char *platform)
{
	const struct image_platform *p = best_for(img, platform);
	return p != NULL ? p->bytes : 0;
}
