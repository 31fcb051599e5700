/* Sets of node slots as bit arrays of whole 64-bit words. */
#ifndef DROP_RECONCILER_RULES_BITS_H
#define DROP_RECONCILER_RULES_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_WORD 64

static inline bool bit_get(const uint64_t *set, size_t i)
{
	return (set[i / BITS_WORD] >> (i % BITS_WORD)) & 1;
}

static inline void bit_put(uint64_t *set, size_t i, bool on)
{
	uint64_t mask = (uint64_t)1 << (i % BITS_WORD);
	if (on)
		set[i / BITS_WORD] |= mask;
	else
		set[i / BITS_WORD] &= ~mask;
}

/* The first member at or after `from`, or `size` (a multiple of BITS_WORD). */
static inline size_t bit_next(const uint64_t *set, size_t from, size_t size)
{
	while (from < size) {
		uint64_t word = set[from / BITS_WORD] >> (from % BITS_WORD);
		if (word != 0)
			return from + (size_t)__builtin_ctzll(word);
		from = (from / BITS_WORD + 1) * BITS_WORD;
	}
	return size;
}

#endif
