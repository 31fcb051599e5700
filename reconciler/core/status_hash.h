/*
 * What the API has of a status, as one hash per row of api/cachedimage.c's table: enough to decide
 * whether a write would change something and what it must contain, in 200 bytes instead of 100 KB.
 * A field that is added to the table is part of this without further code. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_STATUS_HASH_H
#define DROP_RECONCILER_CORE_STATUS_HASH_H

#include "reconciler/core/model.h"

extern const char *const phase_names[PHASE_COUNT];

struct status_hash status_hash_of(const struct cachedimage_status *s);
bool status_hash_equal(const struct status_hash *a, const struct status_hash *b);
/* A copy of `status`, whose hash is `want`, that differs from it in exactly the rows in which
 * `known` does: what the difference to it is taken from. */
struct cachedimage_status *status_unlike(const struct status_hash *known,
					 const struct status_hash *want,
					 const struct cachedimage_status *status, struct arena *a);

#endif
