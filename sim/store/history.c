/*
 * The ring of changes. Invariant: record of version v is at v modulo STORE_HISTORY, and
 * first .. first + n - 1 are there.
 */
#include "sim/store/history.h"

#include <stdlib.h>

#include "base/xalloc.h"

void history_init(struct history *h, uint64_t first)
{
	*h = (struct history){
		.ring = xcalloc(STORE_HISTORY, sizeof(struct record)),
		.first = first,
	};
}

static size_t weight(const struct record *r)
{
	return r->change.before != NULL ? r->change.before->len : 0;
}

static void drop_oldest(struct history *h)
{
	struct record *r = &h->ring[h->first % STORE_HISTORY];
	h->bytes -= weight(r);
	text_unref(r->change.before);
	text_unref(r->change.after);
	text_unref(r->key);
	*r = (struct record){0};
	h->first++;
	h->n--;
}

void history_clear(struct history *h)
{
	while (h->n > 0)
		drop_oldest(h);
}

void history_done(struct history *h)
{
	history_clear(h);
	free(h->ring);
}

void history_add(struct history *h, const struct record *record)
{
	h->bytes += weight(record);
	while (h->n == STORE_HISTORY || (h->n > 1 && h->bytes > HISTORY_BYTES_MAX))
		drop_oldest(h);
	h->ring[record->change.rv % STORE_HISTORY] = *record;
	h->n++;
}

const struct record *history_at(const struct history *h, uint64_t rv)
{
	if (rv < h->first || rv >= h->first + h->n)
		return NULL;
	return &h->ring[rv % STORE_HISTORY];
}
