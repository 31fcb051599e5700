/*
 * What was seen lately, as hashes: a table of fixed size in which a new entry may displace another
 * one with the same place. So it forgets, and never grows. Pure.
 */
#ifndef DROP_USAGE_RECENT_H
#define DROP_USAGE_RECENT_H

#include <stddef.h>
#include <stdint.h>

struct recent_entry {
	uint64_t hash; /* 0: free */
	uint64_t value;
};

struct recent {      /* zeroed but for size: empty */
	size_t size; /* a power of two */
	struct recent_entry *at;
};

void recent_done(struct recent *r);
/* 0: not known. */
uint64_t recent_get(const struct recent *r, uint64_t hash);
void recent_put(struct recent *r, uint64_t hash, uint64_t value);

#endif
