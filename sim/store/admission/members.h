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

struct member_default { /* a member that is filled in where it is absent */
	const char *name;
	enum { MEMBER_TEXT, MEMBER_NUMBER, MEMBER_TRUE, MEMBER_OBJECT } type;
	const char *text;
	double number;
};
void members_fill(cJSON *obj, const struct member_default *rows, size_t n);
#define MEMBERS_FILL(obj, rows) members_fill(obj, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
