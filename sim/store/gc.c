/*
 * The garbage collector and the namespace controller: a queue of objects to look at. An
 * item is looked at as it is then; what was true when it was queued does not count.
 */
#include "sim/store/gc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/xalloc.h"

#include "sim/store/index.h"
#include "sim/store/impl.h"
#include "sim/store/meta.h"

/* ---- the queue ---- */

static void look_at(struct store *s, struct entry *e)
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
		look_at(s, e);
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

/* The owner itself, if it is there and still the same one. */
static struct entry *owner_entry(const struct store *s, const struct gc_owner *o)
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
	struct entry *owner = owner_entry(s, o);
	if (owner != NULL && owner->deleting)
		look_at(s, owner);
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
		orphan = orphan || (o->res != NULL && owner_entry(s, o) == NULL);
	}
	if (orphan)
		look_at(s, e);
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
		look_at(s, e);
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
		look_at(s, o->dependents[i]);
	if (e->obj.ns[0] != '\0' && s->gc.terminating > 0)
		look_at_namespace(s, e->obj.ns);
	if (e->deleting && strcmp(e->obj.res->plural, "namespaces") == 0)
		s->gc.terminating--;
}

/* ---- looking at one object ---- */

/* Replaces it by what the tree now says. */
static void rewrite(struct store *s, struct entry *e, cJSON *obj)
{
	struct api_error ignored;
	const struct object *now;
	const cJSON *grace = meta_item(obj, "deletionGracePeriodSeconds");
	meta_arrange(obj);
	if (store_put(s, e->obj.res, e, obj, &now, &ignored) != 0)
		return; /* it has become smaller, not larger */
	if (e->deleting && meta_item(obj, "finalizers") == NULL &&
	    (grace == NULL || grace->valuedouble == 0))
		store_remove(s, e, NULL);
}

/* Drops the references to owners that are gone (or, with `to` set, to that one). */
static void drop_references(struct store *s, struct entry *e, const struct gc_owner *to)
{
	cJSON *obj = cJSON_ParseWithLength(e->obj.text->json, e->obj.text->len);
	cJSON *refs = meta_item(obj, "ownerReferences");
	for (cJSON *ref = refs != NULL ? refs->child : NULL, *next; ref != NULL; ref = next) {
		const struct gc_owner *o = map_get(&s->gc.owners, text_of(ref, "uid"));
		next = ref->next;
		if (o != NULL && (to != NULL ? o == to : o->res != NULL && !owner_entry(s, o)))
			cJSON_Delete(cJSON_DetachItemViaPointer(refs, ref));
	}
	rewrite(s, e, obj);
	cJSON_Delete(obj);
}

static bool has_dependents(const struct store *s, const struct entry *e)
{
	return map_get(&s->gc.owners, e->obj.uid) != NULL;
}

static void collect(struct store *s, struct entry *e, struct now now)
{
	const struct object *left;
	struct api_error ignored;
	struct deletion d = {
		.uid = e->obj.uid,
		.grace_s = -1,
		.how = has_dependents(s, e) ? PROPAGATE_FOREGROUND : PROPAGATE_BACKGROUND,
	};
	/* Refused only if it is gone or another one by now: then there is nothing to do. */
	(void)store_delete(s, e->obj.res, e->obj.ns, e->obj.name, &d, now, &left, &ignored);
}

/* Are the owners it names gone? All: it goes too; some: it forgets them. */
static void check_owners(struct store *s, struct entry *e, struct now now)
{
	size_t gone = 0, leaving = 0;
	for (size_t i = 0; i < e->n_owners; i++) {
		const struct entry *owner = owner_entry(s, e->owners[i]);
		if (owner == NULL)
			gone += e->owners[i]->res != NULL;
		else if (owner->deleting &&
			 strstr(owner->obj.text->json, "\"" GC_FINALIZER_FOREGROUND "\"") != NULL)
			leaving++;
	}
	if (gone + leaving == 0 || e->deleting)
		return;
	if (gone + leaving == e->n_owners)
		collect(s, e, now);
	else if (gone > 0)
		drop_references(s, e, NULL);
}

/* An object that waits for the collector: foreground, or orphaning its dependents. */
static void finish_owner(struct store *s, struct entry *e)
{
	struct gc_owner *o = map_get(&s->gc.owners, e->obj.uid);
	cJSON *obj = cJSON_ParseWithLength(e->obj.text->json, e->obj.text->len);
	bool orphan = meta_has(obj, "finalizers", GC_FINALIZER_ORPHAN);
	bool foreground = meta_has(obj, "finalizers", GC_FINALIZER_FOREGROUND);
	if (orphan) {
		for (; o != NULL; o = map_get(&s->gc.owners, e->obj.uid))
			drop_references(s, o->dependents[0], o);
		meta_drop(obj, "finalizers", GC_FINALIZER_ORPHAN);
		rewrite(s, e, obj);
	} else if (foreground && o == NULL) {
		meta_drop(obj, "finalizers", GC_FINALIZER_FOREGROUND);
		rewrite(s, e, obj);
	} else if (foreground) {
		for (size_t i = 0; i < o->n; i++)
			if (!o->dependents[i]->deleting)
				look_at(s, o->dependents[i]);
	}
	cJSON_Delete(obj);
}

/* A namespace that is being deleted takes its content with it. */
static void empty_namespace(struct store *s, struct entry *e, struct now now)
{
	bool left = false;
	for (size_t i = 0; i < resources_n; i++) {
		char name[256] = "";
		for (struct entry *one;
		     resources[i].namespaced &&
		     (one = index_after(s->roots[i], e->obj.name, name)) != NULL &&
		     strcmp(one->obj.ns, e->obj.name) == 0;) {
			snprintf(name, sizeof(name), "%s", one->obj.name);
			if (!one->deleting)
				collect(s, one, now);
			left = left || index_find(s->roots[i], e->obj.name, name) != NULL;
		}
	}
	if (!left)
		store_remove(s, e, NULL);
}

static void look(struct store *s, const struct gc_item *item, struct now now)
{
	const char *ns = item->key->json;
	const char *name = ns + strlen(ns) + 1, *uid = name + strlen(name) + 1;
	struct entry *e = index_find(s->roots[item->res->index], ns, name);
	if (e == NULL || strcmp(e->obj.uid, uid) != 0)
		return;
	e->queued = false;
	if (e->deleting && strcmp(item->res->plural, "namespaces") == 0)
		empty_namespace(s, e, now);
	else if (e->deleting)
		finish_owner(s, e);
	else
		check_owners(s, e, now);
}

bool gc_turn(struct store *s, struct now now)
{
	struct gc *g = &s->gc;
	for (size_t done = 0; g->n > 0 && done < GC_TURN_MAX; done++) {
		struct gc_item item = g->items[g->head++];
		if (--g->n == 0)
			g->head = 0;
		look(s, &item, now);
		text_unref(item.key);
	}
	return g->n > 0;
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
