/* FNV-1a, byte by byte: stable over processes, builds and machines. */
#include "base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;
	for (size_t i = 0; i < n; i++) {
		h ^= s[i];
		h *= 0x100000001b3ULL;
	}
	return h;
}

uint64_t hash_str(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "", 1) : hash_bytes(h, s, strlen(s) + 1);
}
