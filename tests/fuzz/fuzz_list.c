/*
 * The list scanner on any bytes, cut at any place: the first byte says how. Fed whole and
 * fed in parts it must find the same items, the same version and token, and the same end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "kube/list_scan.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct seen {
	uint64_t hash;
	size_t items;
	int result;
};

static void on_item(void *ctx, const char *json, size_t len)
{
	struct seen *s = ctx;
	s->items++;
	if (json[0] != '{' || json[len - 1] != '}')
		abort();
	s->hash = hash_bytes(s->hash, json, len);
}

static struct seen scan(const char *bytes, size_t n, size_t step)
{
	struct list_scanner l = {0};
	struct seen s = {.hash = HASH_START};
	for (size_t at = 0; s.result == 0 && at < n; at += step)
		s.result =
			list_scan(&l, bytes + at, n - at < step ? n - at : step, on_item, &s, NULL);
	if (s.result == 0)
		s.result = list_scan_end(&l, NULL);
	if (s.result == 0)
		s.hash = hash_str(hash_str(s.hash, l.rv), l.token);
	list_scanner_done(&l);
	return s;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct seen whole = scan(bytes, size - 1, size);
	struct seen parts = scan(bytes, size - 1, 1 + data[0] % 64);
	if (whole.items != parts.items || whole.hash != parts.hash || whole.result != parts.result)
		abort();
	return 0;
}
