/*
 * 64-bit FNV-1a (draft-eastlake-fnv): for hash tables and for names that must be
 * the same after every restart. Not for anything an attacker could profit from.
 */
#ifndef DROP_BASE_HASH_H
#define DROP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START 0xcbf29ce484222325ULL

/* Feed pieces one after the other; start with HASH_START. */
uint64_t hash_bytes(uint64_t h, const void *p, size_t n);
/* The string with its NUL, so that ("ab","c") and ("a","bc") differ. NULL counts as "". */
uint64_t hash_str(uint64_t h, const char *s);

#endif
