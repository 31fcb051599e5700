/*
 * The resources that drop-sim serves: one table, from which paths, discovery, Table
 * columns, admission and the store take what they need. Kinds of this project come with
 * their descriptor (api/kinds.h), so that defaults and limits are those of the CRDs.
 */
#ifndef DROP_SIM_OBJECTS_RESOURCES_H
#define DROP_SIM_OBJECTS_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "api/kinds.h"

/* group, version, plural, singular, kind, short name, namespaced, status subresource, enum kind or
 * -1 */
#define SIM_RESOURCES(R)                                                                           \
	R("", "v1", "namespaces", "namespace", "Namespace", "ns", false, true, -1)                 \
	R("", "v1", "nodes", "node", "Node", "no", false, true, KIND_NODE)                         \
	R("", "v1", "pods", "pod", "Pod", "po", true, true, KIND_POD)                              \
	R("", "v1", "secrets", "secret", "Secret", "", true, false, -1)                            \
	R("", "v1", "configmaps", "configmap", "ConfigMap", "cm", true, false, -1)                 \
	R("", "v1", "events", "event", "Event", "ev", true, false, -1)                             \
	R("events.k8s.io", "v1", "events", "event", "Event", "ev", true, false, -1)                \
	R("coordination.k8s.io", "v1", "leases", "lease", "Lease", "", true, false, KIND_LEASE)    \
	R("drop.corewire.io", "v1alpha1", "cachedimages", "cachedimage", "CachedImage", "ci",      \
	  false, true, KIND_CACHEDIMAGE)                                                           \
	R("drop.corewire.io", "v1alpha1", "cachedimagesets", "cachedimageset", "CachedImageSet",   \
	  "cis", false, true, KIND_CACHEDIMAGESET)                                                 \
	R("drop.corewire.io", "v1alpha1", "discoverypolicies", "discoverypolicy",                  \
	  "DiscoveryPolicy", "dp", false, true, KIND_DISCOVERYPOLICY)                              \
	R("drop.corewire.io", "v1alpha1", "pullpolicies", "pullpolicy", "PullPolicy", "pp", false, \
	  true, KIND_PULLPOLICY)

struct resource {
	const char *group, *version, *plural, *singular, *kind, *short_name;
	bool namespaced, has_status;
	int kind_id; /* enum kind, or -1 */
	int index;   /* in resources[] */
};

extern const struct resource resources[];
extern const size_t resources_n;

/* By group and plural ("", "pods"), or NULL. */
const struct resource *resource_find(const char *group, const char *version, const char *plural);
/* By apiVersion and kind of an object ("v1", "Pod"), or NULL. */
const struct resource *resource_of_kind(const char *api_version, const char *kind);

#endif
