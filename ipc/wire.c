/*
 * Walks msgpack headers without building anything (msgpack spec, 2013 format).
 * `left` counts the values still expected at each level; each takes at least one byte, so a count
 * beyond the remaining bytes is refused at once.
 */
#include "ipc/wire.h"

#include <string.h>

#include <msgpack.h>

#include "base/buf.h"

struct head {
	size_t bytes;  /* of the header itself and of a scalar's payload */
	size_t values; /* that follow: elements, or keys and values */
	bool nested;
};

/* Big-endian length of `width` bytes after the type byte; false if they are not there. */
static bool read_len(const uint8_t *p, size_t len, size_t width, uint64_t *ret)
{
	if (len < 1 + width)
		return false;
	*ret = 0;
	for (size_t i = 0; i < width; i++)
		*ret = *ret << 8 | p[1 + i];
	return true;
}

/* 0xc4..0xc9 and 0xd9..0xdb: bin, ext and str with a length of 1, 2 or 4 bytes. */
static bool sized(const uint8_t *p, size_t len, size_t width, size_t extra, struct head *ret)
{
	uint64_t n;
	if (!read_len(p, len, width, &n) || n > len - 1 - width)
		return false;
	ret->bytes = 1 + width + extra + (size_t)n;
	return true;
}

/* 0xdc..0xdf: array and map with a count of 2 or 4 bytes. */
static bool counted(const uint8_t *p, size_t len, size_t width, size_t per, struct head *ret)
{
	uint64_t n;
	if (!read_len(p, len, width, &n) || n > len)
		return false;
	*ret = (struct head){1 + width, (size_t)n * per, true};
	return true;
}

static bool head_long(const uint8_t *p, size_t len, struct head *ret)
{
	static const uint8_t fixed[] = {/* payload bytes of 0xca..0xd8 */
					4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17};
	uint8_t t = *p;
	if (t == 0xc1)
		return false;
	if (t == 0xc0 || t == 0xc2 || t == 0xc3)
		return true;
	if (t <= 0xc6)
		return sized(p, len, (size_t)1 << (t - 0xc4), 0, ret);
	if (t <= 0xc9)
		return sized(p, len, (size_t)1 << (t - 0xc7), 1, ret);
	if (t <= 0xd8) {
		ret->bytes = 1 + (size_t)fixed[t - 0xca];
		return true;
	}
	if (t <= 0xdb)
		return sized(p, len, (size_t)1 << (t - 0xd9), 0, ret);
	return counted(p, len, t % 2 == 0 ? 2 : 4, t <= 0xdd ? 1 : 2, ret);
}

static bool head_read(const uint8_t *p, size_t len, struct head *ret)
{
	uint8_t t = *p;
	*ret = (struct head){.bytes = 1};
	if (t <= 0x7f || t >= 0xe0)
		return true;
	if (t <= 0x8f)
		*ret = (struct head){1, (t & 0x0fU) * 2, true};
	else if (t <= 0x9f)
		*ret = (struct head){1, t & 0x0fU, true};
	else if (t <= 0xbf)
		ret->bytes = 1 + (t & 0x1fU);
	else
		return head_long(p, len, ret);
	return true;
}

bool wire_scan(const void *bytes, size_t len, size_t *ret_len)
{
	const uint8_t *p = bytes;
	size_t at = 0, left[WIRE_DEPTH_MAX + 1] = {1}, depth = 0;
	for (;;) {
		while (left[depth] == 0) {
			if (depth == 0) {
				*ret_len = at;
				return true;
			}
			depth--;
		}
		struct head h;
		if (at >= len || !head_read(p + at, len - at, &h) || h.bytes > len - at)
			return false;
		at += h.bytes;
		left[depth]--;
		if (!h.nested)
			continue;
		if (h.values > len - at || depth == WIRE_DEPTH_MAX)
			return false;
		left[++depth] = h.values;
	}
}

int wire_write(void *buf, const char *bytes, size_t len)
{
	buf_add(buf, bytes, len);
	return 0;
}

void wire_pack_str(void *packer, const char *s)
{
	if (s == NULL)
		msgpack_pack_nil(packer);
	else
		msgpack_pack_str_with_body(packer, s, strlen(s));
}

int wire_str(const void *object, struct arena *a, const char **ret)
{
	const msgpack_object *o = object;
	if (o->type == MSGPACK_OBJECT_NIL) {
		*ret = NULL;
		return 0;
	}
	if (o->type != MSGPACK_OBJECT_STR)
		return -1;
	/* msgpack-c leaves the pointer of an empty string NULL. */
	const char *text = o->via.str.size > 0 ? o->via.str.ptr : "";
	if (memchr(text, '\0', o->via.str.size) != NULL)
		return -1;
	*ret = arena_strndup(a, text, o->via.str.size);
	return 0;
}

int wire_int(const void *object, int64_t *ret)
{
	const msgpack_object *o = object;
	if (o->type != MSGPACK_OBJECT_NEGATIVE_INTEGER &&
	    (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER || o->via.u64 > INT64_MAX))
		return -1;
	*ret = o->via.i64;
	return 0;
}
