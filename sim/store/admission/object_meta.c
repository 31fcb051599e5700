/*
 * ObjectMeta: what Go's decoder insists on, what it drops, and what the API server
 * validates of every kind.
 */
#include "sim/store/admission/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "sim/objects/api_error.h"
#include "api/label_syntax.h"

/* Keys and values of all annotations together. */
#define ANNOTATIONS_MAX (256 * 1024)

enum shape { TEXT, NUMBER, TEXTS, MAP, OBJECTS };

/* ObjectMeta as Go has it; managedFields are not kept. */
static const struct {
	const char *name;
	enum shape shape;
} members[] = {
	{"name", TEXT},
	{"generateName", TEXT},
	{"namespace", TEXT},
	{"uid", TEXT},
	{"resourceVersion", TEXT},
	{"generation", NUMBER},
	{"creationTimestamp", TEXT},
	{"deletionTimestamp", TEXT},
	{"deletionGracePeriodSeconds", NUMBER},
	{"labels", MAP},
	{"annotations", MAP},
	{"ownerReferences", OBJECTS},
	{"finalizers", TEXTS},
};

static const struct place metadata = {NULL, "metadata", 0};

/* What Go calls the JSON value. */
static const char *go_type(const cJSON *v)
{
	const char *type = json_type(v);
	if (strcmp(type, "integer") == 0)
		return "number";
	return strcmp(type, "boolean") == 0 ? "bool" : type;
}

static int wrong_type(const struct resource *r, const cJSON *v, const char *name, const char *want,
		      struct api_error *e)
{
	bool ours = r->kind_id >= 0 && kinds[r->kind_id].ours;
	return api_error_bad(
		e,
		"%s in version \"%s\" cannot be handled as a %s: json: cannot unmarshal "
		"%s into Go struct field ObjectMeta.%s%s of type %s",
		r->kind, r->version, r->kind, go_type(v), ours ? "" : "metadata.", name, want);
}

static int decode_elements(const struct resource *r, const cJSON *v, const char *name, bool objects,
			   struct api_error *e)
{
	for (const cJSON *item = v->child; item != NULL; item = item->next) {
		if (cJSON_IsNull(item))
			continue;
		if (objects && !cJSON_IsObject(item))
			return wrong_type(r, item, name, "v1.OwnerReference", e);
		if (!objects && !cJSON_IsString(item))
			return wrong_type(r, item, name, "string", e);
	}
	return 0;
}

static int decode_member(const struct resource *r, const cJSON *v, const char *name,
			 enum shape shape, struct api_error *e)
{
	switch (shape) {
	case TEXT:
		return cJSON_IsString(v) ? 0 : wrong_type(r, v, name, "string", e);
	case NUMBER:
		return cJSON_IsNumber(v) ? 0 : wrong_type(r, v, name, "int64", e);
	case MAP:
		if (!cJSON_IsObject(v))
			return wrong_type(r, v, name, "map[string]string", e);
		return decode_elements(r, v, name, false, e);
	case TEXTS:
		if (!cJSON_IsArray(v))
			return wrong_type(r, v, name, "[]string", e);
		return decode_elements(r, v, name, false, e);
	case OBJECTS:
		if (!cJSON_IsArray(v))
			return wrong_type(r, v, name, "[]v1.OwnerReference", e);
		return decode_elements(r, v, name, true, e);
	}
	return 0;
}

int meta_decode(const struct resource *r, const cJSON *obj, struct api_error *e)
{
	const cJSON *meta = member(obj, "metadata");
	if (meta != NULL && !cJSON_IsObject(meta))
		return api_error_bad(e,
				     "%s in version \"%s\" cannot be handled as a %s: json: cannot "
				     "unmarshal %s into Go struct field %s.metadata of type "
				     "v1.ObjectMeta",
				     r->kind, r->version, r->kind, go_type(meta), r->kind);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const cJSON *v = member(meta, members[i].name);
		if (v != NULL && decode_member(r, v, members[i].name, members[i].shape, e) != 0)
			return -1;
	}
	return 0;
}

static bool is_member(const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0)
			return true;
	return false;
}

void meta_unknown(const cJSON *obj, struct buf *out)
{
	const cJSON *meta = member(obj, "metadata");
	for (const cJSON *m = cJSON_IsObject(meta) ? meta->child : NULL; m != NULL; m = m->next)
		if (!is_member(m->string) && strcmp(m->string, "managedFields") != 0 &&
		    strcmp(m->string, "selfLink") != 0)
			buf_addf(out, "%sunknown field \"metadata.%s\"", out->len != 0 ? ", " : "",
				 m->string);
}

/* Go's omitempty: an empty list or map is not written. */
static bool is_empty(const cJSON *v)
{
	return cJSON_IsNull(v) || ((cJSON_IsObject(v) || cJSON_IsArray(v)) && v->child == NULL);
}

void meta_prune(const struct resource *r, cJSON *obj)
{
	cJSON *meta = member_object(obj, "metadata");
	for (cJSON *child = meta->child, *next; child != NULL; child = next) {
		next = child->next;
		bool stray = !r->namespaced && strcmp(child->string, "namespace") == 0;
		if (stray || is_empty(child) || !is_member(child->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(meta, child));
	}
}

static void complain(struct causes *c, const struct place *at, const char *value, struct wrongs w)
{
	for (size_t i = 0; i < w.n; i++)
		cause_invalid(c, at, value, "%s", w.at[i]);
}

static struct wrongs wrong_name(const struct resource *r, const char *name)
{
	return strcmp(r->plural, "namespaces") == 0 ? wrong_label_name(name)
						    : wrong_subdomain(name);
}

static void check_names(const struct resource *r, const cJSON *meta, struct causes *c)
{
	const char *prefix = member_text(meta, "generateName"), *name = member_text(meta, "name");
	if (prefix != NULL && *prefix != '\0') {
		/* What is made up follows, so a dash may end it. */
		char *text = xstrdup(prefix);
		size_t n = strlen(text);
		if (text[n - 1] == '-')
			text[n - 1] = 'a';
		complain(c, &(struct place){&metadata, "generateName", 0}, prefix,
			 wrong_name(r, text));
		free(text);
	}
	struct place at = {&metadata, "name", 0};
	if (name == NULL || *name == '\0')
		cause_required(c, &at, "name or generateName is required");
	else
		complain(c, &at, name, wrong_name(r, name));
}

static void check_labels(const cJSON *labels, struct causes *c)
{
	struct place at = {&metadata, "labels", 0};
	for (const cJSON *l = labels != NULL ? labels->child : NULL; l != NULL; l = l->next) {
		complain(c, &at, l->string, wrong_qualified_name(l->string));
		if (cJSON_IsString(l))
			complain(c, &at, l->valuestring, wrong_label_value(l->valuestring));
	}
}

static void check_annotations(const cJSON *annotations, struct causes *c)
{
	struct place at = {&metadata, "annotations", 0};
	size_t total = 0;
	const cJSON *a = annotations != NULL ? annotations->child : NULL;
	for (; a != NULL; a = a->next) {
		/* Keys are compared without case. */
		char *lower = xstrdup(a->string);
		for (char *p = lower; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		complain(c, &at, a->string, wrong_qualified_name(lower));
		free(lower);
		total += strlen(a->string) + (cJSON_IsString(a) ? strlen(a->valuestring) : 0);
	}
	if (total > ANNOTATIONS_MAX)
		cause_too_long(c, &at, ANNOTATIONS_MAX);
}

static void check_finalizers(const cJSON *finalizers, struct causes *c)
{
	struct place at = {&metadata, "finalizers", 0};
	const cJSON *f = finalizers != NULL ? finalizers->child : NULL;
	for (; f != NULL; f = f->next)
		if (cJSON_IsString(f))
			complain(c, &at, f->valuestring, wrong_qualified_name(f->valuestring));
}

static void check_one_controller(const cJSON *owners, const struct place *at, struct causes *c)
{
	const cJSON *first = NULL;
	for (const cJSON *o = owners->child; o != NULL; o = o->next) {
		if (!cJSON_IsTrue(member(o, "controller")))
			continue;
		if (first == NULL) {
			first = o;
			continue;
		}
		char *json = cJSON_PrintUnformatted(owners);
		cause_invalid_json(c, at, json != NULL ? json : "[]",
				   "Only one reference can have Controller set to true. Found "
				   "\"true\" in references for %s/%s and %s/%s",
				   member_text(first, "kind"), member_text(first, "name"),
				   member_text(o, "kind"), member_text(o, "name"));
		cJSON_free(json);
		return;
	}
}

static void check_owners(const cJSON *owners, struct causes *c)
{
	static const struct {
		const char *name, *text;
	} needed[] = {
		{"apiVersion", "version must not be empty"},
		{"kind", "must not be empty"},
		{"name", "must not be empty"},
		{"uid", "must not be empty"},
	};
	struct place at = {&metadata, "ownerReferences", 0};
	if (owners == NULL)
		return;
	bool good = true;
	for (const cJSON *o = owners->child; o != NULL; o = o->next)
		for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
			const char *s = member_text(o, needed[i].name);
			if (s != NULL && *s != '\0')
				continue;
			good = false;
			cause_invalid(c, &(struct place){&at, needed[i].name, 0}, "", "%s",
				      needed[i].text);
		}
	if (good)
		check_one_controller(owners, &at, c);
}

void meta_check(const struct resource *r, const cJSON *obj, struct causes *c)
{
	const cJSON *meta = member(obj, "metadata");
	check_names(r, meta, c);
	check_labels(member(meta, "labels"), c);
	check_annotations(member(meta, "annotations"), c);
	check_owners(member(meta, "ownerReferences"), c);
	check_finalizers(member(meta, "finalizers"), c);
}
