/*
 * JSON decoder of every kind: whatever the bytes, no crash; what decodes encodes to
 * JSON that decodes to the same, validates without a crash, and differs from nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/desc.h"
#include "api/kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

static void check(const struct desc *d, const void *obj, struct arena *a)
{
	struct buf one = {0}, two = {0}, patch = {0};
	void *back = arena_alloc(a, d->size), *empty = arena_alloc(a, d->size);
	desc_encode(d, obj, &one);
	require(desc_decode(d, one.data, one.len, false, a, back, NULL) == 0);
	desc_encode(d, back, &two);
	require(strcmp(one.data, two.data) == 0);
	require(!desc_diff(d, obj, obj, &patch) && patch.len == 0);
	require(desc_diff(d, empty, obj, &patch) == !desc_equal(d, empty, obj));
	require(desc_equal(d, obj, desc_clone(d, obj, a)));
	struct err err;
	desc_validate(d, obj, &err);
	buf_done(&one);
	buf_done(&two);
	buf_done(&patch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_INIT;
	for (int k = 0; k < KIND_COUNT; k++) {
		struct err err;
		void *obj = arena_alloc(&a, kinds[k].size);
		if (desc_decode(kinds[k].desc, (const char *)data, size, true, &a, obj, &err) == 0)
			check(kinds[k].desc, obj, &a);
		arena_reset(&a);
	}
	arena_done(&a);
	return 0;
}
