/* See recent.h. The place is of the hash; two neighbours are tried before one is displaced. */
#include "usage/recent.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define WAYS 4

static struct recent_entry *place(const struct recent *r, uint64_t hash, bool put)
{
	struct recent_entry *set = &r->at[(hash & (r->size - 1)) & ~(uint64_t)(WAYS - 1)];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].hash == hash || (put && set[i].hash == 0))
			return &set[i];
	return put ? &set[(hash >> 32) % WAYS] : NULL;
}

void recent_done(struct recent *r)
{
	free(r->at);
	r->at = NULL;
}

uint64_t recent_get(const struct recent *r, uint64_t hash)
{
	const struct recent_entry *e = r->at != NULL ? place(r, hash, false) : NULL;
	return e != NULL ? e->value : 0;
}

void recent_put(struct recent *r, uint64_t hash, uint64_t value)
{
	if (r->at == NULL)
		r->at = xcalloc(r->size, sizeof(*r->at));
	struct recent_entry *e = place(r, hash, true);
	*e = (struct recent_entry){hash, value};
}
