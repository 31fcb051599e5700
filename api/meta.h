/*
 * Structs shared by all Kubernetes objects. Strings, lists and maps are in the arena they were
 * decoded into (or borrowed from the caller if a struct is built by hand). An absent string is
 * NULL, an absent list has n == 0, an absent object is a NULL pointer, an absent time is 0.
 */
#ifndef DROP_API_META_H
#define DROP_API_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define API_GROUP   "drop.corewire.io"
#define API_VERSION "v1alpha1"

/* One key=value; maps are sorted by key after decoding. */
struct api_kv {
	const char *key, *value;
};

struct api_map {
	struct api_kv *at;
	size_t n;
};

struct api_strings {
	const char **at;
	size_t n;
};

/* The value of key, or NULL. */
const char *api_map_get(const struct api_map *map, const char *key);
/* By key; a map built by hand needs it before desc_diff, desc_equal or packing. */
void api_map_sort(struct api_map *map);

/*
 * A selector with a name or a value that no label of Kubernetes can have matches no node, whatever
 * else it asks for: that pair alone is kept, cut. Objects that an older CRD let in are thus small.
 */
void selector_trim(struct api_map *selector, struct arena *a);

struct api_owner { /* metav1.OwnerReference */
	const char *api_version, *kind, *name, *uid;
	bool controller, block_owner_deletion;
};

struct api_owners {
	struct api_owner *at;
	size_t n;
};

struct api_meta {
	const char *name, *ns, *uid;
	uint64_t rv; /* resourceVersion; comparable as a number (KEP-5504) */
	int64_t generation;
	int64_t created, deleted; /* unix seconds; deleted = deletionTimestamp */
	struct api_map labels, annotations;
	struct api_owners owners;
};

struct api_condition { /* metav1.Condition */
	const char *type, *status, *reason, *message;
	int64_t observed_generation, last_transition; /* unix seconds */
};

struct api_conditions {
	struct api_condition *at;
	size_t n;
};

/* The condition of that type, or NULL. */
struct api_condition *api_condition_find(const struct api_conditions *list, const char *type);

struct api_toleration { /* corev1.Toleration; an absent operator means Equal */
	const char *key, *op, *value, *effect;
	int64_t seconds; /* tolerationSeconds: passed on, decides nothing; 0 = absent */
};

struct api_tolerations {
	struct api_toleration *at;
	size_t n;
};

struct api_name_ref { /* LocalObjectReference, PolicyReference, DiscoveryPolicyReference */
	const char *name;
};

struct api_name_refs {
	struct api_name_ref *at;
	size_t n;
};

/* The same names in the same order; "" counts as absent. */
bool api_name_refs_equal(const struct api_name_refs *a, const struct api_name_refs *b);

#endif
