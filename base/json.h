/*
 * Finds members of JSON objects without building a tree. Pure; for complete texts written by the
 * API server. The result is the raw text: nothing is unescaped, and only the structure is checked.
 */
#ifndef DROP_BASE_JSON_H
#define DROP_BASE_JSON_H

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
/*
 * The same with all that follows it in text: its end is not looked for, which costs time in a large
 * object. To be read by these functions; they end where the value does.
 */
struct json_range json_member_rest(struct json_range text, const char *key);
/*
 * The members one after the other; *at is 0 at first. The key is the inside of its quotes, as
 * it stands. false: no more, or what follows is broken.
 */
bool json_next(struct json_range object, size_t *at, struct json_range *ret_key,
	       struct json_range *ret_value);
/* The elements of an array one after the other, as json_next(). */
bool json_element(struct json_range array, size_t *at, struct json_range *ret_value);
/* For a pass over the whole text: what follows the blanks at p; the value at p, NULL if it is cut
 * off (p itself: there is none). */
static inline const char *json_skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}
const char *json_skip_value(const char *p, const char *end);
/* The inside of a string without escapes; anything else: at NULL. */
struct json_range json_plain_string(struct json_range value);
/* Whether value is exactly this string. */
bool json_is_string(struct json_range value, const char *text);
/* Copies the inside of a plain string; "" if it is none or longer than cap - 1. */
void json_copy_string(struct json_range value, char *out, size_t cap);

#endif
