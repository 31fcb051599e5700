/*
 * Admission, in the order of an API server: is it of that kind, does it decode, prune and
 * default, then everything that is wrong at once.
 */
#include "sim/store/admission/admit.h"

#include <stdio.h>
#include <string.h>

#include "sim/store/admission/parts.h"
#include "sim/objects/api_error.h"

static bool repeats(const cJSON *child)
{
	for (const cJSON *later = child->next; later != NULL; later = later->next)
		if (strcmp(later->string, child->string) == 0)
			return true;
	return false;
}

/* Of a key that is given twice the last counts, as in Go. The parser bounds the depth. */
static void drop_repeated(cJSON *v)
{
	for (cJSON *child = v->child, *next; child != NULL; child = next) {
		next = child->next;
		if (cJSON_IsObject(v) && repeats(child))
			cJSON_Delete(cJSON_DetachItemViaPointer(v, child));
		else if (child->child != NULL)
			drop_repeated(child);
	}
}

static const struct desc *own_desc(const struct resource *r)
{
	return r->kind_id >= 0 && kinds[r->kind_id].ours ? kinds[r->kind_id].desc : NULL;
}

static const char *name_of_object(const cJSON *obj)
{
	const char *name = member_text(member(obj, "metadata"), "name");
	return name != NULL ? name : "";
}

static void api_version_of(const struct resource *r, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", r->group, *r->group != '\0' ? "/" : "", r->version);
}

/* Go's decoder wants texts there; a null is as good as nothing. */
static int decode_kind(const struct resource *r, cJSON *obj, struct api_error *e)
{
	static const char *const names[] = {"apiVersion", "kind"};
	for (size_t i = 0; i < 2; i++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, names[i]);
		if (v != NULL && !cJSON_IsNull(v) && !cJSON_IsString(v))
			return api_error_bad(
				e,
				"the object provided is unrecognized (must be of type "
				"%s): couldn't get version/kind; json parse error: "
				"json: cannot unmarshal %s into Go struct field .%s of "
				"type string",
				r->kind, json_type(v), names[i]);
		if (cJSON_IsNull(v))
			cJSON_DeleteItemFromObjectCaseSensitive(obj, names[i]);
	}
	return 0;
}

/* Built-in kinds take apiVersion and kind from the path when they are left out. */
static int check_kind(const struct resource *r, cJSON *obj, bool create, struct api_error *e)
{
	char want[128];
	api_version_of(r, want, sizeof(want));
	const char *version = member_text(obj, "apiVersion"), *kind = member_text(obj, "kind");
	if (own_desc(r) == NULL) {
		if (version == NULL)
			cJSON_AddStringToObject(obj, "apiVersion", want);
		if (kind == NULL)
			cJSON_AddStringToObject(obj, "kind", r->kind);
		if ((version == NULL || strcmp(version, want) == 0) &&
		    (kind == NULL || strcmp(kind, r->kind) == 0))
			return 0;
		return api_error_bad(
			e,
			"%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" "
			"is registered for version \"%s\" here",
			r->kind, r->version, r->kind, kind != NULL ? kind : r->kind,
			version != NULL ? version : want);
	}
	if (create && (version == NULL || strcmp(version, want) != 0))
		return api_error_bad(e,
				     "the API version in the data (%s) does not match the expected "
				     "API version (%s)",
				     version != NULL ? version : "", want);
	struct causes c = CAUSES_INIT;
	if (version == NULL || strcmp(version, want) != 0)
		cause_invalid(&c, &(struct place){NULL, "apiVersion", 0}, version, "must be %s",
			      want);
	if (kind == NULL || strcmp(kind, r->kind) != 0)
		cause_invalid(&c, &(struct place){NULL, "kind", 0}, kind, "must be %s", r->kind);
	/* The Status is about what the data say that they are. */
	const struct resource *said = resource_of_kind(want, kind != NULL ? kind : "");
	bool versioned = version != NULL && strcmp(version, want) == 0;
	if (causes_end(&c, kind != NULL ? kind : "", versioned ? r->group : "", name_of_object(obj),
		       e) == 0)
		return 0;
	e->kind = said != NULL ? said->kind : NULL;
	e->group = versioned ? NULL : "";
	return -1;
}

static void check_own(const struct desc *d, const cJSON *obj, const cJSON *old, bool status,
		      struct causes *c)
{
	c->status = status;
	for (size_t i = 0; i < d->n; i++)
		if (!status || strcmp(d->fields[i].json, "status") == 0)
			if (!(d->fields[i].flags & FF_NOSCHEMA))
				schema_check(d, d->fields[i].json, obj, old, c);
	if (c->blocking) {
		cause_rules_unchecked(c);
		return;
	}
	for (size_t i = 0; i < d->n; i++)
		if (!status || strcmp(d->fields[i].json, "status") == 0)
			rules_check(d, d->fields[i].json, obj, old, c);
}

static int check(const struct resource *r, const cJSON *obj, const cJSON *old, bool status,
		 struct api_error *e)
{
	struct causes c = CAUSES_INIT;
	const struct desc *d = own_desc(r);
	meta_check(r, obj, &c);
	if (d != NULL)
		check_own(d, obj, old, status, &c);
	else
		core_check(r, obj, old, status, &c);
	/* Events are validated without their group. */
	const char *group = strcmp(r->plural, "events") == 0 ? "" : r->group;
	return causes_end(&c, r->kind, group, name_of_object(obj), e);
}

int admit_kind(const struct resource *r, cJSON *obj, bool create, struct api_error *e)
{
	if (!cJSON_IsObject(obj))
		return api_error_bad(e,
				     "the object provided is unrecognized (must be of type %s): "
				     "couldn't get version/kind; json parse error: json: cannot "
				     "unmarshal %s into Go value",
				     r->kind, json_type(obj));
	drop_repeated(obj);
	if (decode_kind(r, obj, e) != 0 || check_kind(r, obj, create, e) != 0 ||
	    meta_decode(r, obj, e) != 0)
		return -1;
	member_object(obj, "metadata");
	return 0;
}

int admit(const struct resource *r, cJSON *obj, const cJSON *old, bool status, struct api_error *e)
{
	const struct desc *d = own_desc(r);
	if (admit_kind(r, obj, old == NULL, e) != 0)
		return -1;
	if (d == NULL && core_decode(r, obj, e) != 0)
		return -1;
	if (old == NULL && d != NULL && r->has_status)
		cJSON_DeleteItemFromObjectCaseSensitive(obj, "status");
	if (d != NULL) {
		schema_prune(d, obj);
		schema_default(d, obj);
	} else {
		core_prune(r, obj);
		core_default(r, obj, old);
	}
	meta_prune(r, obj);
	if (check(r, obj, old, status, e) != 0)
		return -1;
	return r->kind_id == KIND_POD && old == NULL ? pod_admit(obj, e) : 0;
}

int admit_strict(const struct resource *r, const cJSON *obj, struct api_error *e)
{
	const struct desc *d = own_desc(r);
	struct buf unknown = {.limit = sizeof(e->message)};
	meta_unknown(obj, &unknown);
	if (d != NULL)
		schema_unknown(d, obj, &unknown);
	else
		core_unknown(r, obj, &unknown);
	int rc = 0;
	if (unknown.len != 0)
		rc = api_error_bad(
			e,
			"%s in version \"%s\" cannot be handled as a %s: strict decoding "
			"error: %s",
			r->kind, r->version, r->kind, unknown.data);
	buf_done(&unknown);
	return rc;
}

bool admit_spec_changed(const struct resource *r, const cJSON *old, const cJSON *new)
{
	if (own_desc(r) == NULL)
		return !cJSON_Compare(member(old, "spec"), member(new, "spec"), true) &&
		       (member(old, "spec") != NULL || member(new, "spec") != NULL);
	const struct desc *d = own_desc(r);
	for (size_t i = 0; i < d->n; i++) {
		const char *name = d->fields[i].json;
		if ((d->fields[i].flags & FF_NOSCHEMA) || strcmp(name, "status") == 0)
			continue;
		const cJSON *a = member(old, name), *b = member(new, name);
		if ((a == NULL) != (b == NULL) || (a != NULL && !cJSON_Compare(a, b, true)))
			return true;
	}
	return false;
}
