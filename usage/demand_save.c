/*
 * The state of demand.h as bytes and back. Little-endian: a header, the pools, then one record an
 * image, those worth most first. Hours that say nothing of their own are left out: no use, and
 * what equals the pool's. Bytes come from where others may write: each value is checked, so that
 * what is restored could have been learned.
 */
#include "usage/demand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "usage/demand_state.h"
#include "usage/waiting_saved.h"

#define MAGIC   0x55504F52U
#define VERSION 1
/* Of a sum over visits: 1 / (1 - 2^(-1/7)), and what rounding adds. */
#define DAYS_MAX 10.7
#define USES_MAX (DAYS_MAX * 1e6)
#define LOG_MAX  1e8
#define SUM_MAX  1e18

enum { HAS_USE = 1, HAS_OWN_DAYS = 2 };

static void put(struct buf *b, uint64_t value, int bytes)
{
	unsigned char raw[8];
	for (int i = 0; i < bytes; i++)
		raw[i] = (unsigned char)(value >> (8 * i));
	buf_add(b, raw, (size_t)bytes);
}

static void put_float(struct buf *b, float value)
{
	uint32_t raw;
	memcpy(&raw, &value, sizeof(raw));
	put(b, raw, 4);
}

static void put_double(struct buf *b, double value)
{
	uint64_t raw;
	memcpy(&raw, &value, sizeof(raw));
	put(b, raw, 8);
}

static void put_name(struct buf *b, const char *name)
{
	size_t len = strlen(name);
	put(b, len, 2);
	buf_add(b, name, len);
}

/* Those that differ from usual[], after a mask of which they are. */
static void put_hours(struct buf *b, const float *hours, const float *usual)
{
	uint32_t mask = 0;
	for (int h = 0; h < DAY_HOURS; h++)
		mask |= (uint32_t)(hours[h] != usual[h]) << h;
	put(b, mask, 3);
	for (int h = 0; h < DAY_HOURS; h++)
		if (hours[h] != usual[h])
			put_float(b, hours[h]);
}

static const float no_hours[DAY_HOURS];

static void put_pool(struct buf *b, const struct demand_pool *p)
{
	put_name(b, p->name);
	put_hours(b, p->days, no_hours);
	put_double(b, p->seconds);
	put_double(b, p->bytes);
	put_double(b, p->mean_nodes);
	put_double(b, p->born);
	put(b, p->nodes, 4);
	put(b, p->ticks, 4);
}

static void put_image(struct buf *b, const struct demand_pool *p, size_t pool,
		      const struct demand_image *i)
{
	bool own_days = memcmp(i->days, p->days, sizeof(i->days)) != 0;
	put(b, pool, 1);
	put(b, (i->used ? HAS_USE : 0) | (own_days ? HAS_OWN_DAYS : 0), 1);
	put_name(b, i->name);
	if (own_days)
		put_hours(b, i->days, no_hours);
	put_hours(b, i->uses, no_hours);
	put_hours(b, i->stays, i->days);
	put_float(b, i->now);
	put_float(b, i->idle);
	put(b, i->gap, 4);
	put(b, i->pulls, 4);
	put_double(b, i->log_seconds);
	put_double(b, i->bytes);
}

struct worth {
	const struct demand_pool *pool;
	size_t pool_index;
	const struct demand_image *image;
	double value;
};

/* Used ones first, best first. */
static int best_first(const void *a, const void *b)
{
	const struct worth *x = a, *y = b;
	if (x->image->used != y->image->used)
		return x->image->used ? -1 : 1;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	int names = strcmp(x->image->name, y->image->name);
	return names != 0 ? names : strcmp(x->pool->name, y->pool->name);
}

static struct worth *worths(const struct demand *d, struct arena *a)
{
	struct worth *all = arena_array(a, d->n_images, sizeof(*all));
	const struct waiting_how how = {.young_hours = WAITING_YOUNG_HOURS};
	size_t n = 0;
	for (size_t k = 0; k < d->n_pools; k++) {
		const struct demand_pool *p = d->pools[k];
		struct waiting_saved *ranked;
		size_t count = waiting_saved_rank(d, p->name, &how, a, &ranked);
		double share = demand_share(d, p);
		for (size_t i = 0; i < count; i++)
			all[n++] = (struct worth){p, k, map_get(&p->by_name, ranked[i].image),
						  ranked[i].value * share};
		for (size_t i = 0; i < p->n; i++)
			if (!p->images[i]->used)
				all[n++] = (struct worth){p, k, p->images[i], 0};
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), best_first);
	return all;
}

size_t demand_save(const struct demand *d, struct buf *out, size_t limit)
{
	struct arena a = ARENA_INIT;
	struct buf head = {0}, record = {0};
	size_t start = out->len, saved = 0;
	put(&head, MAGIC, 4);
	put(&head, VERSION, 1);
	put(&head, (uint64_t)d->hour, 8);
	put(&head, d->n_pools, 1);
	for (size_t i = 0; i < d->n_pools; i++)
		put_pool(&head, d->pools[i]);
	size_t count_at = out->len + head.len;
	put(&head, 0, 4);
	if (head.len <= limit) {
		buf_add(out, head.data, head.len);
		struct worth *all = worths(d, &a);
		for (; saved < d->n_images; saved++) {
			buf_clear(&record, SIZE_MAX);
			put_image(&record, all[saved].pool, all[saved].pool_index,
				  all[saved].image);
			if (out->len - start + record.len > limit)
				break;
			buf_add(out, record.data, record.len);
		}
		for (int i = 0; i < 4; i++)
			out->data[count_at + (size_t)i] = (char)(saved >> (8 * i));
	}
	buf_done(&head);
	buf_done(&record);
	arena_done(&a);
	return d->n_images - saved;
}

/* What is read; bad: it ended too early, or a value is none that can be. */
struct reader {
	const unsigned char *at, *end;
	bool bad;
};

static uint64_t get(struct reader *r, int bytes)
{
	uint64_t value = 0;
	if (r->bad || r->end - r->at < bytes) {
		r->bad = true;
		return 0;
	}
	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)r->at[i] << (8 * i);
	r->at += bytes;
	return value;
}

static uint64_t get_most(struct reader *r, int bytes, uint64_t most)
{
	uint64_t value = get(r, bytes);
	if (value > most)
		r->bad = true;
	return r->bad ? 0 : value;
}

static double checked(struct reader *r, double value, double least, double most)
{
	if (!(value >= least && value <= most))
		r->bad = true;
	return r->bad ? 0 : value;
}

static float get_float(struct reader *r, double most)
{
	uint32_t raw = (uint32_t)get(r, 4);
	float value;
	memcpy(&value, &raw, sizeof(value));
	return (float)checked(r, value, 0, most);
}

static double get_double(struct reader *r, double least, double most)
{
	uint64_t raw = get(r, 8);
	double value;
	memcpy(&value, &raw, sizeof(value));
	return checked(r, value, least, most);
}

/* Borrowed, without a NUL at its end. */
static const char *get_name(struct reader *r, size_t *ret_len)
{
	size_t len = get_most(r, 2, DEMAND_NAME_MAX);
	const char *name = (const char *)r->at;
	if (r->bad || (size_t)(r->end - r->at) < len || !demand_name_ok(name, len)) {
		r->bad = true;
		len = 0;
	}
	r->at += len;
	*ret_len = len;
	return name;
}

static void get_hours(struct reader *r, float *hours, const float *usual, double most)
{
	uint64_t mask = get(r, 3);
	for (int h = 0; h < DAY_HOURS; h++)
		hours[h] = (mask >> h & 1) != 0 ? get_float(r, most) : usual[h];
}

static void get_pool(struct reader *r, struct demand *d)
{
	size_t len;
	const char *name = get_name(r, &len);
	char text[DEMAND_NAME_MAX + 1] = "";
	memcpy(text, name, len);
	if (r->bad || demand_find_pool(d, text) != NULL) {
		r->bad = true;
		return;
	}
	struct demand_pool *p = demand_add_pool(d, text);
	get_hours(r, p->days, no_hours, DAYS_MAX);
	p->seconds = get_double(r, 0, SUM_MAX);
	p->bytes = get_double(r, 0, SUM_MAX);
	p->mean_nodes = get_double(r, 0, SUM_MAX);
	p->born = get_double(r, 0, SUM_MAX);
	p->nodes = (uint32_t)get(r, 4);
	p->ticks = (uint32_t)get(r, 4);
	if (p->ticks > 0 && p->mean_nodes < 1)
		r->bad = true;
}

static void get_image(struct reader *r, struct demand *d)
{
	size_t pool = get(r, 1);
	unsigned flags = (unsigned)get_most(r, 1, HAS_USE | HAS_OWN_DAYS);
	size_t len;
	const char *name = get_name(r, &len);
	if (r->bad || pool >= d->n_pools || len == 0 ||
	    d->pools[pool]->n >= DEMAND_POOL_IMAGES_MAX) {
		r->bad = true;
		return;
	}
	struct demand_pool *p = d->pools[pool];
	struct demand_image *i = demand_add_image(d, p, name, len);
	i->used = (flags & HAS_USE) != 0;
	memcpy(i->days, p->days, sizeof(i->days));
	if ((flags & HAS_OWN_DAYS) != 0)
		get_hours(r, i->days, no_hours, DAYS_MAX);
	get_hours(r, i->uses, no_hours, USES_MAX);
	get_hours(r, i->stays, i->days, DAYS_MAX);
	i->now = get_float(r, USES_MAX);
	i->idle = get_float(r, SUM_MAX);
	i->gap = (uint32_t)get(r, 4);
	i->pulls = (uint32_t)get(r, 4);
	i->log_seconds = get_double(r, -LOG_MAX, LOG_MAX);
	i->bytes = get_double(r, 0, SUM_MAX);
	for (int h = 0; h < DAY_HOURS; h++)
		if (i->stays[h] > i->days[h])
			r->bad = true;
}

int demand_restore(struct demand *d, const void *bytes, size_t len, struct err *err)
{
	struct reader r = {bytes, (const unsigned char *)bytes + len, false};
	demand_clear(d);
	if (get(&r, 4) != MAGIC || get(&r, 1) != VERSION)
		return err_set(err, ERR_TERMINAL, "usage was saved by another version");
	int64_t hour = (int64_t)get(&r, 8);
	size_t pools = get_most(&r, 1, DEMAND_POOLS_MAX);
	for (size_t i = 0; i < pools && !r.bad; i++)
		get_pool(&r, d);
	size_t images = get_most(&r, 4, DEMAND_IMAGES_MAX);
	for (size_t i = 0; i < images && !r.bad; i++)
		get_image(&r, d);
	for (size_t i = 0; i < d->n_pools; i++)
		if (d->pools[i]->by_name.count != d->pools[i]->n)
			r.bad = true;
	if (r.bad || r.at != r.end || (hour < 0 && hour != HOUR_UNKNOWN)) {
		demand_clear(d);
		return err_set(err, ERR_TERMINAL, "usage that was saved is damaged");
	}
	d->hour = hour;
	return 0;
}
