/*
 * metadata: one list of its fields, in the order in which they are stored; what is not in
 * the list is not kept (managedFields and selfLink among them).
 */
#include "sim/store/meta.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/store/admission/admit.h"
#include "sim/objects/api_error.h"

/* name, and who says it: the client on create only (false), or on each update (true) */
#define META_FIELDS(M)                                                                             \
	M(name, false)                                                                             \
	M(generateName, false)                                                                     \
	M(namespace, false)                                                                        \
	M(uid, false)                                                                              \
	M(resourceVersion, false)                                                                  \
	M(generation, false)                                                                       \
	M(creationTimestamp, false)                                                                \
	M(deletionTimestamp, false)                                                                \
	M(deletionGracePeriodSeconds, false)                                                       \
	M(labels, true)                                                                            \
	M(annotations, true)                                                                       \
	M(ownerReferences, true)                                                                   \
	M(finalizers, true)

static const struct meta_field {
	const char *name;
	bool clients;
} fields[] = {
#define ROW(name, clients) {#name, clients},
	META_FIELDS(ROW)
#undef ROW
};
#define FIELDS_N (sizeof(fields) / sizeof(fields[0]))

enum {
	GENERATE_PREFIX = 58, /* of 63, with 5 random characters after it */
	GENERATE_RANDOM = 5,
};

cJSON *meta_item(const cJSON *obj, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(obj, "metadata"),
						name);
}

const char *meta_text(const cJSON *obj, const char *name)
{
	const char *s = cJSON_GetStringValue(meta_item(obj, name));
	return s != NULL ? s : "";
}

void meta_set(cJSON *obj, const char *name, cJSON *value)
{
	cJSON *meta = cJSON_GetObjectItemCaseSensitive(obj, "metadata");
	cJSON_DeleteItemFromObjectCaseSensitive(meta, name);
	if (value != NULL)
		cJSON_AddItemToObject(meta, name, value);
}

void meta_set_text(cJSON *obj, const char *name, const char *value)
{
	meta_set(obj, name, cJSON_CreateString(value));
}

void meta_set_time(cJSON *obj, const char *name, int64_t wall_s)
{
	char text[TIME_TEXT_MAX];
	time_format(text, wall_s);
	meta_set_text(obj, name, text);
}

static cJSON *find_string(const cJSON *list, const char *s)
{
	cJSON *one;
	cJSON_ArrayForEach(one, list)
	{
		if (cJSON_IsString(one) && strcmp(one->valuestring, s) == 0)
			return one;
	}
	return NULL;
}

bool meta_has(const cJSON *obj, const char *list, const char *s)
{
	return find_string(meta_item(obj, list), s) != NULL;
}

void meta_add(cJSON *obj, const char *list, const char *s)
{
	if (meta_has(obj, list, s))
		return;
	if (!cJSON_IsArray(meta_item(obj, list)))
		meta_set(obj, list, cJSON_CreateArray());
	cJSON_AddItemToArray(meta_item(obj, list), cJSON_CreateString(s));
}

void meta_drop(cJSON *obj, const char *list, const char *s)
{
	cJSON *items = meta_item(obj, list);
	cJSON *one = find_string(items, s);
	if (one == NULL)
		return;
	cJSON_Delete(cJSON_DetachItemViaPointer(items, one));
	if (items->child == NULL)
		meta_set(obj, list, NULL);
}

static void bring_to_front(cJSON *obj, const char *name)
{
	cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(obj, name);
	if (item != NULL)
		cJSON_InsertItemInArray(obj, 0, item);
}

static bool is_empty(const cJSON *item)
{
	return cJSON_IsNull(item) ||
	       ((cJSON_IsObject(item) || cJSON_IsArray(item)) && item->child == NULL);
}

void meta_arrange(cJSON *obj)
{
	cJSON *meta = cJSON_GetObjectItemCaseSensitive(obj, "metadata");
	cJSON *neat = cJSON_CreateObject();
	for (size_t i = 0; i < FIELDS_N; i++) {
		cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(meta, fields[i].name);
		if (item != NULL && is_empty(item))
			cJSON_Delete(item);
		else if (item != NULL)
			cJSON_AddItemToObject(neat, fields[i].name, item);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(obj, "metadata");
	cJSON_AddItemToObject(obj, "metadata", neat);
	bring_to_front(obj, "metadata");
	bring_to_front(obj, "apiVersion");
	bring_to_front(obj, "kind");
}

/* ---- what a client says of metadata ---- */

/* Makes up the name where only its beginning is given; what it is like is checked by admit(). */
static void make_name(struct store *s, cJSON *obj)
{
	/* Neither vowels nor characters that read alike, as in Kubernetes' generated names. */
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *prefix = meta_text(obj, "generateName");
	char made[GENERATE_PREFIX + GENERATE_RANDOM + 1];
	if (meta_text(obj, "name")[0] != '\0' || prefix[0] == '\0')
		return;
	int n = snprintf(made, sizeof(made), "%.*s", GENERATE_PREFIX, prefix);
	for (int i = 0; i < GENERATE_RANDOM; i++)
		made[n++] = alphabet[store_random(s) % (sizeof(alphabet) - 1)];
	made[n] = '\0';
	meta_set_text(obj, "name", made);
}

/* Things that come and go without anybody acting on a spec have no generation. */
static bool has_generation(const struct resource *r)
{
	return r->group[0] != '\0' ? strcmp(r->group, API_GROUP) == 0 : r->kind_id == KIND_POD;
}

int meta_for_create(struct store *s, const struct resource *r, const char *ns, cJSON *obj,
		    struct now now, struct api_error *e)
{
	char uid[37];
	if (admit_kind(r, obj, true, e) != 0)
		return -1;
	const char *said = meta_text(obj, "namespace");
	if (said[0] != '\0' && strcmp(said, ns) != 0)
		return api_error_bad(e, "the namespace of the provided object does not match the "
					"namespace sent on the request");
	if (meta_text(obj, "resourceVersion")[0] != '\0')
		return api_error_set(e, 500, NULL,
				     "resourceVersion should not be set on objects to be created");
	meta_set(obj, "namespace", ns[0] ? cJSON_CreateString(ns) : NULL);
	make_name(s, obj);
	store_new_uid(s, uid);
	meta_set_text(obj, "uid", uid);
	meta_set_text(obj, "resourceVersion", "");
	meta_set(obj, "generation", has_generation(r) ? cJSON_CreateNumber(1) : NULL);
	meta_set_time(obj, "creationTimestamp", now.wall_s);
	meta_set(obj, "deletionTimestamp", NULL);
	meta_set(obj, "deletionGracePeriodSeconds", NULL);
	return 0;
}

int meta_for_update(const struct resource *r, const struct entry *e, const cJSON *old, cJSON *obj,
		    struct api_error *err)
{
	char rv[24];
	if (admit_kind(r, obj, false, err) != 0)
		return -1;
	const char *name = meta_text(obj, "name"), *ns = meta_text(obj, "namespace");
	const char *uid = meta_text(obj, "uid"), *said = meta_text(obj, "resourceVersion");
	if (name[0] != '\0' && strcmp(name, e->obj.name) != 0)
		return api_error_bad(err,
				     "the name of the object (%.253s) does not match the name on "
				     "the URL (%.253s)",
				     name, e->obj.name);
	if (ns[0] != '\0' && strcmp(ns, e->obj.ns) != 0)
		return api_error_bad(err, "the namespace of the provided object does not match the "
					  "namespace sent on the request");
	if (uid[0] != '\0' && strcmp(uid, e->obj.uid) != 0) {
		char detail[160];
		snprintf(detail, sizeof(detail), "Invalid value: \"%.64s\": field is immutable",
			 uid);
		return api_error_invalid(err, r, e->obj.name, "metadata.uid", "FieldValueInvalid",
					 detail);
	}
	snprintf(rv, sizeof(rv), "%" PRIu64, e->obj.rv);
	if (said[0] != '\0' && strcmp(said, "0") != 0 && strcmp(said, rv) != 0)
		return api_error_conflict(err, r, e->obj.name,
					  "the object has been modified; please apply your changes "
					  "to the latest version and try again");
	for (size_t i = 0; i < FIELDS_N; i++)
		if (!fields[i].clients)
			meta_set(obj, fields[i].name,
				 cJSON_Duplicate(meta_item(old, fields[i].name), true));
	return 0;
}

void meta_mark_deleted(cJSON *obj, int64_t grace_s, struct now now)
{
	const cJSON *generation = meta_item(obj, "generation");
	if (cJSON_IsNumber(generation) && meta_item(obj, "deletionTimestamp") == NULL)
		meta_set(obj, "generation", cJSON_CreateNumber(generation->valuedouble + 1));
	meta_set_time(obj, "deletionTimestamp", now.wall_s + grace_s);
	meta_set(obj, "deletionGracePeriodSeconds", cJSON_CreateNumber((double)grace_s));
}
