/*
 * Skips values by counting brackets outside strings; no recursion, so no depth limit.
 */
#include "kube/json.h"

#include <string.h>

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

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

static const char *skip_value(const char *p, const char *end)
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
		} else if (depth == 0 && strchr(", \t\r\n", *p) != NULL) {
			return p;
		} else {
			p++;
		}
	}
	return depth == 0 ? p : NULL;
}

struct json_range json_member(struct json_range text, const char *key)
{
	const struct json_range none = {0};
	if (text.at == NULL)
		return none;
	const char *end = text.at + text.len, *p = skip_blanks(text.at, end);
	size_t key_len = strlen(key);
	if (p == end || *p != '{')
		return none;
	for (p = skip_blanks(p + 1, end); p < end && *p == '"'; p = skip_blanks(p + 1, end)) {
		const char *name = p + 1;
		p = skip_string(p, end);
		if (p == NULL)
			return none;
		size_t name_len = (size_t)(p - 1 - name);
		p = skip_blanks(p, end);
		if (p == end || *p != ':')
			return none;
		const char *value = skip_blanks(p + 1, end);
		p = skip_value(value, end);
		if (p == NULL || p == value)
			return none;
		if (name_len == key_len && memcmp(name, key, key_len) == 0)
			return (struct json_range){value, (size_t)(p - value)};
		p = skip_blanks(p, end);
		if (p == end || *p != ',')
			return none;
	}
	return none;
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
