/* See status_hash.h. */
#include "reconciler/core/status_hash.h"

#include <string.h>

#include "api/tables.h"

const char *const phase_names[PHASE_COUNT] = {
	[PHASE_PENDING] = "Pending",
	[PHASE_PULLING] = "Pulling",
	[PHASE_READY] = "Ready",
	[PHASE_DEGRADED] = "Degraded",
};

static enum phase phase_of(const char *name)
{
	for (int i = PHASE_NONE + 1; i < PHASE_COUNT; i++)
		if (name != NULL && strcmp(name, phase_names[i]) == 0)
			return (enum phase)i;
	return PHASE_NONE;
}

struct status_hash status_hash_of(const struct cachedimage_status *s)
{
	/* Without a phase nothing was ever written: integers must be, zero included. */
	struct status_hash hash = {.known = s->phase != NULL, .phase = phase_of(s->phase)};
	for (size_t i = 0; i < cachedimage_status_desc.n; i++)
		hash.row[i] = desc_hash_row(&cachedimage_status_desc, i, s);
	return hash;
}

bool status_hash_equal(const struct status_hash *a, const struct status_hash *b)
{
	return a->known && b->known && memcmp(a->row, b->row, sizeof(a->row)) == 0;
}

struct cachedimage_status *status_unlike(const struct status_hash *known,
					 const struct status_hash *want,
					 const struct cachedimage_status *status, struct arena *a)
{
	struct cachedimage_status *other = arena_memdup(a, status, sizeof(*status));
	for (size_t i = 0; i < cachedimage_status_desc.n; i++)
		if (!known->known || known->row[i] != want->row[i])
			desc_unlike(&cachedimage_status_desc, i, other, a);
	return other;
}
