/*
 * From verb to function, and the answers that several of them give.
 */
#include "sim/apiserver/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/objects/api_error.h"
#include "sim/store/events.h"
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

int rest_version(const struct store *s, const char *text, uint64_t *ret, struct api_error *e)
{
	char *end = NULL;
	*ret = 0;
	if (text[0] == '\0')
		return 0;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
		return api_error_bad(
			e, "Invalid value: \"%.64s\": resourceVersion must be a number", text);
	if (*ret <= store_rv(s))
		return 0;
	api_error_set(e, 504, "Timeout",
		      "Timeout: Too large resource version: %" PRIu64 ", current: %" PRIu64, *ret,
		      store_rv(s));
	e->retry_after_s = 1;
	snprintf(e->causes, sizeof(e->causes),
		 "[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too large resource "
		 "version\"}]");
	return -1;
}

void rest_refuse(const struct api_error *e, const struct target *t, struct rest_answer *ret)
{
	buf_clear(&ret->body, REST_BODY_MAX);
	ret->code = e->code;
	ret->type = "application/json";
	ret->retry_after_s = e->retry_after_s;
	view_error(e, t->res, t->name, &ret->body);
}

void rest_object(struct rest *r, int code, const struct object *o)
{
	struct buf other = {0};
	r->ret->code = code;
	view_object(r->form, r->t->res, events_text(o->res, r->t->res, o->text->json, &other),
		    r->req->now, &r->ret->body);
	buf_done(&other);
}

void rest_answer(struct store *s, const struct rest_request *req, struct arena *a,
		 struct rest_answer *ret)
{
	struct rest r = {.store = s, .req = req, .t = req->target, .arena = a, .ret = ret};
	struct api_error e;
	const char *verb = strcmp(r.t->sub, "eviction") == 0 ? "evict" : r.t->verb;
	bool list = strcmp(r.t->verb, "list") == 0 || strcmp(r.t->verb, "deletecollection") == 0;
	int rc = view_negotiate(req->accept, list, &r.form, &e);
	ret->type = rc == 0 ? view_type(r.form) : NULL;
	if (rc == 0 && r.form == VIEW_TABLE && strcmp(r.t->query.include, "Object") == 0)
		r.form = VIEW_TABLE_FULL;
	for (size_t i = 0; rc == 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			rc = verbs[i].answer(&r, &e);
	store_dry_run(s, false);
	if (rc != 0)
		rest_refuse(&e, r.t, ret);
}
