/*
 * Deletion: preconditions, the grace of pods, finalizers, namespaces. What stays until
 * somebody else is done (kubelet, a controller, the garbage collector) is only marked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/objects/api_error.h"
#include "sim/store/meta.h"

/* Of a pod that names none. */
#define POD_GRACE_S 30

static int check_preconditions(const struct entry *e, const struct deletion *d,
			       struct api_error *err)
{
	char why[512];
	if (d->uid != NULL && strcmp(d->uid, e->obj.uid) != 0) {
		snprintf(why, sizeof(why),
			 "Precondition failed: UID in precondition: %.64s, UID in object meta: %s",
			 d->uid, e->obj.uid);
		return api_error_precondition(err, e->obj.res, e->obj.name, why);
	}
	if (d->rv != 0 && d->rv != e->obj.rv) {
		snprintf(why, sizeof(why),
			 "Precondition failed: ResourceVersion in precondition: %" PRIu64
			 ", ResourceVersion in object meta: %" PRIu64,
			 d->rv, e->obj.rv);
		return api_error_precondition(err, e->obj.res, e->obj.name, why);
	}
	return 0;
}

/* Seconds that a pod may still run; everything else goes at once. */
static int64_t grace_of(const struct entry *e, const cJSON *obj, const struct deletion *d)
{
	if (e->obj.res->kind_id != KIND_POD)
		return 0;
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(obj, "spec");
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(spec, "terminationGracePeriodSeconds");
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(obj, "status");
	const char *phase = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(status, "phase"));
	bool ended =
		phase != NULL && (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0);
	if (e->obj.node[0] == '\0' || ended)
		return 0;
	if (d->grace_s >= 0)
		return d->grace_s;
	return cJSON_IsNumber(own) && own->valuedouble >= 0 ? (int64_t)own->valuedouble
							    : POD_GRACE_S;
}

static void add_gc_finalizer(cJSON *obj, enum propagation how)
{
	if (how == PROPAGATE_FOREGROUND) {
		meta_drop(obj, "finalizers", GC_FINALIZER_ORPHAN);
		meta_add(obj, "finalizers", GC_FINALIZER_FOREGROUND);
	} else if (how == PROPAGATE_ORPHAN) {
		meta_drop(obj, "finalizers", GC_FINALIZER_FOREGROUND);
		meta_add(obj, "finalizers", GC_FINALIZER_ORPHAN);
	}
}

static void mark_terminating(cJSON *namespace)
{
	cJSON *status = cJSON_GetObjectItemCaseSensitive(namespace, "status");
	if (!cJSON_IsObject(status))
		status = cJSON_AddObjectToObject(namespace, "status");
	cJSON_DeleteItemFromObjectCaseSensitive(status, "phase");
	cJSON_AddStringToObject(status, "phase", "Terminating");
}

/* It stays for now, marked; unless it was marked so before. */
static int mark(struct store *s, struct entry *e, cJSON *obj, int64_t grace, bool namespace,
		struct now now, const struct object **ret, struct api_error *err)
{
	const cJSON *before = meta_item(obj, "deletionGracePeriodSeconds");
	if (!e->deleting || (before != NULL && before->valuedouble > (double)grace))
		meta_mark_deleted(obj, grace, now);
	if (namespace) {
		meta_set(obj, "deletionGracePeriodSeconds", NULL);
		mark_terminating(obj);
	}
	meta_arrange(obj);
	return store_put(s, e->obj.res, e, obj, ret, err);
}

int store_delete(struct store *s, const struct resource *r, const char *ns, const char *name,
		 const struct deletion *d, struct now now, const struct object **ret,
		 struct api_error *e)
{
	struct entry *found = store_find(s, r, ns, name);
	if (found == NULL)
		return api_error_not_found(e, r, name);
	if (check_preconditions(found, d, e) != 0)
		return -1;
	cJSON *obj = cJSON_ParseWithLength(found->obj.text->json, found->obj.text->len);
	int64_t grace = grace_of(found, obj, d);
	bool namespace = r == resource_find("", "v1", "namespaces");
	add_gc_finalizer(obj, d->how);
	s->now_ms = now.boot_ms;
	bool stays = namespace || grace > 0 || meta_item(obj, "finalizers") != NULL;
	bool marked = stays || r->kind_id == KIND_POD; /* pods even when they go at once */
	int rc = marked ? mark(s, found, obj, grace, namespace, now, ret, e) : 0;
	if (rc == 0 && !stays && !(marked && s->dry))
		store_remove(s, found, ret);
	cJSON_Delete(obj);
	return rc;
}
