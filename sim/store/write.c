/*
 * Create, replace and patch: one path for all three. An object is read, changed as a tree,
 * admitted, and put. Every check is made before anything changes.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/store/admission/admit.h"
#include "sim/objects/api_error.h"
#include "sim/store/events.h"
#include "sim/store/index.h"
#include "sim/store/json_patch.h"
#include "sim/store/merge.h"
#include "sim/store/meta.h"

/* Tries for a generated name that is free. */
#define GENERATE_TRIES 8

/* ---- namespaces ---- */

static const struct resource *namespaces(void)
{
	return resource_find("", "v1", "namespaces");
}

/* Objects are made in namespaces that exist and are not going. */
static int check_namespace(const struct store *s, const struct resource *r, const char *ns,
			   const char *name, struct api_error *e)
{
	if (!r->namespaced)
		return 0;
	const struct entry *n = store_find(s, namespaces(), "", ns);
	if (n == NULL)
		return api_error_not_found(e, namespaces(), ns);
	if (!n->deleting)
		return 0;
	return api_error_set(
		e, 403, "Forbidden",
		"%s \"%.253s\" is forbidden: unable to create new content in namespace "
		"%.63s because it is being terminated",
		r->plural, name, ns);
}

/* ---- trees ---- */

/* The object as a client of that version sees it. */
static cJSON *load(const struct resource *r, const struct entry *e)
{
	cJSON *obj = cJSON_ParseWithLength(e->obj.text->json, e->obj.text->len);
	events_convert(e->obj.res, r, obj);
	return obj;
}

/* Arranged and in its stored form. */
static void prepare(const struct resource *r, cJSON *obj)
{
	events_convert(r, store_home(r), obj);
	if (strcmp(r->plural, "events") == 0)
		events_complete(obj);
	meta_arrange(obj);
}

/* Events of both groups are checked as one kind, and errors name that one. */
static int check(const struct resource *r, cJSON *obj, const cJSON *old, bool status,
		 struct api_error *e)
{
	int rc = admit(r, obj, old, status, e);
	if (rc != 0 && r != store_home(r))
		e->group = "";
	return rc;
}

/* Replaces member `name` of obj by that of `from`, or removes it. */
static void take_over(cJSON *obj, const cJSON *from, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);
	cJSON_DeleteItemFromObjectCaseSensitive(obj, name);
	if (item != NULL)
		cJSON_AddItemToObject(obj, name, cJSON_Duplicate(item, true));
}

static bool is_ours(const struct resource *r)
{
	return strcmp(r->group, API_GROUP) == 0;
}

/* ---- create ---- */

static int create(struct store *s, const struct resource *r, const char *ns, cJSON *obj,
		  struct now now, const struct object **ret, struct api_error *e)
{
	char name[256];
	snprintf(name, sizeof(name), "%s", meta_text(obj, "name"));
	if (check_namespace(s, r, ns, name, e) != 0 || meta_for_create(s, r, ns, obj, now, e) != 0)
		return -1;
	/* What an object is like is told by its controllers, not by who makes it; nodes tell
	 * of themselves. */
	if (r->has_status && (is_ours(r) || r->kind_id == KIND_POD))
		cJSON_DeleteItemFromObjectCaseSensitive(obj, "status");
	if (r->kind_id == KIND_POD && s->mutate != NULL)
		s->mutate(s->mutate_ctx, obj);
	if (check(r, obj, NULL, false, e) != 0)
		return -1;
	if (store_find(s, r, ns, meta_text(obj, "name")) != NULL)
		return api_error_exists(e, r, meta_text(obj, "name"));
	prepare(r, obj);
	return store_put(s, store_home(r), NULL, obj, ret, e);
}

int store_create(struct store *s, const struct resource *r, const char *ns, const cJSON *obj,
		 struct now now, const struct object **ret, struct api_error *e)
{
	if (!cJSON_IsObject(obj))
		return api_error_bad(e, "the body of the request is not a JSON object");
	if (s->objects >= STORE_OBJECTS_MAX)
		return api_error_set(e, 500, "InternalError",
				     "etcdserver: mvcc: database space exceeded");
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(obj, "metadata");
	bool named = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(meta, "name"));
	int rc = -1;
	s->now_ms = now.boot_ms;
	for (int i = 0; i < GENERATE_TRIES; i++) {
		cJSON *copy = cJSON_Duplicate(obj, true);
		rc = create(s, r, ns, copy, now, ret, e);
		cJSON_Delete(copy);
		if (rc == 0 || named || e->code != 409)
			break;
	}
	return rc;
}

/* ---- replace ---- */

/* Leaves of obj only what this way of writing may change. */
static void confine(const struct write *w, const cJSON *old, cJSON *obj)
{
	if (!w->res->has_status)
		return;
	if (!w->status) {
		take_over(obj, old, "status");
		return;
	}
	if (is_ours(w->res)) { /* everything but the status stays, metadata too */
		const cJSON *status = cJSON_GetObjectItemCaseSensitive(obj, "status");
		cJSON *kept = status != NULL ? cJSON_Duplicate(status, true) : NULL;
		while (obj->child != NULL)
			cJSON_Delete(cJSON_DetachItemViaPointer(obj, obj->child));
		const cJSON *item;
		cJSON_ArrayForEach(item, old)
		{
			if (strcmp(item->string, "status") != 0)
				cJSON_AddItemToObject(obj, item->string,
						      cJSON_Duplicate(item, true));
		}
		if (kept != NULL)
			cJSON_AddItemToObject(obj, "status", kept);
		return;
	}
	take_over(obj, old, "spec"); /* of built-in kinds labels may come along */
	meta_set(obj, "ownerReferences", cJSON_Duplicate(meta_item(old, "ownerReferences"), true));
}

/* The last finalizer of an object that waited for it is gone, and its grace is over. */
static bool is_over(const struct entry *e, const cJSON *obj)
{
	const cJSON *grace = meta_item(obj, "deletionGracePeriodSeconds");
	const cJSON *finalizers = meta_item(obj, "finalizers");
	bool namespace = e->obj.res == namespaces();
	return e->deleting && !namespace && (grace == NULL || grace->valuedouble == 0) &&
	       (finalizers == NULL || finalizers->child == NULL);
}

/* Who deletes an object waits for its finalizers: no new ones come up then. */
static int check_finalizers(const struct write *w, const struct entry *e, const cJSON *old,
			    const cJSON *obj, struct api_error *err)
{
	const cJSON *one;
	char detail[512];
	if (!e->deleting)
		return 0;
	cJSON_ArrayForEach(one, meta_item(obj, "finalizers"))
	{
		const char *name = cJSON_GetStringValue(one);
		if (name == NULL || meta_has(old, "finalizers", name))
			continue;
		snprintf(
			detail, sizeof(detail),
			"Forbidden: no new finalizers can be added if the object is being deleted, "
			"found new finalizers []string{\"%.253s\"}",
			name);
		return api_error_invalid(err, w->res, w->name, "metadata.finalizers",
					 "FieldValueForbidden", detail);
	}
	return 0;
}

/* obj: what w would make of old; both in the version of w->res. */
static int replace(struct store *s, const struct write *w, struct entry *e, const cJSON *old,
		   cJSON *obj, struct now now, const struct object **ret, struct api_error *err)
{
	s->now_ms = now.boot_ms;
	if (w->status && is_ours(w->res)) /* whose metadata is not written: not even compared */
		meta_set(obj, "uid", NULL);
	if (meta_for_update(w->res, e, old, obj, err) != 0 ||
	    check_finalizers(w, e, old, obj, err) != 0)
		return -1;
	confine(w, old, obj);
	if (w->strict && admit_strict(w->res, obj, err) != 0)
		return -1;
	if (check(w->res, obj, old, w->status, err) != 0)
		return -1;
	const cJSON *generation = meta_item(old, "generation");
	if (!w->status && generation != NULL && admit_spec_changed(w->res, old, obj))
		meta_set(obj, "generation", cJSON_CreateNumber(generation->valuedouble + 1));
	prepare(w->res, obj);
	if (!is_over(e, obj))
		return store_put(s, store_home(w->res), e, obj, ret, err);
	const struct resource *home = e->obj.res;
	uint64_t rv = e->obj.rv;
	store_remove(s, e, NULL);
	store_show(s, home, rv, obj, ret);
	return 0;
}

/* An update of these kinds must say which version it is of. */
static bool needs_version(const struct resource *r)
{
	return is_ours(r) || r->kind_id == KIND_LEASE;
}

/* An update of what is not there, where that makes it. */
static int create_by_update(struct store *s, const struct write *w, const cJSON *obj,
			    struct now now, const struct object **ret, struct api_error *e)
{
	if (strcmp(meta_text(obj, "name"), w->name) != 0)
		return api_error_bad(e,
				     "the name of the object (%.253s) does not match the name on "
				     "the URL (%.253s)",
				     meta_text(obj, "name"), w->name);
	cJSON *copy = cJSON_Duplicate(obj, true);
	meta_set(copy, "resourceVersion", NULL); /* of one that has gone */
	int rc = store_create(s, w->res, w->ns, copy, now, ret, e);
	cJSON_Delete(copy);
	return rc;
}

/* What a replacement says of the object that it replaces. */
static int check_said(const struct write *w, const struct entry *found, const cJSON *obj,
		      struct api_error *e)
{
	const char *rv = meta_text(obj, "resourceVersion"), *uid = meta_text(obj, "uid");
	char why[256];
	if (uid[0] != '\0' && strcmp(uid, found->obj.uid) != 0) {
		snprintf(why, sizeof(why),
			 "Precondition failed: UID in precondition: %.64s, UID in object meta: %s",
			 uid, found->obj.uid);
		return api_error_conflict(e, w->res, w->name, why);
	}
	if (!needs_version(w->res) || (rv[0] != '\0' && strcmp(rv, "0") != 0))
		return 0;
	api_error_invalid(e, w->res, w->name, "metadata.resourceVersion", "FieldValueInvalid",
			  "Invalid value: 0: must be specified for an update");
	e->kind = w->res->plural;
	return -1;
}

int store_update(struct store *s, const struct write *w, const cJSON *obj, struct now now,
		 const struct object **ret, struct api_error *e)
{
	struct entry *found = store_find(s, w->res, w->ns, w->name);
	if (!cJSON_IsObject(obj))
		return api_error_bad(e, "the body of the request is not a JSON object");
	if (found == NULL)
		return w->create ? create_by_update(s, w, obj, now, ret, e)
				 : api_error_not_found(e, w->res, w->name);
	if (check_said(w, found, obj, e) != 0)
		return -1;
	cJSON *old = load(w->res, found), *copy = cJSON_Duplicate(obj, true);
	int rc = replace(s, w, found, old, copy, now, ret, e);
	cJSON_Delete(copy);
	cJSON_Delete(old);
	return rc;
}

static int apply(enum patch_kind how, cJSON *obj, const cJSON *patch, struct api_error *e)
{
	if (how == PATCH_JSON)
		return json_patch(obj, patch, e);
	if (!cJSON_IsObject(patch))
		return api_error_bad(e, "the patch is not a JSON object");
	(how == PATCH_STRATEGIC ? merge_strategic : merge_patch)(obj, patch);
	return 0;
}

int store_patch(struct store *s, const struct write *w, const cJSON *patch, struct now now,
		const struct object **ret, struct api_error *e)
{
	struct entry *found = store_find(s, w->res, w->ns, w->name);
	if (found == NULL)
		return api_error_not_found(e, w->res, w->name);
	cJSON *old = load(w->res, found), *obj = cJSON_Duplicate(old, true);
	int rc = apply(w->patch, obj, patch, e);
	if (rc == 0)
		rc = replace(s, w, found, old, obj, now, ret, e);
	cJSON_Delete(obj);
	cJSON_Delete(old);
	return rc;
}
