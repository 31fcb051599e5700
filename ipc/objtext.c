/* See objtext.h. A digest's ext value is its 32 bytes and then what stands before "sha256:". */
#include "ipc/objtext.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <msgpack.h>

#include "ipc/wire.h"

enum { EXT_UUID = 1, EXT_DIGEST = 2 };

#define UUID_CHARS    36
#define UUID_BYTES    16
#define DIGEST_PREFIX "sha256:"
#define DIGEST_BYTES  32
#define DIGEST_CHARS  (sizeof(DIGEST_PREFIX) - 1 + 2 * DIGEST_BYTES)
/* What may stand before a digest that is packed as bytes. */
#define BEFORE_MAX 200

static const char digits[] = "0123456789abcdef";

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads n bytes of two digits each; a '-' is where `dashes` has a bit, before the byte. */
static bool read_hex(const char *s, size_t n, uint32_t dashes, uint8_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if ((dashes >> i & 1) != 0 && *s++ != '-')
			return false;
		int high = digit(s[0]), low = high >= 0 ? digit(s[1]) : -1;
		if (low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	return true;
}

static void write_hex(char *s, size_t n, uint32_t dashes, const uint8_t *bytes)
{
	for (size_t i = 0; i < n; i++) {
		if ((dashes >> i & 1) != 0)
			*s++ = '-';
		*s++ = digits[bytes[i] >> 4];
		*s++ = digits[bytes[i] & 0xf];
	}
}

/* Before bytes 4, 6, 8 and 10. */
#define UUID_DASHES (1U << 4 | 1U << 6 | 1U << 8 | 1U << 10)

static bool pack_uuid(msgpack_packer *pk, const char *s, size_t len)
{
	uint8_t bytes[UUID_BYTES];
	if (len != UUID_CHARS || !read_hex(s, UUID_BYTES, UUID_DASHES, bytes))
		return false;
	msgpack_pack_ext(pk, sizeof(bytes), EXT_UUID);
	msgpack_pack_ext_body(pk, bytes, sizeof(bytes));
	return true;
}

static bool pack_digest(msgpack_packer *pk, const char *s, size_t len)
{
	uint8_t bytes[DIGEST_BYTES + BEFORE_MAX];
	if (len < DIGEST_CHARS || len - DIGEST_CHARS > BEFORE_MAX)
		return false;
	size_t before = len - DIGEST_CHARS, prefix = sizeof(DIGEST_PREFIX) - 1;
	if (memcmp(s + before, DIGEST_PREFIX, prefix) != 0 ||
	    !read_hex(s + before + prefix, DIGEST_BYTES, 0, bytes))
		return false;
	memcpy(bytes + DIGEST_BYTES, s, before);
	msgpack_pack_ext(pk, DIGEST_BYTES + before, EXT_DIGEST);
	msgpack_pack_ext_body(pk, bytes, DIGEST_BYTES + before);
	return true;
}

void objtext_pack(void *packer, const char *s)
{
	size_t len = s != NULL ? strlen(s) : 0;
	if (!pack_uuid(packer, s, len) && !pack_digest(packer, s, len))
		wire_pack_str(packer, s);
}

static int unpack_ext(const msgpack_object_ext *ext, struct arena *a, const char **ret)
{
	const uint8_t *bytes = (const void *)ext->ptr;
	if (ext->type == EXT_UUID && ext->size == UUID_BYTES) {
		char *s = arena_alloc(a, UUID_CHARS + 1);
		write_hex(s, UUID_BYTES, UUID_DASHES, bytes);
		*ret = s;
		return 0;
	}
	if (ext->type != EXT_DIGEST || ext->size < DIGEST_BYTES ||
	    ext->size > DIGEST_BYTES + BEFORE_MAX)
		return -1;
	size_t before = ext->size - DIGEST_BYTES, prefix = sizeof(DIGEST_PREFIX) - 1;
	if (memchr(bytes + DIGEST_BYTES, '\0', before) != NULL)
		return -1;
	char *s = arena_alloc(a, before + DIGEST_CHARS + 1);
	memcpy(s, bytes + DIGEST_BYTES, before);
	memcpy(s + before, DIGEST_PREFIX, prefix);
	write_hex(s + before + prefix, DIGEST_BYTES, 0, bytes);
	*ret = s;
	return 0;
}

int objtext_unpack(const void *object, struct arena *a, const char **ret)
{
	const msgpack_object *o = object;
	return o->type == MSGPACK_OBJECT_EXT ? unpack_ext(&o->via.ext, a, ret)
					     : wire_str(o, a, ret);
}
