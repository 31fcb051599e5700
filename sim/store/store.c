/*
 * The store's heart: look-ups, and the one way in which an object is added, replaced or
 * taken out. Rules about what may be written are in sim/store/write.c and delete.c.
 */
#include "sim/store/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/xalloc.h"

#include "sim/objects/api_error.h"
#include "sim/store/index.h"
#include "sim/store/impl.h"

/* As a fresh cluster: small numbers, but never 0, which means "any" in requests. */
#define FIRST_RV 1

struct store *store_new(uint64_t seed)
{
	struct store *s = xcalloc(1, sizeof(*s));
	s->roots = xcalloc(resources_n, sizeof(struct entry *));
	s->rv = FIRST_RV;
	s->random = seed;
	history_init(&s->history, FIRST_RV + 1);
	return s;
}

static void forget_ghost(struct store *s)
{
	text_unref(s->ghost.text);
	text_unref(s->ghost_key);
	s->ghost = (struct object){0};
	s->ghost_key = NULL;
}

static void entry_free(struct entry *e)
{
	text_unref(e->obj.text);
	text_unref(e->key);
	free(e->owners);
	free(e);
}

static void free_tree(struct entry *e)
{
	if (e == NULL)
		return;
	free_tree(e->left);
	free_tree(e->right);
	entry_free(e);
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < resources_n; i++)
		free_tree(s->roots[i]);
	free(s->roots);
	forget_ghost(s);
	history_done(&s->history);
	gc_done(&s->gc);
	free(s);
}

void store_listen(struct store *s, void (*fn)(void *ctx, const struct change *change), void *ctx)
{
	if (s->n_listeners == STORE_LISTENERS_MAX)
		abort(); /* a bug: listeners are wired once, in main */
	s->listeners[s->n_listeners++] = (struct listener){fn, ctx};
}

void store_mutate(struct store *s, void (*fn)(void *ctx, cJSON *pod), void *ctx)
{
	s->mutate = fn;
	s->mutate_ctx = ctx;
}

const struct object *store_get(const struct store *s, const struct resource *r, const char *ns,
			       const char *name)
{
	struct entry *e = store_find(s, r, ns, name);
	return e != NULL ? &e->obj : NULL;
}

bool store_next(const struct store *s, const struct resource *r, const char *from_ns,
		const char *from_name, const struct object **ret)
{
	struct entry *e = index_after(s->roots[store_home(r)->index], from_ns, from_name);
	if (e != NULL)
		*ret = &e->obj;
	return e != NULL;
}

uint64_t store_rv(const struct store *s)
{
	return s->rv;
}

uint64_t store_oldest(const struct store *s)
{
	return s->history.first - 1;
}

void store_expire(struct store *s)
{
	history_clear(&s->history);
}

const struct change *store_change_after(const struct store *s, uint64_t after)
{
	const struct record *r = history_at(&s->history, after + 1);
	return r != NULL ? &r->change : NULL;
}

uint64_t store_rv_at(const struct store *s, int64_t boot_ms)
{
	uint64_t low = s->history.first, high = low + s->history.n; /* of the first after it */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (history_at(&s->history, middle)->change.at_ms <= boot_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* ---- changes ---- */

static void publish(struct store *s, const struct entry *e, struct text *before, struct text *after)
{
	struct record r = {
		.change = {.rv = s->rv,
			   .res = e->obj.res,
			   .before = text_ref(before),
			   .after = text_ref(after),
			   .ns = e->obj.ns,
			   .name = e->obj.name,
			   .node = e->obj.node,
			   .at_ms = s->now_ms},
		.key = text_ref(e->key),
	};
	history_add(&s->history, &r);
	for (size_t i = 0; i < s->n_listeners; i++)
		s->listeners[i].fn(s->listeners[i].ctx, &r.change);
}

static const char *string_at(const cJSON *obj, const char *outer, const char *name)
{
	const cJSON *in = cJSON_GetObjectItemCaseSensitive(obj, outer);
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(in, name));
	return s != NULL ? s : "";
}

/* The strings of an object's key in one block that history may outlive the entry with. */
static void set_key(struct entry *e, const cJSON *obj)
{
	const char *parts[] = {
		string_at(obj, "metadata", "namespace"),
		string_at(obj, "metadata", "name"),
		string_at(obj, "metadata", "uid"),
		e->obj.res->kind_id == KIND_POD ? string_at(obj, "spec", "nodeName") : "",
	};
	const char **into[] = {&e->obj.ns, &e->obj.name, &e->obj.uid, &e->obj.node};
	if (e->key != NULL && strcmp(e->obj.node, parts[3]) == 0)
		return;
	struct buf b = {0};
	for (size_t i = 0; i < 4; i++)
		buf_add(&b, parts[i], strlen(parts[i]) + 1);
	text_unref(e->key);
	e->key = text_new(b.data, b.len);
	const char *at = e->key->json;
	for (size_t i = 0; i < 4; i++, at += strlen(at) + 1)
		*into[i] = at;
	buf_done(&b);
}

/* Beyond this cJSON prints 15 digits, and would change integers that JSON carries. */
#define SHORT_NUMBER 1e15

/* Makes long integers print as what they are; the tree is good for nothing else then. */
static void keep_exact(cJSON *v)
{
	char text[32];
	for (cJSON *child = v->child; child != NULL; child = child->next) {
		double d = child->valuedouble;
		if (child->child != NULL) {
			keep_exact(child);
		} else if (cJSON_IsNumber(child) && fabs(d) >= SHORT_NUMBER && fabs(d) < 1e18 &&
			   d == floor(d)) {
			snprintf(text, sizeof(text), "%.0f", d);
			child->valuestring = xstrdup(text);
			child->type = cJSON_Raw;
		}
	}
}

static struct text *print(cJSON *obj)
{
	keep_exact(obj);
	char *json = cJSON_PrintUnformatted(obj);
	if (json == NULL)
		abort(); /* out of memory */
	struct text *t = text_new(json, strlen(json));
	cJSON_free(json);
	return t;
}

static void set_ghost(struct store *s, const struct entry *e)
{
	struct text *text = text_ref(e->obj.text), *key = text_ref(e->key);
	forget_ghost(s);
	s->ghost = e->obj;
	s->ghost.text = text;
	s->ghost_key = key;
}

void store_show(struct store *s, const struct resource *home, uint64_t rv, cJSON *obj,
		const struct object **ret)
{
	struct entry e = {.obj = {.res = home, .rv = rv, .text = print(obj)}};
	set_key(&e, obj);
	set_ghost(s, &e);
	text_unref(e.obj.text);
	text_unref(e.key);
	*ret = &s->ghost;
}

void store_dry_run(struct store *s, bool on)
{
	s->dry = on;
}

/* obj as the next version of e, or as a new entry. */
static struct entry *change(struct store *s, const struct resource *home, struct entry *e,
			    const cJSON *obj, const struct text *text)
{
	bool fresh = e == NULL;
	if (fresh) {
		e = xcalloc(1, sizeof(*e));
		e->obj.res = home;
		s->objects++;
	}
	set_key(e, obj);
	struct text *before = e->obj.text;
	e->obj.rv = ++s->rv;
	e->obj.text = text_with_rv(text, s->rv);
	if (fresh)
		index_put(&s->roots[home->index], e);
	gc_changed(s, e, obj);
	publish(s, e, before, e->obj.text);
	text_unref(before);
	e->bare = fresh && home->kind_id >= 0 && kinds[home->kind_id].ours && home->has_status;
	return e;
}

int store_put(struct store *s, const struct resource *home, struct entry *e, cJSON *obj,
	      const struct object **ret, struct api_error *err)
{
	struct text *text = print(obj);
	int rc = 0;
	if (text->len > STORE_OBJECT_MAX)
		rc = api_error_set(err, 413, "RequestEntityTooLarge",
				   "etcdserver: request is too large");
	else if (s->dry)
		store_show(s, home, e != NULL ? e->obj.rv : 0, obj, ret);
	else if (e != NULL && !e->bare && strcmp(text->json, e->obj.text->json) == 0)
		*ret = &e->obj; /* nothing changes, as etcd is not written then either */
	else
		*ret = &change(s, home, e, obj, text)->obj;
	text_unref(text);
	return rc;
}

void store_clear(struct store *s, uint64_t rv)
{
	for (size_t i = 0; i < resources_n; i++) {
		free_tree(s->roots[i]);
		s->roots[i] = NULL;
	}
	gc_done(&s->gc);
	s->gc = (struct gc){0};
	s->objects = 0;
	s->rv = rv;
	history_clear(&s->history);
	s->history.first = rv + 1;
}

void store_load(struct store *s, const struct resource *home, struct text *text, uint64_t rv)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	cJSON *obj = cJSON_ParseWithLength(text->json, text->len);
	e->obj.res = home;
	e->obj.rv = rv;
	e->obj.text = text_ref(text);
	set_key(e, obj);
	index_put(&s->roots[home->index], e);
	s->objects++;
	gc_changed(s, e, obj);
	cJSON_Delete(obj);
}

void store_remove(struct store *s, struct entry *e, const struct object **ret)
{
	set_ghost(s, e);
	if (ret != NULL)
		*ret = &s->ghost;
	if (s->dry)
		return;
	s->rv++;
	s->objects--;
	index_del(&s->roots[e->obj.res->index], e);
	gc_removed(s, e);
	publish(s, e, e->obj.text, NULL);
	entry_free(e);
}
