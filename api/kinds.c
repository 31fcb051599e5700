/*
 * The table of kinds: names, API group and descriptor of each. Everything that is
 * asked "which kind is it" looks here.
 */
#include "api/kinds.h"

#include <string.h>

#include "api/tables.h"

#define OURS(tag, kind_, plural_, singular_, short_)                                               \
	{                                                                                          \
		.kind = (kind_), .plural = (plural_), .singular = (singular_),                     \
		.short_name = (short_), .group = API_GROUP, .version = API_VERSION, .ours = true,  \
		.size = sizeof(struct tag), .desc = &tag##_desc, .status = &tag##_status_desc      \
	}

const struct kind_info kinds[KIND_COUNT] = {
	[KIND_NODE] = {.kind = "Node",
		       .plural = "nodes",
		       .singular = "node",
		       .group = "",
		       .version = "v1",
		       .size = sizeof(struct node),
		       .desc = &node_desc},
	[KIND_POD] = {.kind = "Pod",
		      .plural = "pods",
		      .singular = "pod",
		      .group = "",
		      .version = "v1",
		      .namespaced = true,
		      .size = sizeof(struct pod),
		      .desc = &pod_desc},
	[KIND_CACHEDIMAGE] = OURS(cachedimage, "CachedImage", "cachedimages", "cachedimage", "ci"),
	[KIND_CACHEDIMAGESET] =
		OURS(cachedimageset, "CachedImageSet", "cachedimagesets", "cachedimageset", "cis"),
	[KIND_DISCOVERYPOLICY] = OURS(discoverypolicy, "DiscoveryPolicy", "discoverypolicies",
				      "discoverypolicy", "dp"),
	[KIND_PULLPOLICY] = OURS(pullpolicy, "PullPolicy", "pullpolicies", "pullpolicy", "pp"),
	[KIND_LEASE] = {.kind = "Lease",
			.plural = "leases",
			.singular = "lease",
			.group = "coordination.k8s.io",
			.version = "v1",
			.namespaced = true,
			.size = sizeof(struct lease),
			.desc = &lease_desc},
};

int kind_find(const char *kind)
{
	for (int i = 0; kind != NULL && i < KIND_COUNT; i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return i;
	return -1;
}
