/*
 * The treap: an ordered tree that is a heap by priority at the same time. Depth is
 * O(log n) by chance, so recursion is shallow.
 */
#include "sim/store/index.h"

#include <string.h>

#include "base/hash.h"

#include "sim/store/impl.h"

int index_compare(const char *ns, const char *name, const char *other_ns, const char *other_name)
{
	int c = strcmp(ns, other_ns);
	return c != 0 ? c : strcmp(name, other_name);
}

static int compare(const char *ns, const char *name, const struct entry *e)
{
	return index_compare(ns, name, e->obj.ns, e->obj.name);
}

struct entry *index_find(struct entry *root, const char *ns, const char *name)
{
	while (root != NULL) {
		int c = compare(ns, name, root);
		if (c == 0)
			return root;
		root = c < 0 ? root->left : root->right;
	}
	return NULL;
}

struct entry *index_after(struct entry *root, const char *ns, const char *name)
{
	struct entry *best = NULL;
	while (root != NULL) {
		if (ns == NULL || compare(ns, name, root) < 0) {
			best = root;
			root = root->left;
		} else {
			root = root->right;
		}
	}
	return best;
}

/* Cuts the tree into what is before the key and what is after it. */
static void split(struct entry *t, const struct entry *key, struct entry **before,
		  struct entry **after)
{
	while (t != NULL) {
		if (compare(key->obj.ns, key->obj.name, t) < 0) {
			*after = t;
			after = &t->left;
			t = t->left;
		} else {
			*before = t;
			before = &t->right;
			t = t->right;
		}
	}
	*before = *after = NULL;
}

void index_put(struct entry **root, struct entry *e)
{
	e->priority = (uint32_t)(hash_stable_str(hash_stable_str(HASH_STABLE_START, e->obj.ns),
						 e->obj.name) >>
				 16);
	while (*root != NULL && (*root)->priority >= e->priority)
		root = compare(e->obj.ns, e->obj.name, *root) < 0 ? &(*root)->left
								  : &(*root)->right;
	split(*root, e, &e->left, &e->right);
	*root = e;
}

void index_del(struct entry **root, struct entry *e)
{
	while (*root != e)
		root = compare(e->obj.ns, e->obj.name, *root) < 0 ? &(*root)->left
								  : &(*root)->right;
	struct entry *a = e->left, *b = e->right;
	while (a != NULL && b != NULL) { /* joins the two halves, the greater priority on top */
		struct entry **down = a->priority >= b->priority ? &a->right : &b->left;
		*root = a->priority >= b->priority ? a : b;
		if (*root == a)
			a = a->right;
		else
			b = b->left;
		root = down;
	}
	*root = a != NULL ? a : b;
}

const struct resource *store_home(const struct resource *r)
{
	static const struct resource *events;
	if (strcmp(r->group, "events.k8s.io") != 0)
		return r;
	if (events == NULL)
		events = resource_find("", "v1", "events");
	return events;
}

struct entry *store_find(const struct store *s, const struct resource *r, const char *ns,
			 const char *name)
{
	return index_find(s->roots[store_home(r)->index], ns, name);
}
