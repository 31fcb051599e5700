/* See owners.h. */
#include "sim/store/owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "sim/store/impl.h"
#include "sim/store/meta.h"

/* ---- the queue ---- */

void gc_look_at(struct store *s, struct entry *e)
{
	struct gc *g = &s->gc;
	if (e->queued)
		return;
	e->queued = true;
	if (g->head > 0 && g->head + g->n == g->cap) { /* slide down before growing */
		memmove(g->items, g->items + g->head, g->n * sizeof(g->items[0]));
		g->head = 0;
	}
	if (g->n == g->cap) {
		g->cap = g->cap ? g->cap * 2 : 64;
		g->items = xreallocarray(g->items, g->cap, sizeof(g->items[0]));
	}
	g->items[g->head + g->n++] = (struct gc_item){e->obj.res, text_ref(e->key)};
}

static void look_at_namespace(struct store *s, const char *ns)
{
	struct entry *e = store_find(s, resource_find("", "v1", "namespaces"), "", ns);
	if (e != NULL && e->deleting)
		gc_look_at(s, e);
}

/* ---- who owns whom ---- */

static const char *text_of(const cJSON *ref, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ref, name));
	return s != NULL ? s : "";
}

static struct gc_owner *owner_of(struct store *s, const struct entry *dependent, const cJSON *ref)
{
	const char *uid = text_of(ref, "uid");
	struct gc_owner *o = map_get(&s->gc.owners, uid);
	if (o != NULL || uid[0] == '\0')
		return o;
	o = xcalloc(1, sizeof(*o));
	o->uid = xstrdup(uid);
	o->name = xstrdup(text_of(ref, "name"));
	o->res = resource_of_kind(text_of(ref, "apiVersion"), text_of(ref, "kind"));
	o->ns = xstrdup(o->res != NULL && o->res->namespaced ? dependent->obj.ns : "");
	map_put(&s->gc.owners, o->uid, o);
	return o;
}

static void owner_free(struct gc_owner *o)
{
	free(o->uid);
	free(o->name);
	free(o->ns);
	free(o->dependents);
	free(o);
}

struct entry *gc_owner_entry(const struct store *s, const struct gc_owner *o)
{
	struct entry *e = o->res != NULL ? store_find(s, o->res, o->ns, o->name) : NULL;
	return e != NULL && strcmp(e->obj.uid, o->uid) == 0 ? e : NULL;
}

static void disown(struct store *s, struct gc_owner *o, const struct entry *e)
{
	size_t i = 0;
	while (o->dependents[i] != e)
		i++;
	o->dependents[i] = o->dependents[--o->n];
	struct entry *owner = gc_owner_entry(s, o);
	if (owner != NULL && owner->deleting)
		gc_look_at(s, owner);
	if (o->n == 0) {
		map_del(&s->gc.owners, o->uid);
		owner_free(o);
	}
}

static void disown_all(struct store *s, const struct entry *e, struct gc_owner **owners, size_t n)
{
	for (size_t i = 0; i < n; i++)
		disown(s, owners[i], e);
	free(owners);
}

/* The same owners in the same order, as in nearly every write. */
static bool same_owners(const struct entry *e, const cJSON *refs)
{
	size_t i = 0;
	const cJSON *ref;
	cJSON_ArrayForEach(ref, refs)
	{
		if (i == e->n_owners || strcmp(e->owners[i++]->uid, text_of(ref, "uid")) != 0)
			return false;
	}
	return i == e->n_owners;
}

static void own(struct store *s, struct entry *e, const cJSON *refs)
{
	const cJSON *ref;
	bool orphan = false;
	e->owners = xcalloc((size_t)cJSON_GetArraySize(refs), sizeof(struct gc_owner *));
	cJSON_ArrayForEach(ref, refs)
	{
		struct gc_owner *o = owner_of(s, e, ref);
		if (o == NULL)
			continue;
		if (o->n == o->cap) {
			o->cap = o->cap ? o->cap * 2 : 4;
			o->dependents =
				xreallocarray(o->dependents, o->cap, sizeof(struct entry *));
		}
		o->dependents[o->n++] = e;
		e->owners[e->n_owners++] = o;
		orphan = orphan || (o->res != NULL && gc_owner_entry(s, o) == NULL);
	}
	if (orphan)
		gc_look_at(s, e);
}

void gc_changed(struct store *s, struct entry *e, const cJSON *obj)
{
	const cJSON *refs = meta_item(obj, "ownerReferences");
	bool was = e->deleting;
	e->deleting = meta_item(obj, "deletionTimestamp") != NULL;
	if (!same_owners(e, refs)) {
		struct gc_owner **owners = e->owners;
		size_t n = e->n_owners;
		e->owners = NULL;
		e->n_owners = 0;
		if (refs != NULL) /* the new ones first: an owner named by both stays */
			own(s, e, refs);
		disown_all(s, e, owners, n);
	}
	if (e->deleting)
		gc_look_at(s, e);
	if (e->deleting && !was && strcmp(e->obj.res->plural, "namespaces") == 0)
		s->gc.terminating++;
}

void gc_removed(struct store *s, struct entry *e)
{
	disown_all(s, e, e->owners, e->n_owners);
	e->owners = NULL;
	e->n_owners = 0;
	struct gc_owner *o = map_get(&s->gc.owners, e->obj.uid);
	for (size_t i = 0; o != NULL && i < o->n; i++)
		gc_look_at(s, o->dependents[i]);
	if (e->obj.ns[0] != '\0' && s->gc.terminating > 0)
		look_at_namespace(s, e->obj.ns);
	if (e->deleting && strcmp(e->obj.res->plural, "namespaces") == 0)
		s->gc.terminating--;
}

void gc_done(struct gc *g)
{
	struct gc_owner *o;
	for (size_t i = 0; (o = map_next(&g->owners, &i)) != NULL;)
		owner_free(o);
	map_done(&g->owners);
	for (size_t i = 0; i < g->n; i++)
		text_unref(g->items[g->head + i].key);
	free(g->items);
}
