/* See varint.h. */
#include "base/varint.h"

#include <string.h>

void varint_put(struct buf *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;
	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (uint8_t)(value | 0x80);
	bytes[n++] = (uint8_t)value;
	buf_add(out, bytes, n);
}

void varint_put_text(struct buf *out, const char *text)
{
	varint_put(out, strlen(text));
	buf_add(out, text, strlen(text));
}

uint64_t varint_get(struct varint_reader *r)
{
	uint64_t value = 0;
	for (int shift = 0; shift < 63 && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	r->bad = true;
	return 0;
}

uint64_t varint_get_most(struct varint_reader *r, uint64_t most)
{
	uint64_t value = varint_get(r);
	r->bad |= value > most;
	return r->bad ? 0 : value;
}

int64_t varint_get_time(struct varint_reader *r)
{
	return (int64_t)varint_get_most(r, INT64_C(1) << 53);
}

/* Printable ASCII; NULL and bad: it is none. */
char *varint_get_text(struct varint_reader *r, struct arena *a)
{
	size_t len = varint_get_most(r, VARINT_TEXT_MAX);
	if (r->bad || len == 0 || len > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	char *text = arena_strndup(a, (const char *)r->at, len);
	for (size_t i = 0; i < len; i++)
		r->bad |= text[i] <= ' ' || text[i] > '~';
	r->at += len;
	return text;
}
