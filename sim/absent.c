/*
 * Weak stand-ins for the views until sim/view.c is there; linked last, so that the real ones
 * win. Goes as soon as all are there.
 */
#include <inttypes.h>

#include "sim/view.h"

#define WEAK __attribute__((weak))

WEAK int view_negotiate(const char *accept, enum view_form *ret, struct api_error *e)
{
	(void)accept, (void)e;
	*ret = VIEW_JSON;
	return 0;
}
WEAK const char *view_type(enum view_form form)
{
	(void)form;
	return "application/json";
}
WEAK void view_object(enum view_form form, const struct resource *r, const char *json,
		      struct now now, struct buf *out)
{
	(void)form, (void)r, (void)now;
	buf_adds(out, json);
}
WEAK void view_list_begin(enum view_form form, const struct resource *r, struct buf *out)
{
	(void)form;
	buf_addf(out, "{\"kind\":\"%sList\",\"apiVersion\":\"%s%s%s\",\"items\":[", r->kind,
		 r->group, r->group[0] ? "/" : "", r->version);
}
WEAK void view_list_item(enum view_form form, const struct resource *r, const char *json,
			 struct now now, bool first, struct buf *out)
{
	(void)form, (void)r, (void)now;
	if (!first)
		buf_adds(out, ",");
	buf_adds(out, json);
}
WEAK void view_list_end(enum view_form form, const struct resource *r, uint64_t rv,
			const char *continue_token, int64_t remaining, struct buf *out)
{
	(void)form, (void)r;
	buf_addf(out, "],\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"", rv);
	if (continue_token[0])
		buf_addf(out, ",\"continue\":\"%s\"", continue_token);
	if (remaining >= 0)
		buf_addf(out, ",\"remainingItemCount\":%" PRId64, remaining);
	buf_adds(out, "}}");
}
WEAK void view_event(enum view_form form, const struct resource *r, const char *type,
		     const char *json, struct now now, bool first, struct buf *out)
{
	(void)form, (void)r, (void)now, (void)first;
	buf_addf(out, "{\"type\":\"%s\",\"object\":%s}\n", type, json);
}
WEAK void view_bookmark(enum view_form form, const struct resource *r, uint64_t rv,
			bool initial_end, struct buf *out)
{
	(void)form;
	buf_addf(out,
		 "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s%s%s\","
		 "\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"%s}}}\n",
		 r->kind, r->group, r->group[0] ? "/" : "", r->version, rv,
		 initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
}
WEAK void view_error(const struct api_error *e, const struct resource *r, const char *name,
		     struct buf *out)
{
	(void)r, (void)name;
	buf_adds(out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		      "\"Failure\",\"message\":");
	buf_add_json(out, e->message);
	buf_addf(out, ",\"reason\":\"%s\",\"code\":%d}", e->reason, e->code);
}
WEAK bool discovery_get(const char *path, const char *accept, struct buf *out,
			const char **ret_type)
{
	(void)path, (void)accept, (void)out, (void)ret_type;
	return false;
}
