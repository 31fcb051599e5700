/*
 * The garbage collector and the namespace controller: looks at the queue of owners.h, after the
 * request that caused it, as the collector of a real cluster comes after. An item is looked at
 * as it is then; what was true when it was queued does not count.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/store/index.h"
#include "sim/store/impl.h"
#include "sim/store/meta.h"

/* Objects looked at in one turn; the rest waits for the next, so that requests are served. */
#define GC_TURN_MAX 512

static const char *text_of(const cJSON *ref, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ref, name));
	return s != NULL ? s : "";
}

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
		if (o != NULL && (to != NULL ? o == to : o->res != NULL && !gc_owner_entry(s, o)))
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
		const struct entry *owner = gc_owner_entry(s, e->owners[i]);
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
				gc_look_at(s, o->dependents[i]);
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

int64_t store_turn(struct store *s, struct now now)
{
	struct gc *g = &s->gc;
	s->now_ms = now.boot_ms;
	for (size_t done = 0; g->n > 0 && done < GC_TURN_MAX; done++) {
		struct gc_item item = g->items[g->head++];
		if (--g->n == 0)
			g->head = 0;
		look(s, &item, now);
		text_unref(item.key);
	}
	return g->n > 0 ? now.boot_ms : CLOCK_NEVER;
}
