/*
 * A status as one hash a part. Private to the core.
 */
#ifndef DROP_RECONCILER_CORE_STATUS_HASH_H
#define DROP_RECONCILER_CORE_STATUS_HASH_H

#include "reconciler/core/model.h"

extern const char *const phase_names[PHASE_COUNT];

struct shadow shadow_of(const struct cachedimage_status *s, uint64_t rv);
bool shadow_equal(const struct shadow *a, const struct shadow *b);
/* A status that differs from the wanted one in exactly the parts that `known` does. */
struct cachedimage_status *shadow_other(const struct shadow *known, const struct shadow *want,
					const struct cachedimage_status *want_status,
					struct arena *a);

#endif
