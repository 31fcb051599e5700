/* The store's random numbers, from its seed: uids and generated names. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/store/impl.h"

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t store_random(struct store *s)
{
	uint64_t z = (s->random += 0x9e3779b97f4a7c15ULL);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void store_new_uid(struct store *s, char out[37])
{
	uint64_t a = store_random(s), b = store_random(s);
	snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012" PRIx64, (unsigned)(a >> 32),
		 (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
		 ((unsigned)(b >> 48) & 0x3fff) | 0x8000, b & UINT64_C(0xffffffffffff));
}
