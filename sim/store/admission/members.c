/* See members.h. */
#include "sim/store/admission/members.h"

#include <math.h>

const cJSON *member(const cJSON *obj, const char *name)
{
	const cJSON *v = cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, name) : NULL;
	return cJSON_IsNull(v) ? NULL : v;
}

const char *member_text(const cJSON *obj, const char *name)
{
	const cJSON *v = member(obj, name);
	return cJSON_IsString(v) ? v->valuestring : NULL;
}

cJSON *member_object(cJSON *obj, const char *name)
{
	cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, name);
	if (v != NULL && !cJSON_IsNull(v))
		return v;
	cJSON_DeleteItemFromObjectCaseSensitive(obj, name);
	return cJSON_AddObjectToObject(obj, name);
}

const char *json_type(const cJSON *v)
{
	if (cJSON_IsString(v))
		return "string";
	if (cJSON_IsNumber(v))
		return v->valuedouble == floor(v->valuedouble) ? "integer" : "number";
	if (cJSON_IsBool(v))
		return "boolean";
	if (cJSON_IsArray(v))
		return "array";
	return cJSON_IsObject(v) ? "object" : "null";
}

void members_fill(cJSON *obj, const struct member_default *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (member(obj, rows[i].name) != NULL)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(obj, rows[i].name);
		switch (rows[i].type) {
		case MEMBER_TEXT:
			cJSON_AddStringToObject(obj, rows[i].name, rows[i].text);
			break;
		case MEMBER_NUMBER:
			cJSON_AddNumberToObject(obj, rows[i].name, rows[i].number);
			break;
		case MEMBER_TRUE:
			cJSON_AddTrueToObject(obj, rows[i].name);
			break;
		case MEMBER_OBJECT:
			cJSON_AddObjectToObject(obj, rows[i].name);
			break;
		}
	}
}
