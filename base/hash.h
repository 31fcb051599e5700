/*
 * Two hashes of bytes, 64 bits each.
 *
 * hash_*: SipHash-2-4 (Aumasson and Bernstein, 2012) under the key of this process. For hash
 * tables and for "has this changed?" over texts from outside: without the key an attacker cannot
 * construct collisions. Values differ from process to process: never store, send or print them.
 *
 * hash_stable_*: FNV-1a (draft-eastlake-fnv). The same in every process and after every restart:
 * for deterministic names and for repeatable jitter. Collisions are easy to construct: not to be
 * used where an attacker would profit from one.
 */
#ifndef DROP_BASE_HASH_H
#define DROP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k[2];
};

/*
 * Sets the key of this process: once, at its start, before the first map is filled. Without it
 * the key is 0, so that simulations and tests repeat themselves.
 */
void hash_seed(struct hash_key key);

/* SipHash-2-4 of the bytes under a key of the caller's. */
uint64_t hash_keyed(struct hash_key key, const void *p, size_t n);

#define HASH_START 0

/* Feed pieces one after the other; start with HASH_START. */
uint64_t hash_bytes(uint64_t h, const void *p, size_t n);
/* A string is one piece, so that ("ab","c") and ("a","bc") differ. NULL counts as "". */
uint64_t hash_str(uint64_t h, const char *s);

#define HASH_STABLE_START 0xcbf29ce484222325ULL

/* The same for the stable hash; a string is fed with its NUL. */
uint64_t hash_stable_bytes(uint64_t h, const void *p, size_t n);
uint64_t hash_stable_str(uint64_t h, const char *s);

#endif
