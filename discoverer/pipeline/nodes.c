/* See nodes.h. As component-helpers' nodeaffinity reads it. */
#include "discoverer/pipeline/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *label_of(const struct api_map *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->at[i].key, key) == 0)
			return labels->at[i].value;
	return NULL;
}

static bool is_in(const struct api_strings *values, const char *value)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->at[i], value) == 0)
			return true;
	return false;
}

static bool integer(const char *text, long long *ret)
{
	char *end;
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

/* Exactly one value, both are integers. */
static bool compares(const char *value, const struct api_strings *values, bool greater)
{
	long long have, want;
	if (value == NULL || values->n != 1 || !integer(value, &have) ||
	    !integer(values->at[0], &want))
		return false;
	return greater ? have > want : have < want;
}

static bool holds(const struct selector_requirement *r, const char *value)
{
	const char *op = r->op != NULL ? r->op : "";
	if (strcmp(op, "In") == 0)
		return value != NULL && is_in(&r->values, value);
	if (strcmp(op, "NotIn") == 0)
		return value == NULL || !is_in(&r->values, value);
	if (strcmp(op, "Exists") == 0)
		return value != NULL;
	if (strcmp(op, "DoesNotExist") == 0)
		return value == NULL;
	if (strcmp(op, "Gt") == 0 || strcmp(op, "Lt") == 0)
		return compares(value, &r->values, *op == 'G');
	return false;
}

static bool term_matches(const struct selector_term *t, const char *name,
			 const struct api_map *labels)
{
	for (size_t i = 0; i < t->expressions.n; i++) {
		const struct selector_requirement *r = &t->expressions.at[i];
		if (r->key == NULL || !holds(r, label_of(labels, r->key)))
			return false;
	}
	for (size_t i = 0; i < t->fields.n; i++) {
		const struct selector_requirement *r = &t->fields.at[i];
		if (r->key == NULL || strcmp(r->key, "metadata.name") != 0 || !holds(r, name))
			return false;
	}
	return t->expressions.n + t->fields.n > 0;
}

bool selector_matches(const struct node_selector *s, const char *name, const struct api_map *labels)
{
	if (s == NULL)
		return true;
	for (size_t i = 0; i < s->terms.n; i++)
		if (term_matches(&s->terms.at[i], name, labels))
			return true;
	return false;
}
