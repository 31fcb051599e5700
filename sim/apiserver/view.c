/*
 * Forms of answers. Objects are handed on as text; only tables read them.
 */
#include "sim/apiserver/view.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

#include "sim/objects/api_error.h"
#include "sim/apiserver/view_parts.h"

/* Of one media range in Accept; longer ones are not ours. */
#define RANGE_MAX 256

/* ---- Accept ---- */

#define META "PartialObjectMetadata"

/* The value of a parameter of a media range ("as"), or "". */
static void parameter(const char *range, const char *name, char *out, size_t size)
{
	out[0] = '\0';
	for (const char *p = strchr(range, ';'); p != NULL; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " ");
		size_t n = strlen(name), value;
		if (strncasecmp(p, name, n) != 0 || p[n] != '=')
			continue;
		p += n + 1;
		value = strcspn(p, "; ");
		if (value < size) {
			memcpy(out, p, value);
			out[value] = '\0';
		}
		return;
	}
}

/* One media range, without blanks around it. */
static bool serves(const char *range, enum view_form *ret, bool *list)
{
	char as[64], group[64];
	size_t n = strcspn(range, "; ");
	if (!(n == 3 && strncmp(range, "*/*", n) == 0) &&
	    !(n == 13 && strncasecmp(range, "application/*", n) == 0) &&
	    !(n == 16 && strncasecmp(range, "application/json", n) == 0))
		return false;
	parameter(range, "as", as, sizeof(as));
	parameter(range, "g", group, sizeof(group));
	if (as[0] == '\0')
		*ret = VIEW_JSON;
	else if (strcmp(group, "meta.k8s.io") != 0)
		return false;
	else if (strcmp(as, "Table") == 0)
		*ret = VIEW_TABLE;
	else if (strncmp(as, META, sizeof(META) - 1) == 0)
		*ret = VIEW_META;
	else
		return false;
	*list = strcmp(as, META "List") == 0;
	return true;
}

static int wrong_meta(bool list, struct api_error *e)
{
	return api_error_set(e, 406, "NotAcceptable",
			     list ? "you requested " META ", but the requested object is a list"
				  : "you requested " META
				    "List, but the requested object is not a list");
}

int view_negotiate(const char *accept, bool list, enum view_form *ret, struct api_error *e)
{
	char range[RANGE_MAX];
	bool of_list;
	*ret = VIEW_JSON;
	if (accept == NULL || accept[strspn(accept, " ,")] == '\0')
		return 0;
	/* In the order of the header, as Kubernetes' clients mean it. */
	for (const char *p = accept; *p != '\0';) {
		p += strspn(p, " ,");
		size_t n = strcspn(p, ",");
		if (n != 0 && n < sizeof(range)) {
			memcpy(range, p, n);
			range[n] = '\0';
			if (serves(range, ret, &of_list))
				return *ret != VIEW_META || of_list == list ? 0
									    : wrong_meta(list, e);
		}
		p += n;
	}
	return api_error_set(e, 406, "NotAcceptable",
			     "only the following media types are accepted: application/json");
}

/* ---- objects and lists ---- */

static void table_begin(const struct resource *r, bool columns, struct buf *out)
{
	buf_adds(out, "{\"kind\":\"Table\"," META_VERSION ",\"columnDefinitions\":");
	if (columns)
		view_column_definitions(r, out);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"rows\":[");
}

/* A Table of one object has its resourceVersion. */
static void table_of_one(enum view_form form, const struct resource *r, const char *json,
			 struct now now, bool columns, struct buf *out)
{
	struct json_range text = {json, strlen(json)};
	char rv[32];
	json_copy_string(json_member(json_member(text, "metadata"), "resourceVersion"), rv,
			 sizeof(rv));
	table_begin(r, columns, out);
	view_row(form, r, json, now, out);
	buf_addf(out, "],\"metadata\":{\"resourceVersion\":\"%s\"}}", rv);
}

void view_object(enum view_form form, const struct resource *r, const char *json, struct now now,
		 struct buf *out)
{
	switch (form) {
	case VIEW_JSON:
		buf_adds(out, json);
		break;
	case VIEW_TABLE:
	case VIEW_TABLE_FULL:
		table_of_one(form, r, json, now, true, out);
		break;
	case VIEW_META:
		view_partial(json, out);
		break;
	}
}

static void add_version(const struct resource *r, struct buf *out)
{
	buf_addf(out, "\"apiVersion\":\"%s%s%s\"", r->group, *r->group != '\0' ? "/" : "",
		 r->version);
}

void view_list_begin(enum view_form form, const struct resource *r, struct buf *out)
{
	switch (form) {
	case VIEW_JSON:
		buf_addf(out, "{\"kind\":\"%sList\",", r->kind);
		add_version(r, out);
		buf_adds(out, ",\"items\":[");
		break;
	case VIEW_TABLE:
	case VIEW_TABLE_FULL:
		table_begin(r, true, out);
		break;
	case VIEW_META:
		buf_adds(out,
			 "{\"kind\":\"PartialObjectMetadataList\"," META_VERSION ",\"items\":[");
		break;
	}
}

/* Items of built-in kinds do not repeat what they are; those of CRDs do. */
static const char *without_kind(const struct resource *r, const char *json, struct buf *head)
{
	if (r->kind_id >= 0 && kinds[r->kind_id].ours)
		return json;
	buf_addf(head, "{\"kind\":\"%s\",", r->kind);
	add_version(r, head);
	buf_adds(head, ",");
	return strncmp(json, head->data, head->len) == 0 ? json + head->len : json;
}

void view_list_item(enum view_form form, const struct resource *r, const char *json, struct now now,
		    bool first, struct buf *out)
{
	struct buf head = {0};
	buf_adds(out, first ? "" : ",");
	switch (form) {
	case VIEW_JSON: {
		const char *rest = without_kind(r, json, &head);
		buf_adds(out, rest != json ? "{" : "");
		buf_adds(out, rest);
		break;
	}
	case VIEW_TABLE:
	case VIEW_TABLE_FULL:
		view_row(form, r, json, now, out);
		break;
	case VIEW_META:
		view_partial(json, out);
		break;
	}
	buf_done(&head);
}

void view_list_end(enum view_form form, const struct resource *r, uint64_t rv,
		   const char *continue_token, int64_t remaining, struct buf *out)
{
	bool always = form == VIEW_JSON && strcmp(r->group, API_GROUP) == 0; /* of CRDs, even "" */
	buf_addf(out, "],\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"", rv);
	if (always || (continue_token != NULL && *continue_token != '\0')) {
		buf_adds(out, ",\"continue\":");
		buf_add_json(out, continue_token);
	}
	if (remaining >= 0)
		buf_addf(out, ",\"remainingItemCount\":%" PRId64, remaining);
	buf_adds(out, "}}");
}

/* ---- watches ---- */

void view_event(enum view_form form, const struct resource *r, const char *type, const char *json,
		struct now now, bool first, struct buf *out)
{
	buf_addf(out, "{\"type\":\"%s\",\"object\":", type);
	if (strcmp(type, "ERROR") == 0)
		buf_adds(out, json);
	else if (form == VIEW_TABLE || form == VIEW_TABLE_FULL)
		table_of_one(form, r, json, now, first, out);
	else
		view_object(form, r, json, now, out);
	buf_adds(out, "}\n");
}

void view_bookmark(enum view_form form, const struct resource *r, uint64_t rv, bool initial_end,
		   struct buf *out)
{
	struct buf object = {0};
	buf_addf(&object, "{\"kind\":\"%s\",", r->kind);
	add_version(r, &object);
	buf_addf(&object,
		 ",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\",\"creationTimestamp\":null",
		 rv);
	if (initial_end)
		buf_adds(&object, ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}");
	buf_adds(&object, "}}");
	view_event(form, r, "BOOKMARK", object.data, (struct now){0}, false, out);
	buf_done(&object);
}

/* ---- errors ---- */

/* Which errors name the resource, and whether as its kind or by its plural. */
static const struct {
	const char *reason;
	bool kind;
} details[] = {
	{"Invalid", true},   {"NotFound", false},  {"AlreadyExists", false},
	{"Conflict", false}, {"Forbidden", false},
};

static void add_details(const struct api_error *e, const struct resource *r, const char *name,
			struct buf *out)
{
	const char *comma = "", *kind = e->kind;
	const char *group = e->group != NULL ? e->group : r != NULL ? r->group : "";
	name = e->kind != NULL || e->name[0] != '\0' ? e->name : name;
	for (size_t i = 0;
	     r != NULL && e->reason != NULL && i < sizeof(details) / sizeof(details[0]); i++)
		if (kind == NULL && strcmp(details[i].reason, e->reason) == 0)
			kind = details[i].kind ? r->kind : r->plural;
	if (kind != NULL) {
		if (name != NULL && *name != '\0') {
			buf_adds(out, "\"name\":");
			buf_add_json(out, name);
			buf_adds(out, ",");
		}
		if (*group != '\0')
			buf_addf(out, "\"group\":\"%s\",", group);
		buf_addf(out, "\"kind\":\"%s\"", kind);
		comma = ",";
	}
	if (e->causes[0] != '\0') {
		buf_addf(out, "%s\"causes\":%s", comma, e->causes);
		comma = ",";
	}
	if (e->retry_after_s > 0)
		buf_addf(out, "%s\"retryAfterSeconds\":%d", comma, e->retry_after_s);
}

void view_error(const struct api_error *e, const struct resource *r, const char *name,
		struct buf *out)
{
	struct buf more = {0};
	add_details(e, r, name, &more);
	buf_adds(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
		      "\"status\":\"Failure\",\"message\":");
	buf_add_json(out, e->message);
	if (e->reason != NULL)
		buf_addf(out, ",\"reason\":\"%s\"", e->reason);
	if (more.len != 0)
		buf_addf(out, ",\"details\":{%s}", more.data);
	buf_addf(out, ",\"code\":%d}", e->code);
	buf_done(&more);
}
