/*
 * Skips values by counting brackets outside strings; no recursion, so no depth limit.
 */
#include "base/json.h"

#include <string.h>

/* p is at a quote; returns what follows the closing one, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

static bool ends_scalar(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *json_skip_value(const char *p, const char *end)
{
	size_t depth = 0;
	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (p == NULL)
				return NULL;
			if (depth == 0)
				return p;
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			p++;
			if (--depth == 0)
				return p;
		} else if (depth == 0 && ends_scalar(*p)) {
			return p;
		} else {
			p++;
		}
	}
	return depth == 0 ? p : NULL;
}

/* The value that follows, and *at after it; false: there is none. */
static bool take_value(struct json_range within, const char *from, size_t *at,
		       struct json_range *ret)
{
	const char *end = within.at + within.len, *value = json_skip_blanks(from, end);
	const char *after = json_skip_value(value, end);
	if (after == NULL || after == value)
		return false;
	*ret = (struct json_range){value, (size_t)(after - value)};
	*at = (size_t)(after - within.at);
	return true;
}

/* The key that follows, and where its value begins; false: there is none. */
static bool take_key(struct json_range object, size_t at, struct json_range *ret_key,
		     const char **ret_value)
{
	if (object.at == NULL)
		return false;
	const char *end = object.at + object.len, *p = json_skip_blanks(object.at + at, end);
	if (p == end || *p != (at == 0 ? '{' : ','))
		return false;
	p = json_skip_blanks(p + 1, end);
	if (p == end || *p != '"')
		return false;
	const char *name = p + 1;
	p = skip_string(p, end);
	if (p == NULL)
		return false;
	*ret_key = (struct json_range){name, (size_t)(p - 1 - name)};
	p = json_skip_blanks(p, end);
	*ret_value = p + 1;
	return p < end && *p == ':';
}

bool json_next(struct json_range object, size_t *at, struct json_range *ret_key,
	       struct json_range *ret_value)
{
	struct json_range key;
	const char *value;
	if (!take_key(object, *at, &key, &value) || !take_value(object, value, at, ret_value))
		return false;
	*ret_key = key;
	return true;
}

bool json_element(struct json_range array, size_t *at, struct json_range *ret_value)
{
	if (array.at == NULL)
		return false;
	const char *end = array.at + array.len, *p = json_skip_blanks(array.at + *at, end);
	if (p == end || *p != (*at == 0 ? '[' : ','))
		return false;
	return take_value(array, p + 1, at, ret_value);
}

static bool is_key(struct json_range name, const char *key)
{
	size_t len = strlen(key);
	return name.len == len && memcmp(name.at, key, len) == 0;
}

struct json_range json_member(struct json_range text, const char *key)
{
	struct json_range name, value;
	size_t at = 0;
	while (json_next(text, &at, &name, &value))
		if (is_key(name, key))
			return value;
	return (struct json_range){0};
}

struct json_range json_member_rest(struct json_range text, const char *key)
{
	struct json_range name, value;
	const char *from;
	size_t at = 0;
	while (take_key(text, at, &name, &from)) {
		if (is_key(name, key)) {
			const char *end = text.at + text.len;
			from = json_skip_blanks(from, end);
			return (struct json_range){from, (size_t)(end - from)};
		}
		if (!take_value(text, from, &at, &value))
			break;
	}
	return (struct json_range){0};
}

struct json_range json_plain_string(struct json_range value)
{
	if (value.at == NULL || value.len < 2 || value.at[0] != '"' ||
	    value.at[value.len - 1] != '"' || memchr(value.at, '\\', value.len) != NULL)
		return (struct json_range){0};
	return (struct json_range){value.at + 1, value.len - 2};
}

bool json_is_string(struct json_range value, const char *text)
{
	struct json_range s = json_plain_string(value);
	return s.at != NULL && s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

void json_copy_string(struct json_range value, char *out, size_t cap)
{
	struct json_range s = json_plain_string(value);
	size_t n = s.at != NULL && s.len < cap ? s.len : 0;
	if (n > 0)
		memcpy(out, s.at, n);
	out[n] = '\0';
}
