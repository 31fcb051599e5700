/*
 * Both patches walk the patch, never the target: what it does not name stays. Depth is
 * bounded by the parser's nesting limit.
 */
#include "sim/store/merge.h"

#include <stdbool.h>
#include <string.h>

static void put(cJSON *target, const char *name, cJSON *value)
{
	if (cJSON_GetObjectItemCaseSensitive(target, name) != NULL)
		cJSON_ReplaceItemInObjectCaseSensitive(target, name, value);
	else
		cJSON_AddItemToObject(target, name, value);
}

void merge_patch(cJSON *target, const cJSON *patch)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, patch)
	{
		if (cJSON_IsNull(item)) {
			cJSON_DeleteItemFromObjectCaseSensitive(target, item->string);
			continue;
		}
		if (!cJSON_IsObject(item)) {
			put(target, item->string, cJSON_Duplicate(item, true));
			continue;
		}
		cJSON *inner = cJSON_GetObjectItemCaseSensitive(target, item->string);
		if (!cJSON_IsObject(inner)) {
			inner = cJSON_CreateObject();
			put(target, item->string, inner);
		}
		merge_patch(inner, item);
	}
}

/* ---- strategic ---- */

/* Lists of built-in kinds that are merged, by the name of their field, and their key; "" means
 * that its elements are texts. */
static const struct merge_key {
	const char *list, *key;
} merge_keys[] = {
	{"containers", "name"},        {"initContainers", "name"}, {"env", "name"},
	{"volumes", "name"},           {"conditions", "type"},     {"addresses", "type"},
	{"imagePullSecrets", "name"},  {"ownerReferences", "uid"}, {"ports", "containerPort"},
	{"volumeMounts", "mountPath"}, {"finalizers", ""},         {"podCIDRs", ""},
};

static const char *merge_key_of(const char *list)
{
	for (size_t i = 0; i < sizeof(merge_keys) / sizeof(merge_keys[0]); i++)
		if (strcmp(merge_keys[i].list, list) == 0)
			return merge_keys[i].key;
	return NULL;
}

static bool same(const cJSON *a, const cJSON *b)
{
	return a != NULL && b != NULL && cJSON_Compare(a, b, true);
}

/* The element of the list that has the same key as `one`. */
static cJSON *counterpart(const cJSON *list, const cJSON *one, const char *key)
{
	cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		if (key[0] == '\0' ? same(item, one)
				   : same(cJSON_GetObjectItemCaseSensitive(item, key),
					  cJSON_GetObjectItemCaseSensitive(one, key)))
			return item;
	}
	return NULL;
}

static bool directive(const cJSON *patch, const char *what)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(patch, "$patch"));
	return s != NULL && strcmp(s, what) == 0;
}

static void merge_list(cJSON *list, const cJSON *patch, const char *key)
{
	const cJSON *one;
	bool whole = false; /* an element says: the list is what the patch brings */
	cJSON_ArrayForEach(one, patch)
	{
		whole = whole || directive(one, "replace");
	}
	while (whole && list->child != NULL)
		cJSON_DeleteItemFromArray(list, 0);
	cJSON_ArrayForEach(one, patch)
	{
		if (directive(one, "replace"))
			continue;
		cJSON *mine = counterpart(list, one, key);
		if (directive(one, "delete")) {
			if (mine != NULL)
				cJSON_Delete(cJSON_DetachItemViaPointer(list, mine));
		} else if (mine == NULL) {
			cJSON *fresh = cJSON_IsObject(one) ? cJSON_CreateObject()
							   : cJSON_Duplicate(one, true);
			cJSON_AddItemToArray(list, fresh);
			if (cJSON_IsObject(one))
				merge_strategic(fresh, one);
		} else if (cJSON_IsObject(one)) {
			merge_strategic(mine, one);
		}
	}
}

static void delete_texts(cJSON *list, const cJSON *texts)
{
	const cJSON *one;
	cJSON_ArrayForEach(one, texts)
	{
		cJSON *mine = counterpart(list, one, "");
		if (mine != NULL)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, mine));
	}
}

/* $retainKeys: of this object only these fields stay. */
static void retain(cJSON *target, const cJSON *names)
{
	for (cJSON *item = target->child, *next; item != NULL; item = next) {
		bool kept = false;
		const cJSON *name;
		next = item->next;
		cJSON_ArrayForEach(name, names)
		{
			kept = kept || (cJSON_IsString(name) &&
					strcmp(name->valuestring, item->string) == 0);
		}
		if (!kept)
			cJSON_Delete(cJSON_DetachItemViaPointer(target, item));
	}
}

/* A member whose name starts with '$'. */
static void obey(cJSON *target, const cJSON *item)
{
	static const char from[] = "$deleteFromPrimitiveList/";
	if (strncmp(item->string, from, sizeof(from) - 1) == 0)
		delete_texts(
			cJSON_GetObjectItemCaseSensitive(target, item->string + sizeof(from) - 1),
			item);
	else if (strcmp(item->string, "$retainKeys") == 0)
		retain(target, item);
}

static void merge_member(cJSON *target, const cJSON *item)
{
	cJSON *mine = cJSON_GetObjectItemCaseSensitive(target, item->string);
	const char *key = cJSON_IsArray(item) ? merge_key_of(item->string) : NULL;
	if (cJSON_IsNull(item)) {
		cJSON_DeleteItemFromObjectCaseSensitive(target, item->string);
	} else if (cJSON_IsObject(item)) {
		if (!cJSON_IsObject(mine)) {
			mine = cJSON_CreateObject();
			put(target, item->string, mine);
		}
		merge_strategic(mine, item);
	} else if (key != NULL) {
		if (!cJSON_IsArray(mine)) {
			mine = cJSON_CreateArray();
			put(target, item->string, mine);
		}
		merge_list(mine, item, key);
	} else {
		put(target, item->string, cJSON_Duplicate(item, true));
	}
}

void merge_strategic(cJSON *target, const cJSON *patch)
{
	const cJSON *item;
	if (directive(patch, "replace") || directive(patch, "delete"))
		while (target->child != NULL)
			cJSON_Delete(cJSON_DetachItemViaPointer(target, target->child));
	cJSON_ArrayForEach(item, patch)
	{
		if (item->string[0] == '$')
			obey(target, item);
		else
			merge_member(target, item);
	}
}
