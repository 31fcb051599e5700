/*
 * The table of resources, expanded, and its look-ups. Small enough to be walked.
 */
#include "sim/objects/resources.h"

#include <string.h>

enum { COUNTER_START = __COUNTER__ + 1 }; /* so that each row knows its place */

#define ROW(group_, version_, plural_, singular_, kind_, short_, namespaced_, status_, id_)        \
	{.group = (group_),                                                                        \
	 .version = (version_),                                                                    \
	 .plural = (plural_),                                                                      \
	 .singular = (singular_),                                                                  \
	 .kind = (kind_),                                                                          \
	 .short_name = (short_),                                                                   \
	 .namespaced = (namespaced_),                                                              \
	 .has_status = (status_),                                                                  \
	 .kind_id = (id_),                                                                         \
	 .index = __COUNTER__ - COUNTER_START},
const struct resource resources[] = {SIM_RESOURCES(ROW)};
#undef ROW

const size_t resources_n = sizeof(resources) / sizeof(resources[0]);

const struct resource *resource_find(const char *group, const char *version, const char *plural)
{
	for (const struct resource *r = resources; r < resources + resources_n; r++)
		if (strcmp(r->group, group) == 0 && strcmp(r->version, version) == 0 &&
		    strcmp(r->plural, plural) == 0)
			return r;
	return NULL;
}

/* "v1" or "group/version" against a row. */
static bool same_version(const struct resource *r, const char *api_version)
{
	size_t n = strlen(r->group);
	if (n == 0)
		return strcmp(api_version, r->version) == 0;
	return strncmp(api_version, r->group, n) == 0 && api_version[n] == '/' &&
	       strcmp(api_version + n + 1, r->version) == 0;
}

const struct resource *resource_of_kind(const char *api_version, const char *kind)
{
	for (const struct resource *r = resources; r < resources + resources_n; r++)
		if (strcmp(r->kind, kind) == 0 && same_version(r, api_version))
			return r;
	return NULL;
}
