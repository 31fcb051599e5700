/* Which CachedImageSet controls a CachedImage (behaviour 23, 50). */
#ifndef DROP_RECONCILER_RULES_SET_OWNER_H
#define DROP_RECONCILER_RULES_SET_OWNER_H

#include "api/kinds.h"

/* The uid of the set in the ownerReferences, borrowed; NULL: there is none. */
const char *set_owner_uid(const struct api_meta *meta);

#endif
