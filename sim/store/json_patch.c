/*
 * A pointer is walked to the parent of what it names; each operation is then a line or two
 * about the parent and the last part of the pointer.
 */
#include "sim/store/json_patch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"

/* Bytes of one part of a pointer; no field has a longer name. */
#define PART_MAX 512

struct spot {                /* where a pointer leads */
	cJSON *parent;       /* object or array */
	char part[PART_MAX]; /* last part, unescaped */
};

static int refuse(struct api_error *e, const char *op, const char *path, const char *why)
{
	return api_error_set(e, 422, "Invalid",
			     "the server rejected our request due to an error in our request: "
			     "%.20s \"%.300s\": %s",
			     op, path, why);
}

/* "~1" is a slash and "~0" a tilde. Returns what follows the part, or NULL: too long. */
static const char *take_part(const char *p, char out[PART_MAX])
{
	size_t n = 0;
	for (; *p != '\0' && *p != '/'; p++) {
		char c = *p;
		if (c == '~' && (p[1] == '0' || p[1] == '1'))
			c = *++p == '0' ? '~' : '/';
		if (n + 1 == PART_MAX)
			return NULL;
		out[n++] = c;
	}
	out[n] = '\0';
	return p;
}

/* An index into the array; -1: none. `end`: one past the last counts, and "-" means it. */
static int index_of(const cJSON *array, const char *part, bool end)
{
	int n = cJSON_GetArraySize(array);
	if (strcmp(part, "-") == 0)
		return end ? n : -1;
	size_t digits = strspn(part, "0123456789");
	if (digits == 0 || digits > 9 || part[digits] != '\0' || (digits > 1 && part[0] == '0'))
		return -1;
	long i = strtol(part, NULL, 10);
	return i < n || (end && i == n) ? (int)i : -1;
}

static cJSON *child_of(cJSON *parent, const char *part)
{
	if (cJSON_IsObject(parent))
		return cJSON_GetObjectItemCaseSensitive(parent, part);
	int i = cJSON_IsArray(parent) ? index_of(parent, part, false) : -1;
	return i >= 0 ? cJSON_GetArrayItem(parent, i) : NULL;
}

static bool find(cJSON *target, const char *path, struct spot *ret)
{
	ret->parent = target;
	for (const char *p = path; *p == '/';) {
		p = take_part(p + 1, ret->part);
		if (p == NULL)
			return false;
		if (*p == '\0')
			return cJSON_IsObject(ret->parent) || cJSON_IsArray(ret->parent);
		ret->parent = child_of(ret->parent, ret->part);
		if (ret->parent == NULL)
			return false;
	}
	return false; /* not the whole object, and no path without a slash */
}

/* Takes value over. */
static bool add(const struct spot *at, cJSON *value)
{
	int i = cJSON_IsArray(at->parent) ? index_of(at->parent, at->part, true) : 0;
	if (i < 0 || value == NULL) {
		cJSON_Delete(value);
		return false;
	}
	if (cJSON_IsObject(at->parent)) {
		cJSON_DeleteItemFromObjectCaseSensitive(at->parent, at->part);
		return cJSON_AddItemToObject(at->parent, at->part, value);
	}
	/* cJSON 1.7.15 as Debian patched it refuses to insert anywhere but at the beginning. */
	int behind = cJSON_GetArraySize(at->parent) - i;
	cJSON_AddItemToArray(at->parent, value);
	for (; behind > 0; behind--)
		cJSON_AddItemToArray(at->parent, cJSON_DetachItemFromArray(at->parent, i));
	return true;
}

static cJSON *take(const struct spot *at)
{
	cJSON *child = child_of(at->parent, at->part);
	return child != NULL ? cJSON_DetachItemViaPointer(at->parent, child) : NULL;
}

static bool replace(const struct spot *at, cJSON *value)
{
	cJSON *child = child_of(at->parent, at->part);
	if (child == NULL || value == NULL) {
		cJSON_Delete(value);
		return false;
	}
	if (cJSON_IsObject(at->parent))
		return cJSON_ReplaceItemInObjectCaseSensitive(at->parent, at->part, value);
	return cJSON_ReplaceItemViaPointer(at->parent, child, value);
}

/* move and copy: the value at `from`. */
static cJSON *value_from(cJSON *target, const cJSON *row, bool detach)
{
	struct spot from;
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "from"));
	if (path == NULL || !find(target, path, &from))
		return NULL;
	return detach ? take(&from) : cJSON_Duplicate(child_of(from.parent, from.part), true);
}

static int one(cJSON *target, const cJSON *row, struct api_error *e)
{
	const char *op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "op"));
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "path"));
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, "value");
	struct spot at;
	bool done = false;
	if (op == NULL || path == NULL)
		return api_error_bad(e, "each operation of a JSON patch needs op and path");
	bool move = strcmp(op, "move") == 0;
	if (move || strcmp(op, "copy") == 0) {
		cJSON *moved = value_from(target, row, move);
		if (moved != NULL && find(target, path, &at))
			done = add(&at, moved);
		else
			cJSON_Delete(moved);
		return done ? 0 : refuse(e, op, path, "a path is not there");
	}
	if (!find(target, path, &at))
		return refuse(e, op, path, "the path is not there");
	if (strcmp(op, "add") == 0)
		done = add(&at, cJSON_Duplicate(value, true));
	else if (strcmp(op, "replace") == 0)
		done = replace(&at, cJSON_Duplicate(value, true));
	else if (strcmp(op, "test") == 0)
		done = cJSON_Compare(child_of(at.parent, at.part), value, true);
	else if (strcmp(op, "remove") == 0) {
		cJSON *removed = take(&at);
		done = removed != NULL;
		cJSON_Delete(removed);
	}
	return done ? 0 : refuse(e, op, path, "it cannot be done");
}

int json_patch(cJSON *target, const cJSON *patch, struct api_error *e)
{
	if (!cJSON_IsArray(patch))
		return api_error_bad(e, "a JSON patch is an array of operations");
	if (cJSON_GetArraySize(patch) > JSON_PATCH_MAX)
		return api_error_set(e, 413, "RequestEntityTooLarge",
				     "The allowed maximum operations in a JSON patch is %d, got %d",
				     JSON_PATCH_MAX, cJSON_GetArraySize(patch));
	for (const cJSON *row = patch->child; row != NULL; row = row->next)
		if (one(target, row, e) != 0)
			return -1;
	return 0;
}
