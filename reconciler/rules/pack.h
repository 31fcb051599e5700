/*
 * Copies of API lists and strings that outlive a turn, packed into one block: the
 * same function is run twice, first to count (mem NULL), then to copy.
 */
#ifndef DROP_RECONCILER_RULES_PACK_H
#define DROP_RECONCILER_RULES_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "api/desc.h"
#include "api/kinds.h"

struct pack {
	char *mem; /* NULL: only count */
	size_t used;
};

/* Each returns the copy; what they return while counting is not to be looked into. */
const char *pack_str(struct pack *p, const char *s);
struct api_map pack_map(struct pack *p, const struct api_map *m);
/* NULL: none. */
struct pod_metadata pack_pod_metadata(struct pack *p, const struct pod_metadata *m);
struct api_tolerations pack_tolerations(struct pack *p, const struct api_tolerations *t);
struct node_taints pack_taints(struct pack *p, const struct node_taints *t);
struct api_name_refs pack_names(struct pack *p, const struct api_name_refs *n);

/*
 * A hash of a spec by its descriptor: equal for equal specs. metadata.generation does not tell: it
 * goes back when etcd is restored from a backup, and then means another spec.
 */
uint64_t spec_hash(const struct desc *d, const void *spec);

#endif
