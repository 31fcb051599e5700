/* The counts of tally.h. */
#include "reconciler/report/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define HOUR_S 3600

static void forget(struct tally *t)
{
	struct tally_image *image;
	for (size_t i = 0; (image = map_next(&t->by_image, &i)) != NULL;) {
		free(image->image);
		free(image);
	}
	map_done(&t->by_image);
	copies_done(&t->copies);
	*t = (struct tally){0};
}

void tally_begin(struct tally *t, int64_t now_s, struct hash_key key)
{
	forget(t);
	copies_begin(&t->copies, key);
	t->since_s = now_s;
}

void tally_done(struct tally *t)
{
	forget(t);
}

static void sum_add(struct tally_sum *sum, const struct tally_start *start)
{
	if (start->hit) {
		sum->hits++;
		sum->untimed += start->seconds <= 0;
		sum->saved_s += start->seconds > 0 ? start->seconds : 0;
	} else {
		sum->misses++;
		sum->waited_s += start->seconds > 0 ? start->seconds : 0;
	}
}

static struct tally_hour *hour_of(struct tally *t, int64_t at_s)
{
	int64_t hour = at_s / HOUR_S;
	struct tally_hour *of = &t->hours[hour % TALLY_HOURS];
	if (of->hour < hour)
		*of = (struct tally_hour){.hour = hour};
	return of->hour == hour ? of : NULL;
}

struct tally_image *tally_image(struct tally *t, const char *name)
{
	struct tally_image *image = map_get(&t->by_image, name);
	if (image != NULL || t->by_image.count >= TALLY_IMAGES_MAX)
		return image;
	image = xcalloc(1, sizeof(*image));
	image->image = xstrdup(name);
	map_put(&t->by_image, image->image, image);
	return image;
}

bool tally_add(struct tally *t, const struct tally_start *start)
{
	if (t->since_s == 0 || start->at_s < t->since_s ||
	    !copies_count(&t->copies, start->node_uid, start->digest))
		return false;
	sum_add(&t->all, start);
	struct tally_hour *hour = hour_of(t, start->at_s);
	if (hour != NULL)
		sum_add(&hour->sum, start);
	struct tally_image *image = tally_image(t, start->image);
	if (image != NULL)
		sum_add(&image->sum, start);
	return true;
}

static int most_first(const void *a, const void *b)
{
	const struct tally_image *x = *(const struct tally_image *const *)a;
	const struct tally_image *y = *(const struct tally_image *const *)b;
	double of_x = x->sum.saved_s + x->sum.waited_s, of_y = y->sum.saved_s + y->sum.waited_s;
	if (of_x != of_y)
		return of_x > of_y ? -1 : 1;
	return strcmp(x->image, y->image);
}

const struct tally_image **tally_images(const struct tally *t, size_t *ret_n)
{
	const struct tally_image **all = xcalloc(t->by_image.count + 1, sizeof(*all)), *image;
	size_t n = 0;
	for (size_t i = 0; (image = map_next(&t->by_image, &i)) != NULL;)
		all[n++] = image;
	qsort(all, n, sizeof(*all), most_first);
	*ret_n = n;
	return all;
}
