/*
 * Field selectors: `a=b`, `a==b`, `a!=b`, commas between them, with a backslash before what
 * is meant literally. Which fields a kind has is a table, as in an API server; others are
 * refused.
 */
#include <string.h>

#include "base/json.h"

#include "sim/objects/api_error.h"
#include "sim/store/select_parts.h"

/* Steps of a path. */
#define STEPS_MAX 4

struct selector_field {
	const char *group, *plural; /* plural "": every kind */
	const char *name;
	const char *path[STEPS_MAX]; /* members to step into */
	const char *absent;          /* NULL: "" */
};

enum { NAME, NAMESPACE, NODE }; /* the first rows: known without reading */

static const struct selector_field known[] = {
	[NAME] = {"", "", "metadata.name", {"metadata", "name"}, NULL},
	[NAMESPACE] = {"", "", "metadata.namespace", {"metadata", "namespace"}, NULL},
	[NODE] = {"", "pods", "spec.nodeName", {"spec", "nodeName"}, NULL},
	{"", "pods", "status.phase", {"status", "phase"}, NULL},
	{"", "pods", "spec.restartPolicy", {"spec", "restartPolicy"}, NULL},
	{"", "pods", "spec.schedulerName", {"spec", "schedulerName"}, NULL},
	{"", "pods", "spec.serviceAccountName", {"spec", "serviceAccountName"}, NULL},
	{"", "pods", "spec.hostNetwork", {"spec", "hostNetwork"}, "false"},
	{"", "pods", "status.podIP", {"status", "podIP"}, NULL},
	{"", "pods", "status.nominatedNodeName", {"status", "nominatedNodeName"}, NULL},
	{"", "nodes", "spec.unschedulable", {"spec", "unschedulable"}, "false"},
	{"", "namespaces", "status.phase", {"status", "phase"}, NULL},
	{"", "namespaces", "name", {"metadata", "name"}, NULL},
	{"", "secrets", "type", {"type"}, NULL},
	{"", "events", "involvedObject.kind", {"involvedObject", "kind"}, NULL},
	{"", "events", "involvedObject.namespace", {"involvedObject", "namespace"}, NULL},
	{"", "events", "involvedObject.name", {"involvedObject", "name"}, NULL},
	{"", "events", "involvedObject.uid", {"involvedObject", "uid"}, NULL},
	{"", "events", "involvedObject.apiVersion", {"involvedObject", "apiVersion"}, NULL},
	{"",
	 "events",
	 "involvedObject.resourceVersion",
	 {"involvedObject", "resourceVersion"},
	 NULL},
	{"", "events", "involvedObject.fieldPath", {"involvedObject", "fieldPath"}, NULL},
	{"", "events", "reason", {"reason"}, NULL},
	{"", "events", "type", {"type"}, NULL},
	{"", "events", "source", {"source", "component"}, NULL},
	{"", "events", "reportingComponent", {"reportingComponent"}, NULL},
	/* As the CRDs have them (api/crd.c); tests/sim holds the two together. */
	{API_GROUP, "cachedimages", "spec.image", {"spec", "image"}, NULL},
	{API_GROUP, "cachedimages", "spec.tag", {"spec", "tag"}, NULL},
	{API_GROUP, "cachedimages", "spec.policyRef.name", {"spec", "policyRef", "name"}, NULL},
	{API_GROUP, "cachedimages", "status.phase", {"status", "phase"}, NULL},
	{API_GROUP, "cachedimagesets", "spec.policyRef.name", {"spec", "policyRef", "name"}, NULL},
	{API_GROUP,
	 "cachedimagesets",
	 "spec.discoveryPolicyRef.name",
	 {"spec", "discoveryPolicyRef", "name"},
	 NULL},
	{API_GROUP, "cachedimagesets", "status.phase", {"status", "phase"}, NULL},
	/* Events are read in the form in which they are stored: core/v1 (sim/store/events.h). */
	{"events.k8s.io", "events", "regarding.kind", {"involvedObject", "kind"}, NULL},
	{"events.k8s.io", "events", "regarding.namespace", {"involvedObject", "namespace"}, NULL},
	{"events.k8s.io", "events", "regarding.name", {"involvedObject", "name"}, NULL},
	{"events.k8s.io", "events", "regarding.uid", {"involvedObject", "uid"}, NULL},
	{"events.k8s.io", "events", "reason", {"reason"}, NULL},
	{"events.k8s.io", "events", "type", {"type"}, NULL},
	{"events.k8s.io", "events", "reportingController", {"reportingComponent"}, NULL},
};

static bool belongs(const struct selector_field *f, const struct resource *r)
{
	if (f == &known[NAMESPACE] && !r->namespaced)
		return false;
	return *f->plural == '\0' ||
	       (strcmp(f->group, r->group) == 0 && strcmp(f->plural, r->plural) == 0);
}

static const struct selector_field *find(const struct resource *r, const char *name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0 && belongs(&known[i], r))
			return &known[i];
	return NULL;
}

/* Up to the comma that ends the term; backslashes keep what follows. */
static size_t term_length(const char *p)
{
	size_t n = 0;
	while (p[n] != '\0' && p[n] != ',')
		n += p[n] == '\\' && p[n + 1] != '\0' ? 2 : 1;
	return n;
}

static int unescape(const char *in, struct arena *a, const char **ret, struct api_error *e)
{
	char *out = arena_strdup(a, in), *to = out;
	for (const char *p = in; *p != '\0'; p++) {
		if (*p == '\\') {
			p++;
			if (*p == '\0' || strchr("\\,=", *p) == NULL)
				return api_error_bad(e,
						     "invalid field selector: invalid escape "
						     "sequence: \\%.1s",
						     p);
		} else if (*p == '=') {
			return api_error_bad(e, "invalid field selector: unescaped character in "
						"value: =");
		}
		*to++ = *p;
	}
	*to = '\0';
	*ret = out;
	return 0;
}

static int parse_term(const struct selector *s, char *text, struct arena *a, struct field_term *t,
		      struct api_error *e)
{
	size_t n = 0;
	while (text[n] != '\0' && text[n] != '=' && strncmp(text + n, "!=", 2) != 0)
		n += text[n] == '\\' && text[n + 1] != '\0' ? 2 : 1;
	if (text[n] == '\0')
		return api_error_bad(e, "invalid selector: '%.200s'; can't understand '%.200s'",
				     s->fields_text, text);
	t->not = text[n] == '!';
	const char *value = text + n + (t->not || text[n + 1] == '=' ? 2 : 1);
	text[n] = '\0';
	t->field = find(s->res, text);
	if (t->field == NULL)
		return api_error_bad(e, "field label not supported: %.200s", text);
	return unescape(value, a, &t->value, e);
}

int selector_parse_fields(struct selector *s, struct arena *a, struct api_error *e)
{
	size_t most = 1;
	for (const char *p = s->fields_text; *p != '\0'; p++)
		most += *p == ',';
	s->fields = arena_array(a, most, sizeof(*s->fields));
	for (const char *p = s->fields_text; *p != '\0';) {
		size_t n = term_length(p);
		char *term = arena_strndup(a, p, n);
		if (n != 0 && parse_term(s, term, a, &s->fields[s->n_fields++], e) != 0)
			return -1;
		p += n + (p[n] == ',');
	}
	return 0;
}

static struct json_range read_path(const struct selector_field *f, const struct selected *obj)
{
	struct json_range at = {obj->json, obj->len};
	for (size_t i = 0; i < STEPS_MAX && f->path[i] != NULL; i++)
		at = json_member(at, f->path[i]);
	return at;
}

static bool equals(const struct field_term *t, const struct selected *obj)
{
	if (t->field == &known[NAME])
		return strcmp(obj->name, t->value) == 0;
	if (t->field == &known[NAMESPACE])
		return strcmp(obj->ns, t->value) == 0;
	if (t->field == &known[NODE] && obj->node != NULL)
		return strcmp(obj->node, t->value) == 0;
	struct json_range v = read_path(t->field, obj);
	if (v.at == NULL)
		return strcmp(t->field->absent != NULL ? t->field->absent : "", t->value) == 0;
	if (*v.at == '"')
		return json_is_string(v, t->value);
	return v.len == strlen(t->value) && memcmp(v.at, t->value, v.len) == 0;
}

bool selector_field_matches(const struct field_term *t, const struct selected *obj)
{
	return equals(t, obj) != t->not ;
}
