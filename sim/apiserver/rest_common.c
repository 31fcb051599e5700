/* What several verbs read of a request, and the answers that several of them give. */
#include "sim/apiserver/rest_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/objects/api_error.h"
#include "sim/store/events.h"

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
