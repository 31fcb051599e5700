/*
 * See stored.h. Hours are written as what has passed since the one before, so that an image with
 * few uses is small.
 */
#include "usage/stored.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/varint.h"
#include "base/xalloc.h"

#include "usage/deflated.h"

#define MAGIC "drop usage 2"
/* Without the seconds that were waited. */
#define MAGIC_FIRST "drop usage 1"
#define HOURS_A_DAY 24
/* Hours since 1970, of the year 9999. */
#define HOUR_MAX 70389527
/* Tried with fewer images until the part is small enough. */
#define TRIES 6

/* ---- writing ---- */

static void put_coverage(struct buf *out, const struct coverage *c)
{
	varint_put(out, (uint64_t)c->since_s);
	varint_put(out, (uint64_t)c->seen_s);
	varint_put(out, c->n);
	for (size_t i = 0; i < c->n; i++) {
		varint_put(out, (uint64_t)c->gaps[i].from_s);
		varint_put(out, (uint64_t)c->gaps[i].to_s);
	}
}

static void put_hours(struct buf *out, const struct usage_images *all,
		      const struct usage_image *image)
{
	size_t n = 0;
	int64_t before = all->hour;
	for (size_t i = 0; i < USAGE_HOURS; i++)
		n += image->hours[i] != 0;
	varint_put(out, n);
	for (int64_t h = all->hour; h > all->hour - USAGE_HOURS && h >= 0; h--) {
		uint16_t uses = image->hours[h % USAGE_HOURS];
		if (uses == 0)
			continue;
		varint_put(out, (uint64_t)(before - h));
		varint_put(out, uses);
		before = h;
	}
}

/* In thousandths of a second; days as how long they are ago. */
static void put_waits(struct buf *out, const struct usage_images *all,
		      const struct usage_image *image)
{
	int64_t today = all->hour / HOURS_A_DAY;
	size_t n = 0;
	for (size_t d = 0; d < USAGE_DAYS; d++)
		n += image->waited[d] > 0;
	varint_put(out, n);
	for (int64_t ago = 0; ago < USAGE_DAYS && ago <= today; ago++) {
		float waited = image->waited[(today - ago) % USAGE_DAYS];
		if (waited <= 0)
			continue;
		varint_put(out, (uint64_t)ago);
		varint_put(out, (uint64_t)((double)waited * 1000));
	}
}

static void put_image(struct buf *out, const struct usage_images *all,
		      const struct usage_image *image)
{
	size_t n = 0;
	varint_put_text(out, image->reference);
	varint_put(out, image->real);
	varint_put(out, (uint64_t)image->bytes);
	varint_put(out, (uint64_t)image->last);
	put_hours(out, all, image);
	for (size_t b = 0; b < USAGE_BUCKETS; b++)
		n += image->pulls[b] != 0;
	varint_put(out, n);
	for (size_t b = 0; b < USAGE_BUCKETS; b++)
		if (image->pulls[b] != 0) {
			varint_put(out, b);
			varint_put(out, image->pulls[b]);
		}
	varint_put(out, image->n_in);
	for (size_t i = 0; i < image->n_in; i++) {
		varint_put_text(out, image->in[i].name);
		varint_put(out, image->in[i].uses);
	}
	varint_put(out, image->elsewhere);
	put_waits(out, all, image);
}

static void put_images(const struct usage *u, size_t n, struct buf *out)
{
	buf_adds(out, MAGIC);
	varint_put(out, u->rv);
	varint_put(out, (uint64_t)u->created_s);
	varint_put(out, (uint64_t)u->images.hour);
	varint_put(out, (uint64_t)u->hour);
	put_coverage(out, &u->coverage);
	varint_put(out, n);
	for (size_t i = 0; i < n; i++)
		put_image(out, &u->images, u->images.at[i]);
}

/* As much of `all` as is likely to fit, after `tried` came out `len` bytes long. */
static size_t less(size_t tried, size_t len)
{
	return (size_t)((double)tried * STORED_PART_MAX / (double)len * 0.95);
}

static size_t store_images(struct usage *u, struct buf *out)
{
	size_t n = u->images.n;
	struct buf raw = {0};
	usage_images_sort(&u->images);
	for (int i = 0; i < TRIES; i++) {
		size_t before = out->len;
		raw.len = 0;
		put_images(u, n, &raw);
		deflated_add(out, raw.data, raw.len);
		if (out->len - before <= STORED_PART_MAX)
			break;
		n = i == TRIES - 2 ? 0 : less(n, out->len - before);
		out->len = before;
	}
	buf_done(&raw);
	return u->images.n - n;
}

static size_t store_demand(const struct usage *u, struct buf *out)
{
	size_t limit = STORED_RAW_MAX, lost = 0;
	struct buf raw = {0};
	for (int i = 0; i < TRIES; i++) {
		size_t before = out->len;
		raw.len = 0;
		lost = demand_save(u->demand, &raw, limit);
		deflated_add(out, raw.data, raw.len);
		if (out->len - before <= STORED_PART_MAX)
			break;
		limit = less(raw.len, out->len - before);
		out->len = before;
	}
	buf_done(&raw);
	return lost;
}

size_t usage_store(struct usage *u, int part, struct buf *out)
{
	return part == 0 ? store_images(u, out) : store_demand(u, out);
}

/* ---- reading ---- */

static void get_coverage(struct varint_reader *r, struct coverage *c)
{
	c->since_s = varint_get_time(r);
	c->seen_s = varint_get_time(r);
	size_t n = varint_get_most(r, COVERAGE_GAPS_MAX);
	for (size_t i = 0; i < n && !r->bad; i++) {
		c->gaps[i].from_s = varint_get_time(r);
		c->gaps[i].to_s = varint_get_time(r);
		int64_t before = i > 0 ? c->gaps[i - 1].to_s : 0;
		r->bad |= c->gaps[i].from_s < before || c->gaps[i].to_s < c->gaps[i].from_s;
		c->n = i + 1;
	}
}

static void get_hours(struct varint_reader *r, int64_t hour, struct usage_image *image)
{
	size_t n = varint_get_most(r, USAGE_HOURS);
	int64_t at = hour;
	for (size_t i = 0; i < n && !r->bad; i++) {
		at -= (int64_t)varint_get_most(r, USAGE_HOURS - 1);
		uint16_t uses = (uint16_t)varint_get_most(r, UINT16_MAX);
		r->bad |= at <= hour - USAGE_HOURS || at < 0;
		if (!r->bad)
			image->hours[at % USAGE_HOURS] = uses;
	}
}

static void get_waits(struct varint_reader *r, int64_t hour, struct usage_image *image)
{
	int64_t today = hour / HOURS_A_DAY;
	size_t n = varint_get_most(r, USAGE_DAYS);
	for (size_t i = 0; i < n && !r->bad; i++) {
		int64_t ago = (int64_t)varint_get_most(r, USAGE_DAYS - 1);
		double waited = (double)varint_get_time(r) / 1000;
		r->bad |= ago > today;
		if (!r->bad)
			image->waited[(today - ago) % USAGE_DAYS] = (float)waited;
	}
}

/* waits: it has them. */
static void get_image(struct varint_reader *r, bool waits, struct usage_images *all,
		      struct arena *a)
{
	const char *text = varint_get_text(r, a);
	const char *normal = !r->bad ? ref_normal(a, text) : NULL;
	uint64_t hash = normal != NULL ? ref_hash(normal) : 0;
	if (hash == 0 || usage_image_find(all, hash) != NULL || all->n == USAGE_IMAGES_MAX) {
		r->bad = true;
		return;
	}
	struct usage_image *image = usage_image_get(all, normal, hash);
	image->real = varint_get_most(r, 1) != 0;
	image->bytes = (double)varint_get_time(r);
	image->last = varint_get_time(r);
	get_hours(r, all->hour, image);
	size_t n = varint_get_most(r, USAGE_BUCKETS);
	for (size_t i = 0; i < n && !r->bad; i++) {
		size_t b = varint_get_most(r, USAGE_BUCKETS - 1);
		image->pulls[b] = (uint8_t)varint_get_most(r, UINT8_MAX);
	}
	n = varint_get_most(r, USAGE_NAMESPACES_MAX);
	for (size_t i = 0; i < n && !r->bad; i++) {
		const char *ns = varint_get_text(r, a);
		if (!r->bad)
			image->in[image->n_in++].name = xstrdup(ns);
		image->in[i].uses = (uint32_t)varint_get_most(r, UINT32_MAX);
	}
	image->elsewhere = (uint32_t)varint_get_most(r, UINT32_MAX);
	if (waits)
		get_waits(r, all->hour, image);
}

static bool begins_with(const uint8_t *bytes, size_t len, const char *magic)
{
	return len >= strlen(magic) && memcmp(bytes, magic, strlen(magic)) == 0;
}

static int restore_images(struct usage *u, const uint8_t *bytes, size_t len, struct now now,
			  struct err *err)
{
	struct varint_reader r = {.at = bytes, .end = bytes + len};
	struct usage_images images = {0};
	struct coverage coverage = {0};
	struct arena scratch = ARENA_INIT;
	bool waits = begins_with(bytes, len, MAGIC);
	if (!waits && !begins_with(bytes, len, MAGIC_FIRST))
		return err_set(err, ERR_TERMINAL, "usage of another version");
	r.at += strlen(MAGIC);
	uint64_t rv = varint_get(&r);
	int64_t created_s = varint_get_time(&r);
	images.hour = (int64_t)varint_get_most(&r, HOUR_MAX);
	int64_t hour = (int64_t)varint_get_most(&r, (uint64_t)images.hour);
	get_coverage(&r, &coverage);
	size_t n = varint_get_most(&r, USAGE_IMAGES_MAX);
	for (size_t i = 0; i < n && !r.bad; i++) {
		get_image(&r, waits, &images, &scratch);
		arena_reset(&scratch);
	}
	arena_done(&scratch);
	if (r.bad || r.at != r.end) {
		usage_images_done(&images);
		return err_set(err, ERR_TERMINAL, "usage that is damaged");
	}
	usage_images_done(&u->images);
	u->images = images;
	u->coverage = coverage;
	u->rv = rv;
	u->hour = hour;
	u->created_s = u->newest_s = created_s;
	u->clock = now;
	if (coverage.seen_s > now.wall_s)
		u->clock.wall_s = coverage.seen_s;
	return 0;
}

int usage_restore(struct usage *u, int part, const void *bytes, size_t len, struct now now,
		  struct err *err)
{
	struct buf raw = {.limit = STORED_RAW_MAX};
	int rc = inflated_add(&raw, bytes, len, err);
	if (rc == 0)
		rc = part == 0 ? restore_images(u, (const uint8_t *)raw.data, raw.len, now, err)
			       : demand_restore(u->demand, raw.data, raw.len, err);
	buf_done(&raw);
	return rc;
}
