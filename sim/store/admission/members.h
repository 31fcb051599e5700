/*
 * Looking into JSON trees as admission does: a null is an absent member, and what is no object
 * has no members. Pure.
 */
#ifndef DROP_SIM_STORE_ADMISSION_MEMBERS_H
#define DROP_SIM_STORE_ADMISSION_MEMBERS_H

#include <cjson/cJSON.h>

/* Member of an object, or NULL; a null counts as absent. */
const cJSON *member(const cJSON *obj, const char *name);
/* Its text; NULL if it is absent or no string. */
const char *member_text(const cJSON *obj, const char *name);
/* The object below obj of that name, made if it is not there. */
cJSON *member_object(cJSON *obj, const char *name);
/* "string", "integer", "number", "boolean", "array", "object", "null". */
const char *json_type(const cJSON *v);

#endif
