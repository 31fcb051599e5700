/*
 * See stored.h. A version that adds something appends it: a reader stops where its own version
 * ends, and what ends earlier has nothing of it.
 */
#include "reconciler/report/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "base/xalloc.h"

#define MAGIC    "drop report 1"
#define HOUR_MAX 70389527 /* of the year 9999 */
#define US       1e6
#define COUNT_MAX (UINT64_C(1) << 53)

/* No more than is read. */
static void put_count(struct buf *out, uint64_t count)
{
	varint_put(out, count < COUNT_MAX ? count : COUNT_MAX);
}

static void put_seconds(struct buf *out, double seconds)
{
	double us = seconds * US;
	put_count(out, us < (double)COUNT_MAX ? (uint64_t)us : COUNT_MAX);
}

static void put_sum(struct buf *out, const struct tally_sum *sum)
{
	put_count(out, sum->hits);
	put_count(out, sum->misses);
	put_count(out, sum->untimed);
	put_seconds(out, sum->saved_s);
	put_seconds(out, sum->waited_s);
}

static void put_images(const struct tally *t, struct buf *out)
{
	size_t n, kept = 0;
	const struct tally_image **images = tally_images(t, &n);
	struct buf rows = {0};
	for (; kept < n && rows.len < REPORT_IMAGES_MAX - 512; kept++) {
		varint_put_text(&rows, images[kept]->image);
		put_sum(&rows, &images[kept]->sum);
	}
	varint_put(out, kept);
	buf_add(out, rows.data, rows.len);
	buf_done(&rows);
	free(images);
}

static void put_hours(const struct tally *t, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < TALLY_HOURS; i++)
		n += t->hours[i].hour != 0;
	varint_put(out, n);
	for (size_t i = 0; i < TALLY_HOURS; i++) {
		if (t->hours[i].hour == 0)
			continue;
		varint_put(out, (uint64_t)t->hours[i].hour);
		put_sum(out, &t->hours[i].sum);
	}
}

void report_store(const struct tally *t, struct buf *out)
{
	size_t begin = out->len;
	buf_adds(out, MAGIC);
	varint_put(out, t->rv);
	varint_put(out, (uint64_t)t->newest_s);
	varint_put(out, (uint64_t)t->since_s);
	varint_put(out, t->complete);
	put_count(out, t->lost);
	put_count(out, t->pulls.pulled_bytes);
	put_count(out, t->pulls.avoided);
	put_count(out, t->pulls.avoided_bytes);
	put_sum(out, &t->all);
	put_hours(t, out);
	put_images(t, out);
	copies_store(&t->copies, REPORT_STORED_MAX - (out->len - begin), out);
}

/* ---- reading ---- */

static void get_sum(struct varint_reader *r, struct tally_sum *sum)
{
	sum->hits = varint_get_most(r, COUNT_MAX);
	sum->misses = varint_get_most(r, COUNT_MAX);
	sum->untimed = varint_get_most(r, COUNT_MAX);
	sum->saved_s = (double)varint_get_time(r) / US;
	sum->waited_s = (double)varint_get_time(r) / US;
}

static void get_hours(struct varint_reader *r, struct tally *t)
{
	size_t n = varint_get_most(r, TALLY_HOURS);
	for (size_t i = 0; i < n && !r->bad; i++) {
		int64_t hour = (int64_t)varint_get_most(r, HOUR_MAX);
		struct tally_hour *of = &t->hours[hour % TALLY_HOURS];
		of->hour = hour;
		get_sum(r, &of->sum);
	}
}

static void get_images(struct varint_reader *r, struct tally *t)
{
	struct arena scratch = ARENA_INIT;
	size_t n = varint_get_most(r, TALLY_IMAGES_MAX);
	for (size_t i = 0; i < n && !r->bad; i++) {
		const char *name = varint_get_text(r, &scratch);
		struct tally_image *image = name != NULL ? tally_image(t, name) : NULL;
		if (image != NULL)
			get_sum(r, &image->sum);
		arena_reset(&scratch);
	}
	arena_done(&scratch);
}

int report_restore(struct tally *t, const void *bytes, size_t len, struct err *err)
{
	struct varint_reader r = {bytes, (const uint8_t *)bytes + len, false};
	struct tally got = {0};
	if (len < strlen(MAGIC) || memcmp(bytes, MAGIC, strlen(MAGIC)) != 0)
		return err_set(err, ERR_TERMINAL, "a report of another version");
	r.at += strlen(MAGIC);
	got.rv = varint_get(&r);
	got.newest_s = varint_get_time(&r);
	got.since_s = varint_get_time(&r);
	got.complete = varint_get_most(&r, 1) != 0;
	got.lost = varint_get_most(&r, COUNT_MAX);
	got.pulls.pulled_bytes = varint_get_most(&r, COUNT_MAX);
	got.pulls.avoided = varint_get_most(&r, COUNT_MAX);
	got.pulls.avoided_bytes = varint_get_most(&r, COUNT_MAX);
	get_sum(&r, &got.all);
	get_hours(&r, &got);
	get_images(&r, &got);
	copies_restore(&got.copies, &r);
	if (r.bad || got.since_s <= 0) {
		tally_done(&got);
		return err_set(err, ERR_TERMINAL, "a report that is damaged");
	}
	tally_done(t);
	*t = got;
	return 0;
}
