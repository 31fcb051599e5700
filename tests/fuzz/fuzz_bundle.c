/*
 * Bundles of messages: whatever the bytes, every part lies within them, and the parts
 * put together again are the bytes that were read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = {0};
	const uint8_t *at = data;
	size_t left = size;
	for (struct bundle_part part; bundle_next(&at, &left, &part);) {
		size_t start = again.len;
		if (part.data < data || part.data + part.len > data + size)
			abort();
		bundle_begin(&again);
		buf_add(&again, part.data, part.len);
		bundle_end(&again, start, part.id);
	}
	if (again.len != size - left || (again.len > 0 && memcmp(again.data, data, again.len) != 0))
		abort();
	buf_done(&again);
	return 0;
}
