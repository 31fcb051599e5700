/*
 * Objects of one resource in the order of their keys (namespace, name): a treap, so that
 * lists come out in order, pages continue anywhere, and a put costs O(log n) without a
 * rebalancing to get wrong. Priorities are hashes of the key: the shape depends on the
 * content only, never on the order of arrival. Entries are the store's.
 */
#ifndef DROP_SIM_STORE_INDEX_H
#define DROP_SIM_STORE_INDEX_H

struct entry;

struct entry *index_find(struct entry *root, const char *ns, const char *name);
/* The least after (ns, name); ns NULL: the first. NULL: none. */
struct entry *index_after(struct entry *root, const char *ns, const char *name);
/* Its key must not be there yet. */
void index_put(struct entry **root, struct entry *e);
void index_del(struct entry **root, struct entry *e);
/* The order of keys. */
int index_compare(const char *ns, const char *name, const char *other_ns, const char *other_name);

#endif
