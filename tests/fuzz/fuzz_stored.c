/*
 * Usage that was kept (usage/stored.c), from ConfigMaps that others may write. What is accepted
 * goes on, and is stored and restored again. The first byte says which part; the rest is not
 * compressed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "usage/deflated.h"
#include "usage/stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int restore(struct usage *u, int part, const void *raw, size_t len)
{
	struct buf bytes = {0};
	struct err err;
	deflated_add(&bytes, raw, len);
	int rc = usage_restore(u, part, bytes.data, bytes.len, (struct now){1, 1000000000}, &err);
	buf_done(&bytes);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usage *u = usage_new("", NULL, NULL), *again = usage_new("", NULL, NULL);
	struct buf out = {0};
	struct err err;
	int part = size > 0 ? data[0] % STORED_PARTS : 0;
	if (size > 0 && restore(u, part, data + 1, size - 1) == 0) {
		usage_store(u, part, &out);
		if (usage_restore(again, part, out.data, out.len, (struct now){1, 1000000000},
				  &err) < 0 ||
		    again->images.n != u->images.n)
			abort();
		usage_tick(u, 1000000000, true);
	} else if (u->images.n != 0) {
		abort();
	}
	usage_restore(again, part, data, size, (struct now){1, 1}, &err);
	buf_done(&out);
	usage_free(u);
	usage_free(again);
	return 0;
}
