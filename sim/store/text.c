/* See text.h. */
#include "sim/store/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct text *text_ref(struct text *t)
{
	if (t != NULL)
		t->refs++;
	return t;
}

void text_unref(struct text *t)
{
	if (t != NULL && --t->refs == 0)
		free(t);
}

struct text *text_new(const char *json, size_t len)
{
	struct text *t = xmalloc(sizeof(*t) + len + 1);
	t->refs = 1;
	t->len = (uint32_t)len;
	memcpy(t->json, json, len);
	t->json[len] = '\0';
	return t;
}

struct text *text_with_rv(const struct text *t, uint64_t rv)
{
	static const char mark[] = "\"resourceVersion\":\"";
	const char *at = strstr(t->json, mark) + sizeof(mark) - 1;
	const char *rest = strchr(at, '"');
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, rv);
	size_t before = (size_t)(at - t->json), after = t->len - (size_t)(rest - t->json);
	struct text *out = xmalloc(sizeof(*out) + before + n + after + 1);
	out->refs = 1;
	out->len = (uint32_t)(before + n + after);
	memcpy(out->json, t->json, before);
	memcpy(out->json + before, digits, n);
	memcpy(out->json + before + n, rest, after + 1);
	return out;
}
