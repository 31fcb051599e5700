/*
 * Selectors as a whole: parsed, kept, matched. Labels are looked up in the object's text;
 * metadata stands at its beginning (sim/store/store.h), so little of it is read.
 */
#include "sim/store/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "base/json.h"

#include "sim/store/select_parts.h"

/* Digits of a number that is compared; what is longer is no int64. */
#define NUMBER_MAX 20

static int parse(struct selector *s, struct arena *a, struct api_error *e)
{
	return selector_parse_labels(s, a, e) != 0 || selector_parse_fields(s, a, e) != 0 ? -1 : 0;
}

int selector_parse(const struct resource *r, const char *labels, const char *fields,
		   struct arena *a, struct selector **ret, struct api_error *e)
{
	struct selector *s = arena_alloc(a, sizeof(*s));
	s->res = r;
	s->labels_text = arena_strdup(a, labels != NULL ? labels : "");
	s->fields_text = arena_strdup(a, fields != NULL ? fields : "");
	if (parse(s, a, e) != 0)
		return -1;
	*ret = s;
	return 0;
}

struct selector *selector_keep(const struct selector *s)
{
	struct selector *kept = xcalloc(1, sizeof(*kept));
	struct api_error unused; /* it parsed before */
	kept->res = s->res;
	kept->labels_text = arena_strdup(&kept->own, s->labels_text);
	kept->fields_text = arena_strdup(&kept->own, s->fields_text);
	if (parse(kept, &kept->own, &unused) != 0)
		abort();
	return kept;
}

void selector_free(struct selector *s)
{
	if (s == NULL)
		return;
	arena_done(&s->own);
	free(s);
}

static bool same(struct json_range value, const char *text)
{
	return value.len == strlen(text) && memcmp(value.at, text, value.len) == 0;
}

static bool one_of(const struct label_term *t, struct json_range value)
{
	for (size_t i = 0; i < t->n; i++)
		if (same(value, t->values[i]))
			return true;
	return false;
}

static bool is_number(struct json_range value, int64_t *ret)
{
	char text[NUMBER_MAX + 1], *end;
	if (value.len == 0 || value.len > NUMBER_MAX)
		return false;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	*ret = strtoll(text, &end, 10);
	return *end == '\0';
}

static bool label_matches(const struct label_term *t, struct json_range labels)
{
	/* Values that passed validation have nothing escaped. */
	struct json_range value = json_plain_string(json_member(labels, t->key));
	bool there = value.at != NULL;
	int64_t n;
	switch (t->op) {
	case LABEL_EXISTS:
		return there;
	case LABEL_ABSENT:
		return !there;
	case LABEL_IN:
		return there && one_of(t, value);
	case LABEL_NOT_IN:
		return !there || !one_of(t, value);
	case LABEL_GT:
		return there && is_number(value, &n) && n > t->number;
	case LABEL_LT:
		return there && is_number(value, &n) && n < t->number;
	}
	return false;
}

static bool labels_match(const struct selector *s, struct json_range text)
{
	if (s->n_labels == 0)
		return true;
	struct json_range labels = json_member(json_member(text, "metadata"), "labels");
	for (size_t i = 0; i < s->n_labels; i++)
		if (!label_matches(&s->labels[i], labels))
			return false;
	return true;
}

bool selector_match(const struct selector *s, const char *ns, const char *name, const char *node,
		    const char *json)
{
	if (s == NULL || (s->n_labels == 0 && s->n_fields == 0))
		return true;
	struct selected obj = {ns, name, node, json, strlen(json)};
	for (size_t i = 0; i < s->n_fields; i++)
		if (!selector_field_matches(&s->fields[i], &obj))
			return false;
	return labels_match(s, (struct json_range){json, obj.len});
}
