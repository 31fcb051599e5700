/*
 * A hash table from string to pointer. Keys are borrowed: they must live as long
 * as the entry, usually inside the value. Iteration order is undefined; the caller sorts if it
 * needs an order.
 */
#ifndef DROP_BASE_MAP_H
#define DROP_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	const char *key; /* NULL: free */
	void *value;
	uint64_t hash;
};

struct map {
	struct map_slot *slots;
	size_t cap, count; /* cap is a power of two or 0 */
};

void *map_get(const struct map *m, const char *key);
/* Puts or replaces; returns the old value or NULL. value must not be NULL. */
void *map_put(struct map *m, const char *key, void *value);
/* Removes; returns the value or NULL. */
void *map_del(struct map *m, const char *key);
/* for (size_t i = 0; (v = map_next(&m, &i));): no put or del during it. */
void *map_next(const struct map *m, size_t *i);
/* Frees the table, not the values. */
void map_done(struct map *m);

#endif
