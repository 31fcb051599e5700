/*
 * Open addressing with linear probing; deletion shifts the run back instead of
 * leaving marks, so a table that sees many joins and leaves does not degrade.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

static size_t find(const struct map *m, const char *key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);
	while (m->slots[i].key != NULL &&
	       (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *map_get(const struct map *m, const char *key)
{
	if (m->count == 0)
		return NULL;
	size_t i = find(m, key, hash_str(HASH_START, key));
	return m->slots[i].key != NULL ? m->slots[i].value : NULL;
}

static void grow(struct map *m)
{
	struct map old = *m;
	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key != NULL)
			m->slots[find(m, old.slots[i].key, old.slots[i].hash)] = old.slots[i];
	free(old.slots);
}

void *map_put(struct map *m, const char *key, void *value)
{
	if ((m->count + 1) * 4 > m->cap * 3)
		grow(m);
	uint64_t hash = hash_str(HASH_START, key);
	struct map_slot *s = &m->slots[find(m, key, hash)];
	void *old = s->key != NULL ? s->value : NULL;
	m->count += s->key == NULL;
	*s = (struct map_slot){.key = key, .value = value, .hash = hash};
	return old;
}

void *map_del(struct map *m, const char *key)
{
	if (m->count == 0)
		return NULL;
	size_t i = find(m, key, hash_str(HASH_START, key));
	if (m->slots[i].key == NULL)
		return NULL;
	void *old = m->slots[i].value;
	size_t mask = m->cap - 1;
	for (size_t j = (i + 1) & mask; m->slots[j].key != NULL; j = (j + 1) & mask) {
		size_t home = m->slots[j].hash & mask;
		if (((j - home) & mask) >= ((j - i) & mask)) {
			m->slots[i] = m->slots[j];
			i = j;
		}
	}
	m->slots[i] = (struct map_slot){0};
	m->count--;
	return old;
}

void *map_next(const struct map *m, size_t *i)
{
	while (*i < m->cap) {
		struct map_slot *s = &m->slots[(*i)++];
		if (s->key != NULL)
			return s->value;
	}
	return NULL;
}

void map_done(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}
