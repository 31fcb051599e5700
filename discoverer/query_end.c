/*
 * What the backends call: how a query ends, its URL and its request. Invariant: `ended` is set once; the owner of
 * the query checks it each turn.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "kube/weburl.h"

#include "discoverer/source.h"

void query_end(struct query *q, enum fault fault, const char *fmt, ...)
{
	char raw[ERR_TEXT_MAX];
	va_list args;
	if (q->ended)
		return;
	q->ended = true;
	q->fault = fault;
	q->took_ms = clock_boot_ms() - q->began_ms;
	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	bool leaks = auth_leaks(&q->auth, raw);
	snprintf(q->text, sizeof(q->text), "%s",
		 leaks ? "the server's message contains a secret and is not shown" : raw);
}

const char *query_shown(const struct query *q, struct arena *a)
{
	return q->ops->url != NULL ? weburl_shown(a, q->ops->url(q->spec)) : "events";
}

bool query_url(struct query *q, const char *text, struct weburl *ret)
{
	struct err err;
	if (weburl_parse(&q->mem, text, ret, &err) == 0)
		return true;
	query_end(q, FAULT_SPEC, "%s", err.text);
	return false;
}

struct job query_job(struct query *q, const struct weburl *url,
		     int (*sink)(void *ctx, const char *bytes, size_t n),
		     void (*done)(void *ctx, const struct fetch_result *result))
{
	return (struct job){
		.call = {.url = weburl_text(&q->mem, url),
			 .accept = "application/json",
			 .credentials = auth_lines(&q->auth, AUTH_OWN, NULL),
			 .ca = q->auth.ca,
			 .cert = q->auth.cert,
			 .key = q->auth.key,
			 .sink = sink,
			 .done = done,
			 .ctx = q},
		.origin = weburl_origin(&q->mem, url),
		.group = q->group,
	};
}
