/* See images.h. Invariant: slots has each image of `at` once; both are rebuilt when some go. */
#include "usage/images.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define SLOTS        16384 /* a power of two, above twice the images */
#define EVICT_PART   20
#define FIRST_BUCKET 0.05
#define GROWTH       1.25
/* A namespace that is new displaces none with more uses than this. */
#define FEW_USES    1
#define HOURS_A_DAY 24

static void image_free(struct usage_image *image)
{
	for (size_t i = 0; i < image->n_in; i++)
		free(image->in[i].name);
	free(image->reference);
	free(image);
}

void usage_images_done(struct usage_images *all)
{
	for (size_t i = 0; i < all->n; i++)
		image_free(all->at[i]);
	free(all->at);
	free(all->slots);
	*all = (struct usage_images){0};
}

static struct usage_image **slot_of(const struct usage_images *all, uint64_t hash)
{
	size_t i = hash & (SLOTS - 1);
	while (all->slots[i] != NULL && all->slots[i]->hash != hash)
		i = (i + 1) & (SLOTS - 1);
	return &all->slots[i];
}

struct usage_image *usage_image_find(const struct usage_images *all, uint64_t hash)
{
	return all->slots != NULL ? *slot_of(all, hash) : NULL;
}

/* ---- which are worth keeping ---- */

/* Recent uses count more: half as much for each day that has passed since the last. */
static double worth(const struct usage_images *all, const struct usage_image *image)
{
	double uses = 0;
	for (size_t i = 0; i < USAGE_HOURS; i++)
		uses += image->hours[i];
	int64_t ago = image->last != 0 ? all->hour - image->last : USAGE_HOURS;
	uses = (uses + 0.1) * exp2(-(double)(ago > 0 ? ago : 0) / 24);
	return image->real ? uses + 1e12 : uses;
}

struct ranked_image {
	double worth;
	struct usage_image *image;
};

static int by_worth(const void *a, const void *b)
{
	const struct ranked_image *x = a, *y = b;
	if (x->worth != y->worth)
		return x->worth > y->worth ? -1 : 1;
	return strcmp(x->image->reference, y->image->reference);
}

void usage_images_sort(struct usage_images *all)
{
	struct ranked_image *order = xcalloc(all->n + 1, sizeof(*order));
	for (size_t i = 0; i < all->n; i++)
		order[i] = (struct ranked_image){worth(all, all->at[i]), all->at[i]};
	qsort(order, all->n, sizeof(*order), by_worth);
	for (size_t i = 0; i < all->n; i++)
		all->at[i] = order[i].image;
	free(order);
}

static void evict(struct usage_images *all)
{
	size_t gone = all->n / EVICT_PART;
	usage_images_sort(all);
	for (size_t i = all->n - gone; i < all->n; i++)
		image_free(all->at[i]);
	all->n -= gone;
	all->evicted += gone;
	memset(all->slots, 0, SLOTS * sizeof(struct usage_image *));
	for (size_t i = 0; i < all->n; i++)
		*slot_of(all, all->at[i]->hash) = all->at[i];
}

struct usage_image *usage_image_get(struct usage_images *all, const char *reference, uint64_t hash)
{
	struct usage_image *image = usage_image_find(all, hash);
	if (image != NULL)
		return image;
	if (all->slots == NULL)
		all->slots = xcalloc(SLOTS, sizeof(struct usage_image *));
	if (all->n == USAGE_IMAGES_MAX)
		evict(all);
	if (all->n == all->cap) {
		all->cap = all->cap != 0 ? 2 * all->cap : 64;
		all->at = xreallocarray(all->at, all->cap, sizeof(struct usage_image *));
	}
	image = xcalloc(1, sizeof(*image));
	image->reference = xstrdup(reference);
	image->hash = hash;
	all->at[all->n++] = image;
	*slot_of(all, hash) = image;
	return image;
}

/* ---- hours ---- */

static bool was_used(const struct usage_image *image)
{
	for (size_t i = 0; i < USAGE_HOURS; i++)
		if (image->hours[i] != 0)
			return true;
	return false;
}

/* A namespace is forgotten with the last use of the image, or when another takes its place. */
static void halve_namespaces(struct usage_image *image)
{
	for (size_t i = 0; i < image->n_in; i++)
		image->in[i].uses = (image->in[i].uses + 1) / 2;
	image->elsewhere /= 2;
	if (was_used(image))
		return;
	for (size_t i = 0; i < image->n_in; i++)
		free(image->in[i].name);
	image->n_in = 0;
	image->elsewhere = 0;
}

void usage_images_hour(struct usage_images *all, int64_t hour)
{
	if (hour <= all->hour)
		return;
	int64_t first = all->hour + 1, days = hour / HOURS_A_DAY - all->hour / HOURS_A_DAY;
	if (first < hour - USAGE_HOURS + 1)
		first = hour - USAGE_HOURS + 1;
	for (size_t i = 0; i < all->n; i++) {
		for (int64_t h = first; h <= hour; h++)
			all->at[i]->hours[h % USAGE_HOURS] = 0;
		for (int64_t d = 0; all->hour != 0 && d < days && d < 32; d++) {
			halve_namespaces(all->at[i]);
			all->at[i]->waited[(hour / HOURS_A_DAY - d) % USAGE_DAYS] = 0;
		}
	}
	all->hour = hour;
}

static uint32_t plus(uint32_t a, uint64_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + (uint32_t)b;
}

static void use_in(struct usage_image *image, uint64_t uses, const char *ns)
{
	size_t least = 0;
	for (size_t i = 0; i < image->n_in; i++) {
		if (strcmp(image->in[i].name, ns) == 0) {
			image->in[i].uses = plus(image->in[i].uses, uses);
			return;
		}
		if (image->in[i].uses < image->in[least].uses)
			least = i;
	}
	if (image->n_in < USAGE_NAMESPACES_MAX) {
		image->in[image->n_in++] = (struct usage_namespace){xstrdup(ns), plus(0, uses)};
	} else if (image->in[least].uses <= FEW_USES) {
		image->elsewhere = plus(image->elsewhere, image->in[least].uses);
		free(image->in[least].name);
		image->in[least] = (struct usage_namespace){xstrdup(ns), plus(0, uses)};
	} else {
		image->elsewhere = plus(image->elsewhere, uses);
	}
}

void usage_image_use(const struct usage_images *all, struct usage_image *image, int64_t hour,
		     uint64_t uses, const char *ns)
{
	if (hour > all->hour || hour <= all->hour - USAGE_HOURS || hour < 0)
		return;
	uint16_t *count = &image->hours[hour % USAGE_HOURS];
	*count = uses > (uint64_t)(UINT16_MAX - *count) ? UINT16_MAX : (uint16_t)(*count + uses);
	if (hour > image->last)
		image->last = hour;
	use_in(image, uses, ns);
}

void usage_image_wait(const struct usage_images *all, struct usage_image *image, int64_t hour,
		      double seconds)
{
	if (hour > all->hour || hour <= all->hour - USAGE_HOURS || hour < 0)
		return;
	image->waited[hour / HOURS_A_DAY % USAGE_DAYS] += (float)seconds;
}

double usage_image_waited(const struct usage_image *image)
{
	double seconds = 0;
	for (size_t d = 0; d < USAGE_DAYS; d++)
		seconds += image->waited[d];
	return seconds;
}

uint64_t usage_image_uses(const struct usage_images *all, const struct usage_image *image,
			  int64_t from_hour)
{
	uint64_t uses = 0;
	int64_t oldest = all->hour - USAGE_HOURS + 1;
	for (int64_t h = from_hour > oldest ? from_hour : oldest; h <= all->hour; h++)
		if (h >= 0)
			uses += image->hours[h % USAGE_HOURS];
	return uses;
}

/* ---- durations ---- */

double usage_bucket_seconds(size_t bucket)
{
	return FIRST_BUCKET * pow(GROWTH, (double)bucket + 0.5);
}

void usage_image_pull(struct usage_image *image, double seconds)
{
	double place = seconds > FIRST_BUCKET ? log(seconds / FIRST_BUCKET) / log(GROWTH) : 0;
	size_t bucket = place < USAGE_BUCKETS - 1 ? (size_t)place : USAGE_BUCKETS - 1;
	if (image->pulls[bucket] == UINT8_MAX)
		for (size_t i = 0; i < USAGE_BUCKETS; i++)
			image->pulls[i] /= 2;
	image->pulls[bucket]++;
}
