/* From verb to function. */
#include "sim/apiserver/rest.h"

#include <string.h>

#include "sim/objects/api_error.h"
#include "sim/apiserver/rest_impl.h"

static const struct verb {
	const char *name;
	int (*answer)(struct rest *r, struct api_error *e);
} verbs[] = {
	{"get", rest_get},
	{"list", rest_list},
	{"create", rest_create},
	{"update", rest_update},
	{"patch", rest_patch},
	{"delete", rest_delete},
	{"deletecollection", rest_delete_collection},
	{"evict", rest_evict},
};

void rest_answer(struct store *s, const struct rest_request *req, struct arena *a,
		 struct rest_answer *ret)
{
	struct rest r = {.store = s, .req = req, .t = req->target, .arena = a, .ret = ret};
	struct api_error e;
	const char *verb = strcmp(r.t->sub, "eviction") == 0 ? "evict" : r.t->verb;
	bool list = strcmp(r.t->verb, "list") == 0 || strcmp(r.t->verb, "deletecollection") == 0;
	int rc = view_negotiate(req->accept, list, &r.form, &e);
	ret->type = rc == 0 ? VIEW_TYPE : NULL;
	if (rc == 0 && r.form == VIEW_TABLE && strcmp(r.t->query.include, "Object") == 0)
		r.form = VIEW_TABLE_FULL;
	for (size_t i = 0; rc == 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			rc = verbs[i].answer(&r, &e);
	store_dry_run(s, false);
	if (rc != 0)
		rest_refuse(&e, r.t, ret);
}
