/*
 * The state of demand.h: facts of the running hour are counted, and each hour that is complete is
 * folded into the sums of its hour of the day (behaviour 54). When a pool is full, the images go
 * that have the least uses, these fading with the time since the last one: so that many names that
 * were used once push each other out, not what is used every day.
 */
#include "usage/demand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "usage/demand_state.h"

/* 2^(-1/7): what is left of a visit after one more. */
#define DAY_DECAY 0.905723664263906
/* Uses of one image in an hour; more are not counted. */
#define NOW_MAX 1e6F
/* Pulls outside of this are forged, or an image that was there. */
#define PULL_SECONDS_MIN 0.05
#define PULL_SECONDS_MAX 21600.0
#define PULL_BYTES_MAX   1e12
/* Of a pool's pulls in all: then both sums are halved, and the rate stays. */
#define POOL_BYTES_MAX 1e15
#define PULLS_MAX      1000000
#define NODES_MAX      1000000
#define TICKS_MAX      1000000
/* A pool that has no nodes and was not used for that long may be forgotten. */
#define POOL_IDLE_HOURS 168
/* One of that many images goes when there is no room: sorting pays once for many. */
#define EVICT_PART 16

struct demand *demand_new(void)
{
	struct demand *d = xcalloc(1, sizeof(*d));
	d->hour = HOUR_UNKNOWN;
	return d;
}

static void image_free(struct demand_image *i)
{
	free(i->name);
	free(i);
}

static void pool_free(struct demand *d, struct demand_pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		image_free(p->images[i]);
	d->n_images -= p->n;
	map_done(&p->by_name);
	free(p->images);
	free(p->name);
	free(p);
}

void demand_clear(struct demand *d)
{
	for (size_t i = 0; i < d->n_pools; i++)
		pool_free(d, d->pools[i]);
	*d = (struct demand){.hour = HOUR_UNKNOWN};
}

void demand_free(struct demand *d)
{
	if (d == NULL)
		return;
	demand_clear(d);
	free(d);
}

bool demand_name_ok(const char *name, size_t len)
{
	if (len > DEMAND_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

struct demand_pool *demand_find_pool(const struct demand *d, const char *name)
{
	for (size_t i = 0; i < d->n_pools; i++)
		if (strcmp(d->pools[i]->name, name) == 0)
			return d->pools[i];
	return NULL;
}

struct demand_pool *demand_add_pool(struct demand *d, const char *name)
{
	struct demand_pool *p = xcalloc(1, sizeof(*p));
	p->name = xstrdup(name);
	d->pools[d->n_pools++] = p;
	return p;
}

static uint32_t pool_gap(const struct demand_pool *p)
{
	uint32_t least = UINT32_MAX;
	for (size_t i = 0; i < p->n; i++)
		if (p->images[i]->gap < least)
			least = p->images[i]->gap;
	return least;
}

/* The named pool without nodes that was not used for longest, if that is long; else NULL. */
static struct demand_pool **abandoned(struct demand *d)
{
	struct demand_pool **ret = NULL;
	uint32_t longest = POOL_IDLE_HOURS;
	for (size_t i = 0; i < d->n_pools; i++) {
		const struct demand_pool *p = d->pools[i];
		bool empty = p->nodes == 0 && p->counted == 0 && p->name[0] != '\0';
		uint32_t gap = empty ? pool_gap(p) : 0;
		if (gap >= longest) {
			longest = gap;
			ret = &d->pools[i];
		}
	}
	return ret;
}

/* One place is kept for the pool "", where what finds no place of its own is counted. */
static struct demand_pool *pool_get(struct demand *d, const char *name)
{
	struct demand_pool *p = demand_find_pool(d, name);
	if (p != NULL)
		return p;
	bool keep = name[0] != '\0' && demand_find_pool(d, "") == NULL;
	if (d->n_pools + keep < DEMAND_POOLS_MAX)
		return demand_add_pool(d, name);
	struct demand_pool **old = abandoned(d);
	if (old == NULL)
		return pool_get(d, "");
	pool_free(d, *old);
	*old = d->pools[--d->n_pools];
	return demand_add_pool(d, name);
}

struct demand_image *demand_add_image(struct demand *d, struct demand_pool *p, const char *name,
				      size_t len)
{
	struct demand_image *i = xcalloc(1, sizeof(*i));
	i->name = xmalloc(len + 1);
	memcpy(i->name, name, len);
	i->name[len] = '\0';
	if (p->n == p->cap) {
		p->cap = p->cap != 0 ? 2 * p->cap : 16;
		p->images = xreallocarray(p->images, p->cap, sizeof(struct demand_image *));
	}
	p->images[p->n++] = i;
	map_put(&p->by_name, i->name, i);
	d->n_images++;
	return i;
}

static double weight(const struct demand_image *i)
{
	double uses = i->now;
	for (int h = 0; h < DAY_HOURS; h++)
		uses += i->uses[h];
	return uses * exp(-0.1 * i->gap / DAY_HOURS);
}

/* Least weight first; of equal ones that with the largest gap. */
static int by_weight(const void *a, const void *b)
{
	const struct demand_image *x = *(struct demand_image *const *)a;
	const struct demand_image *y = *(struct demand_image *const *)b;
	double wx = weight(x), wy = weight(y);
	if (wx != wy)
		return wx < wy ? -1 : 1;
	if (x->gap != y->gap)
		return x->gap > y->gap ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void evict(struct demand *d, struct demand_pool *p)
{
	qsort(p->images, p->n, sizeof(struct demand_image *), by_weight);
	size_t gone = (p->n + EVICT_PART - 1) / EVICT_PART;
	for (size_t i = 0; i < gone; i++) {
		map_del(&p->by_name, p->images[i]->name);
		image_free(p->images[i]);
	}
	p->n -= gone;
	d->n_images -= gone;
	d->evicted += gone;
	memmove(p->images, p->images + gone, p->n * sizeof(struct demand_image *));
}

static void make_room(struct demand *d, struct demand_pool *p)
{
	if (p->n >= DEMAND_POOL_IMAGES_MAX)
		evict(d, p);
	if (d->n_images < DEMAND_IMAGES_MAX)
		return;
	struct demand_pool *largest = d->pools[0];
	for (size_t i = 1; i < d->n_pools; i++)
		if (d->pools[i]->n > largest->n)
			largest = d->pools[i];
	evict(d, largest);
}

/* NULL: no such names, or no room for one more pool. */
static struct demand_image *image_get(struct demand *d, const char *pool, const char *image,
				      struct demand_pool **ret_pool)
{
	size_t len = strlen(image);
	if (len == 0 || !demand_name_ok(image, len) || !demand_name_ok(pool, strlen(pool)))
		return NULL;
	struct demand_pool *p = pool_get(d, pool);
	if (p == NULL)
		return NULL;
	*ret_pool = p;
	struct demand_image *i = map_get(&p->by_name, image);
	if (i != NULL)
		return i;
	make_room(d, p);
	return demand_add_image(d, p, image, len);
}

void demand_use(struct demand *d, const char *pool, const char *image, unsigned count)
{
	struct demand_pool *p;
	struct demand_image *i = count > 0 ? image_get(d, pool, image, &p) : NULL;
	if (i == NULL)
		return;
	i->used = true;
	i->now += (float)count;
	if (i->now > NOW_MAX)
		i->now = NOW_MAX;
}

void demand_pull(struct demand *d, const char *pool, const char *image, double seconds,
		 double bytes)
{
	struct demand_pool *p;
	if (!(seconds >= 0) || !(bytes >= 0))
		return;
	struct demand_image *i = image_get(d, pool, image, &p);
	if (i == NULL)
		return;
	seconds = fmin(fmax(seconds, PULL_SECONDS_MIN), PULL_SECONDS_MAX);
	if (bytes > 0 && bytes <= PULL_BYTES_MAX)
		i->bytes = bytes;
	if (i->pulls >= PULLS_MAX)
		return;
	i->pulls++;
	i->log_seconds += log(seconds);
	if (i->bytes > 0) {
		p->seconds += seconds;
		p->bytes += i->bytes;
	}
	if (p->bytes > POOL_BYTES_MAX) {
		p->seconds /= 2;
		p->bytes /= 2;
	}
}

void demand_size(struct demand *d, const char *image, double bytes)
{
	if (!(bytes > 0 && bytes <= PULL_BYTES_MAX))
		return;
	for (size_t k = 0; k < d->n_pools; k++) {
		struct demand_image *i = map_get(&d->pools[k]->by_name, image);
		if (i != NULL)
			i->bytes = bytes;
	}
}

void demand_nodes(struct demand *d, const char *pool, unsigned nodes, unsigned born)
{
	if (!demand_name_ok(pool, strlen(pool)))
		return;
	struct demand_pool *p = demand_find_pool(d, pool);
	if (p == NULL && nodes > 0)
		p = pool_get(d, pool);
	if (p == NULL)
		return;
	p->counted += nodes < NODES_MAX - p->counted ? nodes : NODES_MAX - p->counted;
	p->born += born < NODES_MAX ? born : NODES_MAX;
}

void demand_nodes_end(struct demand *d)
{
	for (size_t i = 0; i < d->n_pools; i++) {
		d->pools[i]->nodes = d->pools[i]->counted;
		d->pools[i]->counted = 0;
	}
}

/* Steps 1 and 2 of an hour, for one image. */
static void image_learn(struct demand_image *i, int q, double nodes)
{
	if (i->now > 0) {
		i->idle = 0;
		i->gap = 0;
	} else {
		i->idle += i->days[q] > 0 ? i->uses[q] / i->days[q] : 0;
		i->gap += i->gap < UINT32_MAX;
	}
	i->uses[q] = (float)(DAY_DECAY * i->uses[q] + i->now);
	i->stays[q] = (float)(DAY_DECAY * i->stays[q] + exp(-i->now / nodes));
	i->days[q] = (float)(DAY_DECAY * i->days[q] + 1);
	i->now = 0;
}

static void pool_learn(struct demand_pool *p, int q)
{
	double nodes = p->nodes > 1 ? p->nodes : 1;
	for (size_t i = 0; i < p->n; i++)
		image_learn(p->images[i], q, nodes);
	p->days[q] = (float)(DAY_DECAY * p->days[q] + 1);
	if (p->ticks == 0)
		p->mean_nodes = nodes;
	p->mean_nodes += (nodes - p->mean_nodes) / DAY_HOURS;
	p->ticks += p->ticks < TICKS_MAX;
	p->born *= pow(DAY_DECAY, 1.0 / DAY_HOURS);
}

/* That there were uses is known, how many is not. */
static void pool_skip(struct demand_pool *p)
{
	for (size_t k = 0; k < p->n; k++) {
		struct demand_image *i = p->images[k];
		if (i->now > 0) {
			i->idle = 0;
			i->gap = 0;
		}
		i->now = 0;
	}
}

void demand_hour(struct demand *d, int64_t hour, bool complete)
{
	if (hour <= d->hour || hour < 0)
		return;
	int q = d->hour != HOUR_UNKNOWN ? (int)(d->hour % DAY_HOURS) : 0;
	for (size_t i = 0; i < d->n_pools; i++) {
		if (complete && d->hour != HOUR_UNKNOWN)
			pool_learn(d->pools[i], q);
		else
			pool_skip(d->pools[i]);
	}
	d->hour = hour;
}

double demand_share(const struct demand *d, const struct demand_pool *p)
{
	double born = 0, nodes = 0;
	for (size_t i = 0; i < d->n_pools; i++) {
		born += d->pools[i]->born;
		nodes += d->pools[i]->nodes;
	}
	double standing = nodes > 0 ? p->nodes / nodes : 1.0 / (double)d->n_pools;
	return (p->born + standing) / (born + 1);
}

size_t demand_images(const struct demand *d)
{
	return d->n_images;
}

size_t demand_pool_images(const struct demand *d, const char *pool)
{
	const struct demand_pool *p = pool != NULL ? demand_find_pool(d, pool) : NULL;
	return p != NULL ? p->n : 0;
}

bool demand_used(const struct demand *d, const char *image)
{
	for (size_t i = 0; i < d->n_pools; i++) {
		const struct demand_image *found = map_get(&d->pools[i]->by_name, image);
		if (found != NULL && found->used)
			return true;
	}
	return false;
}

double demand_pull_seconds(const struct demand *d, const char *image)
{
	double logs = 0, n = 0;
	for (size_t i = 0; i < d->n_pools; i++) {
		const struct demand_image *found = map_get(&d->pools[i]->by_name, image);
		if (found != NULL) {
			logs += found->log_seconds;
			n += found->pulls;
		}
	}
	return n > 0 ? exp(logs / n) : 0;
}

uint64_t demand_evicted(const struct demand *d)
{
	return d->evicted;
}

const char *demand_pool(const struct demand *d, size_t i)
{
	return i < d->n_pools ? d->pools[i]->name : NULL;
}
