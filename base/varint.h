/*
 * Numbers and texts as bytes, for what is stored (usage/stored.h, reconciler/report/stored.h):
 * numbers seven bits at a time, the lowest first, at most 63 bits; texts with their length. A
 * reader takes anything: what it does not understand sets `bad`, and reads as 0 or NULL from then.
 */
#ifndef DROP_BASE_VARINT_H
#define DROP_BASE_VARINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

#define VARINT_TEXT_MAX 1024

void varint_put(struct buf *out, uint64_t value);
void varint_put_text(struct buf *out, const char *text);

struct varint_reader { /* borrows the bytes */
	const uint8_t *at, *end;
	bool bad;
};

uint64_t varint_get(struct varint_reader *r);
/* More than that is bad. */
uint64_t varint_get_most(struct varint_reader *r, uint64_t most);
/* Seconds since 1970, or another number up to 2^53. */
int64_t varint_get_time(struct varint_reader *r);
/* Printable ASCII without blanks, not empty, into the arena. */
char *varint_get_text(struct varint_reader *r, struct arena *a);

#endif
