/* See set_owner.h. A reference of another version of our API counts as well. */
#include "reconciler/rules/set_owner.h"

#include <string.h>

#include "api/tables.h"

const char *set_owner_uid(const struct api_meta *meta)
{
	static const char group[] = API_GROUP "/";
	for (size_t i = 0; i < meta->owners.n; i++) {
		const struct api_owner *o = &meta->owners.at[i];
		if (o->kind != NULL && strcmp(o->kind, kinds[KIND_CACHEDIMAGESET].kind) == 0 &&
		    o->api_version != NULL && o->uid != NULL &&
		    strncmp(o->api_version, group, sizeof(group) - 1) == 0)
			return o->uid;
	}
	return NULL;
}
