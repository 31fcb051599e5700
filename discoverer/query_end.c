/*
 * How a query ends, for query.c and the backends. Invariant: `ended` is set once; the owner of
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

bool query_url(struct query *q, const char *text, struct weburl *ret)
{
	struct err err;
	if (weburl_parse(&q->mem, text, ret, &err) == 0)
		return true;
	query_end(q, FAULT_SPEC, "%s", err.text);
	return false;
}
