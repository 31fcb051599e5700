/*
 * create, update, patch and delete: reads bodies and options, hands them to the store, and
 * gives the answer the form that a real server gives it.
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/store/admission/admit.h"
#include "sim/objects/api_error.h"
#include "sim/apiserver/protobuf.h"
#include "sim/apiserver/rest_impl.h"
#include "sim/store/select.h"

/* ---- bodies ---- */

static bool type_is(const char *content_type, const char *type)
{
	size_t n = strlen(type);
	return strncmp(content_type, type, n) == 0 &&
	       (content_type[n] == '\0' || content_type[n] == ';' || content_type[n] == ' ');
}

static int unsupported(struct api_error *e, const char *accepted)
{
	return api_error_set(e, 415, "UnsupportedMediaType",
			     "the body of the request was in an unknown format - accepted media "
			     "types include: %s",
			     accepted);
}

int rest_parse_body(const struct rest *r, cJSON **ret, struct api_error *e)
{
	const char *end = NULL;
	*ret = cJSON_ParseWithLengthOpts(r->req->body, r->req->len, &end, false);
	/* Nothing but blanks may follow. */
	size_t used = *ret != NULL ? (size_t)(end - r->req->body) : 0;
	while (*ret != NULL && used < r->req->len && strchr(" \t\r\n", r->req->body[used]) != NULL)
		used++;
	if (*ret != NULL && used == r->req->len)
		return 0;
	cJSON_Delete(*ret);
	return api_error_bad(e,
			     "the object provided is unrecognized (must be of type %s): couldn't "
			     "get version/kind; json parse error",
			     r->t->res->kind);
}

static int read_object(const struct rest *r, cJSON **ret, struct api_error *e)
{
	const char *type = r->req->content_type;
	bool protobuf = type != NULL && type_is(type, PROTOBUF_TYPE);
	if (protobuf && protobuf_reads(r->t->res))
		return protobuf_read(r->t->res, r->req->body, r->req->len, ret, e);
	if (type != NULL && type[0] != '\0' && !type_is(type, "application/json"))
		return unsupported(e, "application/json");
	if (rest_parse_body(r, ret, e) != 0)
		return -1;
	if (strcmp(r->t->query.validation, "Strict") == 0 &&
	    admit_strict(r->t->res, *ret, e) != 0) {
		cJSON_Delete(*ret);
		return -1;
	}
	return 0;
}

/* fieldValidation=Warn, the default: what is dropped is told (RFC 9111's predecessor, 299). */
static void warn(const struct rest *r, const cJSON *sent)
{
	static const char mark[] = "strict decoding error: ";
	struct api_error e;
	const char *mode = r->t->query.validation;
	if ((mode[0] != '\0' && strcmp(mode, "Warn") != 0) ||
	    admit_strict(r->t->res, sent, &e) == 0)
		return;
	const char *p = strstr(e.message, mark);
	struct buf out = {.limit = sizeof(r->ret->warning) - 1};
	for (p = p != NULL ? p + sizeof(mark) - 1 : ""; *p != '\0' && !out.full;) {
		size_t n = strcspn(p, ",");
		buf_adds(&out, out.len > 0 ? ", 299 - \"" : "299 - \"");
		for (size_t i = 0; i < n; i++)
			buf_addf(&out, "%s%c", p[i] == '"' ? "\\" : "", p[i]);
		buf_adds(&out, "\"");
		p += n + strspn(p + n, ", ");
	}
	if (!out.full && out.data != NULL)
		snprintf(r->ret->warning, sizeof(r->ret->warning), "%s", out.data);
	buf_done(&out);
}

/* ?dryRun=All */
int rest_read_dry_run(const struct rest *r, struct api_error *e)
{
	const char *dry = r->t->query.dry_run;
	store_dry_run(r->store, strcmp(dry, "All") == 0);
	if (dry[0] == '\0' || strcmp(dry, "All") == 0)
		return 0;
	return api_error_bad(e, "invalid dryRun \"%.64s\": supported values: \"All\"", dry);
}

/* ---- create, update, patch ---- */

int rest_create(struct rest *r, struct api_error *e)
{
	cJSON *obj = NULL;
	const struct object *made;
	if (rest_read_dry_run(r, e) != 0 || read_object(r, &obj, e) != 0)
		return -1;
	int rc = store_create(r->store, r->t->res, r->t->ns, obj, r->req->now, &made, e);
	if (rc == 0)
		warn(r, obj);
	cJSON_Delete(obj);
	if (rc == 0)
		rest_object(r, 201, made);
	return rc;
}

static struct write target_write(const struct rest *r)
{
	return (struct write){
		.res = r->t->res,
		.ns = r->t->ns,
		.name = r->t->name,
		.status = strcmp(r->t->sub, "status") == 0,
	};
}

int rest_update(struct rest *r, struct api_error *e)
{
	cJSON *obj = NULL;
	const struct object *now;
	struct write w = target_write(r);
	if (rest_read_dry_run(r, e) != 0 || read_object(r, &obj, e) != 0)
		return -1;
	w.create = r->t->res->kind_id == KIND_LEASE || strcmp(r->t->res->plural, "events") == 0;
	bool there = store_get(r->store, r->t->res, r->t->ns, r->t->name) != NULL;
	int rc = store_update(r->store, &w, obj, r->req->now, &now, e);
	if (rc == 0)
		warn(r, obj);
	cJSON_Delete(obj);
	if (rc == 0)
		rest_object(r, there ? 200 : 201, now);
	return rc;
}

/* By Content-Type. Our kinds have no strategic merge patch, nobody has server-side apply. */
static int read_patch_kind(const struct rest *r, enum patch_kind *ret, struct api_error *e)
{
	const char *type = r->req->content_type != NULL ? r->req->content_type : "";
	bool built_in = strcmp(r->t->res->group, API_GROUP) != 0;
	if (built_in && type_is(type, "application/strategic-merge-patch+json"))
		*ret = PATCH_STRATEGIC;
	else if (type_is(type, "application/merge-patch+json"))
		*ret = PATCH_MERGE;
	else if (type_is(type, "application/json-patch+json"))
		*ret = PATCH_JSON;
	else
		return unsupported(e, built_in ? "application/json-patch+json, "
						 "application/merge-patch+json, "
						 "application/strategic-merge-patch+json"
					       : "application/json-patch+json, "
						 "application/merge-patch+json");
	return 0;
}

int rest_patch(struct rest *r, struct api_error *e)
{
	struct write w = target_write(r);
	const struct object *now;
	cJSON *patch;
	w.strict = strcmp(r->t->query.validation, "Strict") == 0;
	if (read_patch_kind(r, &w.patch, e) != 0 || rest_read_dry_run(r, e) != 0 ||
	    rest_parse_body(r, &patch, e) != 0)
		return -1;
	int rc = store_patch(r->store, &w, patch, r->req->now, &now, e);
	if (rc == 0)
		warn(r, patch);
	cJSON_Delete(patch);
	if (rc == 0)
		rest_object(r, 200, now);
	return rc;
}

/* ---- delete ---- */

static const struct resource delete_options = {
	.group = "meta.k8s.io", .kind = "DeleteOptions", .plural = "deleteoptions"};

static int read_propagation(const char *text, enum propagation *ret, struct api_error *e)
{
	static const char *const names[] = {
		[PROPAGATE_BACKGROUND] = "Background",
		[PROPAGATE_FOREGROUND] = "Foreground",
		[PROPAGATE_ORPHAN] = "Orphan",
	};
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], text) == 0) {
			*ret = (enum propagation)i;
			return 0;
		}
	return api_error_invalid(e, &delete_options, "", "propagationPolicy",
				 "FieldValueNotSupported",
				 "Unsupported value: supported values: \"Foreground\", "
				 "\"Background\", \"Orphan\", \"\"");
}

static const char *text_of(const cJSON *obj, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(obj, name));
	return s != NULL ? s : "";
}

/* DeleteOptions: of the body, or of the query where there is none. */
int rest_read_deletion(const struct rest *r, const cJSON *body, struct deletion *d,
		       struct api_error *e)
{
	const cJSON *grace = cJSON_GetObjectItemCaseSensitive(body, "gracePeriodSeconds");
	const cJSON *pre = cJSON_GetObjectItemCaseSensitive(body, "preconditions");
	const char *uid = text_of(pre, "uid"), *how = text_of(body, "propagationPolicy");
	*d = (struct deletion){.grace_s = r->t->query.grace_s};
	if (cJSON_IsNumber(grace))
		d->grace_s = (int64_t)grace->valuedouble;
	if (d->grace_s < -1)
		return api_error_bad(e, "gracePeriodSeconds must not be negative");
	if (uid[0] != '\0')
		d->uid = uid;
	if (rest_version(r->store, text_of(pre, "resourceVersion"), &d->rv, e) != 0)
		return api_error_conflict(e, r->t->res, r->t->name,
					  "the ResourceVersion in the precondition is none of its");
	const cJSON *orphan = cJSON_GetObjectItemCaseSensitive(body, "orphanDependents");
	if (cJSON_IsBool(orphan) && how[0] != '\0')
		return api_error_invalid(e, &delete_options, "", "propagationPolicy",
					 "FieldValueInvalid",
					 "Invalid value: orphanDependents and propagationPolicy "
					 "cannot be both set");
	if (how[0] == '\0')
		how = cJSON_IsTrue(orphan) ? "Orphan" : r->t->query.propagation;
	if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(body, "dryRun")) > 0)
		store_dry_run(r->store, true);
	return how[0] != '\0' ? read_propagation(how, &d->how, e) : 0;
}

/* What a deletion answers: pods and what stays as themselves, else a Status that says who went. */
static void answer_deleted(struct rest *r, const struct object *o)
{
	/* What stays is marked; a dry run leaves everything. */
	bool stays = store_get(r->store, r->t->res, r->t->ns, r->t->name) != NULL &&
		     strstr(o->text->json, "\"deletionTimestamp\":") != NULL;
	if (stays || r->t->res->kind_id == KIND_POD) {
		rest_object(r, 200, o);
		return;
	}
	struct buf *out = &r->ret->body;
	r->ret->code = 200;
	r->ret->type = "application/json";
	buf_adds(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		      "\"Success\",\"details\":{\"name\":");
	buf_add_json(out, o->name);
	if (r->t->res->group[0] != '\0')
		buf_addf(out, ",\"group\":\"%s\"", r->t->res->group);
	buf_addf(out, ",\"kind\":\"%s\",\"uid\":\"%s\"}}", r->t->res->plural, o->uid);
}

int rest_delete(struct rest *r, struct api_error *e)
{
	cJSON *body = NULL;
	struct deletion d;
	const struct object *left;
	if (rest_read_dry_run(r, e) != 0 || (r->req->len > 0 && rest_parse_body(r, &body, e) != 0))
		return -1;
	int rc = rest_read_deletion(r, body, &d, e);
	if (rc == 0)
		rc = store_delete(r->store, r->t->res, r->t->ns, r->t->name, &d, r->req->now, &left,
				  e);
	if (rc == 0)
		answer_deleted(r, left);
	cJSON_Delete(body);
	return rc;
}

struct collection {
	struct selector *selector;
	struct deletion how;
};

static void delete_all(struct rest *r, const struct collection *c)
{
	struct buf *out = &r->ret->body;
	char name[256] = "";
	bool first = true;
	view_list_begin(r->form, r->t->res, out);
	for (const struct object *o;
	     store_next(r->store, r->t->res, r->t->ns, name, &o) && strcmp(o->ns, r->t->ns) == 0;) {
		struct api_error ignored;
		snprintf(name, sizeof(name), "%s", o->name);
		/* One that is refused is left, as a real server goes on with the others. */
		if (!selector_match(c->selector, o->ns, o->name, o->node, o->text->json) ||
		    store_delete(r->store, r->t->res, r->t->ns, name, &c->how, r->req->now, &o,
				 &ignored) != 0)
			continue;
		view_list_item(r->form, r->t->res, o->text->json, r->req->now, first, out);
		first = false;
	}
	view_list_end(r->form, r->t->res, store_rv(r->store), "", -1, out);
}

int rest_delete_collection(struct rest *r, struct api_error *e)
{
	struct collection c = {0};
	cJSON *body = NULL;
	if (rest_read_dry_run(r, e) != 0 || (r->req->len > 0 && rest_parse_body(r, &body, e) != 0))
		return -1;
	int rc = rest_read_deletion(r, body, &c.how, e);
	if (rc == 0)
		rc = selector_parse(r->t->res, r->t->query.labels, r->t->query.fields, r->arena,
				    &c.selector, e);
	if (rc == 0) {
		r->ret->code = 200;
		delete_all(r, &c);
	}
	cJSON_Delete(body);
	return rc;
}
