/*
 * Written anew at each request; kubectl asks once and keeps it.
 */
#include "sim/apiserver/openapi.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/crd.h"
#include "api/desc.h"

#include "sim/objects/resources.h"

#define SCHEMA_PREFIX "io.corewire.drop.v1alpha1."

static void schema(const struct desc *d, struct buf *out);

/* ---- schemas ---- */

static const char *type_name(const struct field *f)
{
	switch (f->type) {
	case F_BOOL:
		return "boolean";
	case F_INT:
		return "integer";
	case F_STRINGS:
	case F_LIST:
		return "array";
	case F_MAP:
	case F_OBJECT:
	case F_INLINE:
		return "object";
	case F_STRING:
	case F_RV:
	case F_DURATION:
	case F_TIME:
		break;
	}
	return "string";
}

static void add_enum(const struct field *f, struct buf *out)
{
	buf_adds(out, ",\"enum\":[");
	for (const char *const *e = f->enums; *e != NULL; e++)
		buf_addf(out, "%s\"%s\"", e != f->enums ? "," : "", *e);
	buf_adds(out, "]");
}

static void add_default(const struct field *f, struct buf *out)
{
	if (f->type == F_INT)
		buf_addf(out, ",\"default\":%" PRId64, f->def_num);
	else if (f->type == F_INLINE)
		buf_addf(out, ",\"default\":%s", f->def_str != NULL ? f->def_str : "{}");
	else
		buf_addf(out, ",\"default\":\"%s\"", f->def_str);
}

static void property(const struct field *f, struct buf *out)
{
	buf_addf(out, "\"%s\":{\"description\":", f->json);
	struct buf text = {0};
	crd_description(f, &text);
	buf_add_json(out, text.data);
	buf_done(&text);
	if (f->flags & FF_HAS_DEFAULT)
		add_default(f, out);
	if (f->type == F_OBJECT || f->type == F_INLINE) {
		buf_adds(out, ",");
		schema(f->sub, out);
	} else {
		buf_addf(out, ",\"type\":\"%s\"", type_name(f));
	}
	if (f->enums != NULL)
		add_enum(f, out);
	if (f->type == F_INT)
		buf_addf(out, ",\"format\":\"int%d\"", f->bits);
	if (f->type == F_TIME)
		buf_adds(out, ",\"format\":\"date-time\"");
	if (f->type == F_MAP)
		buf_adds(out, ",\"additionalProperties\":{\"type\":\"string\"}");
	if (f->type == F_STRINGS)
		buf_adds(out, ",\"items\":{\"type\":\"string\"}");
	if (f->type == F_LIST) {
		buf_adds(out, ",\"items\":{");
		schema(f->sub, out);
		buf_adds(out, "}");
	}
	buf_adds(out, "}");
}

/* The members of a schema object, without its braces. */
static void schema(const struct desc *d, struct buf *out)
{
	const char *comma = "";
	buf_adds(out, "\"type\":\"object\"");
	for (size_t i = 0; i < d->n; i++)
		if (d->fields[i].flags & FF_REQUIRED) {
			buf_addf(out, "%s\"%s\"", *comma == '\0' ? ",\"required\":[" : comma,
				 d->fields[i].json);
			comma = ",";
		}
	buf_addf(out, "%s,\"properties\":{", *comma != '\0' ? "]" : "");
	comma = "";
	for (size_t i = 0; i < d->n; i++) {
		if (d->fields[i].flags & FF_NOSCHEMA)
			continue;
		buf_adds(out, comma);
		property(&d->fields[i], out);
		comma = ",";
	}
	buf_adds(out, "}");
}

static void group_version_kind(const struct resource *r, struct buf *out)
{
	buf_addf(out, "{\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"%s\"}", r->group, r->version,
		 r->kind);
}

static void kind_schema(const struct resource *r, struct buf *out)
{
	const struct desc *d = kinds[r->kind_id].desc;
	buf_addf(out, "\"" SCHEMA_PREFIX "%s\":{\"description\":", r->kind);
	buf_add_json(out, d->doc);
	buf_adds(out, ",\"x-kubernetes-group-version-kind\":[");
	group_version_kind(r, out);
	buf_adds(out, "],");
	schema(d, out);
	buf_adds(out, "}");
}

/* ---- paths ---- */

static bool is_ours(const struct resource *r)
{
	return r->kind_id >= 0 && kinds[r->kind_id].ours;
}

static void operation(const struct resource *r, const char *method, const char *action,
		      struct buf *out)
{
	buf_addf(
		out,
		"\"%s\":{\"parameters\":[{\"name\":\"fieldValidation\",\"in\":\"query\",\"schema\":"
		"{\"type\":\"string\"}}],\"responses\":{\"200\":{\"description\":\"OK\"",
		method);
	if (is_ours(r))
		buf_addf(out,
			 ",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
			 "\"#/components/schemas/" SCHEMA_PREFIX "%s\"}}}",
			 r->kind);
	buf_addf(out,
		 "}},\"x-kubernetes-action\":\"%s\",\"x-kubernetes-group-version-kind\":", action);
	group_version_kind(r, out);
	buf_adds(out, "}");
}

/* "/api/v1" or "/apis/GROUP/VERSION". */
static void root_of(const struct resource *r, char *out, size_t size)
{
	if (*r->group == '\0')
		snprintf(out, size, "/api/%s", r->version);
	else
		snprintf(out, size, "/apis/%s/%s", r->group, r->version);
}

static void paths_of(const struct resource *r, struct buf *out)
{
	char root[128];
	root_of(r, root, sizeof(root));
	buf_addf(out, "\"%s%s/%s/{name}\":{", root, r->namespaced ? "/namespaces/{namespace}" : "",
		 r->plural);
	operation(r, "get", "get", out);
	buf_adds(out, ",");
	operation(r, "put", "put", out);
	buf_adds(out, ",");
	operation(r, "patch", "patch", out);
	buf_adds(out, "}");
}

static bool same_group(const struct resource *a, const struct resource *b)
{
	return strcmp(a->group, b->group) == 0 && strcmp(a->version, b->version) == 0;
}

static void document(const struct resource *of, struct buf *out)
{
	const char *comma = "";
	buf_addf(out,
		 "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"drop-sim\",\"version\":\"%s\"},"
		 "\"paths\":{",
		 DROP_VERSION);
	for (const struct resource *r = resources; r < resources + resources_n; r++)
		if (same_group(r, of)) {
			buf_adds(out, comma);
			paths_of(r, out);
			comma = ",";
		}
	buf_adds(out, "},\"components\":{\"schemas\":{");
	comma = "";
	for (const struct resource *r = resources; r < resources + resources_n; r++)
		if (same_group(r, of) && is_ours(r)) {
			buf_adds(out, comma);
			kind_schema(r, out);
			comma = ",";
		}
	buf_adds(out, "}}}");
}

/* Each group and version once: the first of its resources. */
static bool is_first(const struct resource *r)
{
	for (const struct resource *o = resources; o < r; o++)
		if (same_group(o, r))
			return false;
	return true;
}

static void index_document(struct buf *out)
{
	char root[128];
	const char *comma = "";
	buf_adds(out, "{\"paths\":{");
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		if (!is_first(r))
			continue;
		root_of(r, root, sizeof(root));
		buf_addf(out, "%s\"%s\":{\"serverRelativeURL\":\"/openapi/v3%s\"}", comma, root + 1,
			 root);
		comma = ",";
	}
	buf_adds(out, "}}");
}

/* kubectl takes version 2 as protobuf only: a Document whose field 1, swagger, is "2.0". */
static const char version_2[] = {0x0a, 3, '2', '.', '0'};
#define VERSION_2_TYPE "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

bool openapi_get(const char *path, struct buf *out, const char **ret_type)
{
	static const char prefix[] = "/openapi/v3";
	char root[128];
	*ret_type = "application/json";
	if (strcmp(path, "/openapi/v2") == 0) {
		*ret_type = VERSION_2_TYPE;
		buf_add(out, version_2, sizeof(version_2));
		return true;
	}
	if (strcmp(path, prefix) == 0) {
		index_document(out);
		return true;
	}
	if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
		return false;
	for (const struct resource *r = resources; r < resources + resources_n; r++) {
		root_of(r, root, sizeof(root));
		if (strcmp(path + sizeof(prefix) - 1, root) != 0)
			continue;
		document(r, out);
		return true;
	}
	return false;
}
