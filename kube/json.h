/*
 * Finding parts of JSON text without building a tree: where a member of an object lies.
 * Pure; for complete texts that the API server wrote. What is found is handed on as it
 * stands, so nothing is unescaped and nothing but the structure is checked.
 */
#ifndef DROP_KUBE_JSON_H
#define DROP_KUBE_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json_range {
	const char *at; /* NULL: not there */
	size_t len;
};

/*
 * The value of a member of the object that text is (blanks around it allowed). Absent, or
 * text is not an object: at NULL. Stops at the member, what follows is not looked at.
 */
struct json_range json_member(struct json_range text, const char *key);
/* The inside of a string without escapes; anything else: at NULL. */
struct json_range json_plain_string(struct json_range value);
/* Whether value is exactly this string. */
bool json_is_string(struct json_range value, const char *text);
/* Copies the inside of a plain string; "" if it is none or longer than cap - 1. */
void json_copy_string(struct json_range value, char *out, size_t cap);

#endif
