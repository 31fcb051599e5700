/*
 * POST .../pods/NAME/eviction, as `kubectl drain` does it: the pod is deleted with the options and
 * preconditions that come along. There are no disruption budgets here; the 429 of one is played by
 * a fault of the API for `pods/eviction`.
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/objects/api_error.h"
#include "sim/apiserver/rest_impl.h"

static const char *text_of(const cJSON *obj, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(obj, name));
	return s != NULL ? s : "";
}

static int check_eviction(const struct rest *r, const cJSON *body, struct api_error *e)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(body, "metadata");
	const char *version = text_of(body, "apiVersion"), *kind = text_of(body, "kind");
	bool known = version[0] == '\0' || strcmp(version, "policy/v1") == 0 ||
		     strcmp(version, "policy/v1beta1") == 0;
	if (!known || (kind[0] != '\0' && strcmp(kind, "Eviction") != 0))
		return api_error_bad(e, "no kind \"%.64s\" is registered for version \"%.64s\"",
				     kind, version);
	if (strcmp(text_of(meta, "name"), r->t->name) != 0)
		return api_error_bad(e, "name in URL does not match name in Eviction object");
	return 0;
}

int rest_evict(struct rest *r, struct api_error *e)
{
	cJSON *body = NULL;
	struct deletion d;
	const struct object *left;
	if (rest_read_dry_run(r, e) != 0 || rest_parse_body(r, &body, e) != 0)
		return -1;
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(body, "deleteOptions");
	int rc = check_eviction(r, body, e);
	if (rc == 0)
		rc = rest_read_deletion(r, options, &d, e);
	if (rc == 0)
		rc = store_delete(r->store, r->t->res, r->t->ns, r->t->name, &d, r->req->now, &left,
				  e);
	cJSON_Delete(body);
	if (rc != 0)
		return -1;
	r->ret->code = 201;
	r->ret->type = "application/json";
	buf_adds(&r->ret->body,
		 "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		 "\"Success\",\"code\":201}");
	return 0;
}
