/*
 * Unpacker of objects; the first byte chooses the kind. Whatever the bytes, no crash;
 * what unpacks packs to one form, and that form unpacks to an equal object.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "ipc/objpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct buf one = {0}, two = {0};
	if (size == 0)
		return 0;
	const struct desc *d = kinds[data[0] % KIND_COUNT].desc;
	void *obj = arena_alloc(&a, d->size), *back = arena_alloc(&a, d->size);
	if (obj_unpack(d, data + 1, size - 1, &a, obj, NULL) == 0) {
		obj_pack(d, obj, &one);
		if (obj_unpack(d, one.data, one.len, &a, back, NULL) != 0)
			abort();
		obj_pack(d, back, &two);
		if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
			abort();
	}
	buf_done(&one);
	buf_done(&two);
	arena_done(&a);
	return 0;
}
