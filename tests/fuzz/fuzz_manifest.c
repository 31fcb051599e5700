/*
 * A manifest or an index of a registry, or anything else (discoverer/registry/manifest.h). What is
 * accepted has digests that can be asked for, and a size that is no nonsense; how the bytes are
 * split makes no difference.
 */
#include <stdlib.h>
#include <string.h>

#include "discoverer/registry/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct manifest *m, const char *text, size_t size, size_t split)
{
	struct err err;
	*m = (struct manifest){0};
	return manifest_feed(m, text, split, &err) == 0 &&
	       manifest_feed(m, text + split, size - split, &err) == 0 &&
	       manifest_end(m, &err) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct manifest one, other;
	const char *text = (const char *)data;
	bool ok = take(&one, text, size, size > 0 ? data[0] * size / 256 : 0);
	if (take(&other, text, size, size) != ok)
		abort();
	if (ok && (one.n_entries != other.n_entries || one.bytes != other.bytes || one.bytes < 0))
		abort();
	for (size_t i = 0; ok && i < one.n_entries; i++)
		if (!digest_valid(one.entries[i].digest) || one.entries[i].os[0] == '\0')
			abort();
	manifest_done(&one);
	manifest_done(&other);
	return 0;
}
