/*
 * One request: parsed, authorised, counted, given a fault if a rule matches, answered. Plain
 * requests are answered before on_request returns; a watch lives on as a struct stream.
 */
#include "sim/apiserver/serve.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "sim/objects/api_error.h"
#include "sim/apiserver/rest.h"

/* An answer's buffer is given back beyond this. */
#define ANSWER_KEEP (1024 * 1024)

struct serve {
	struct serve_config config;
	struct arena arena; /* of the request at hand */
	struct buf body;    /* of the answer at hand */
};

struct stream { /* an open watch and its HTTP exchange */
	struct serve *serve;
	struct http_exchange *exchange; /* NULL: the client has disconnected */
	struct watch *watch;
	char *uri, *user_agent, *peer;
	struct arena arena; /* of the target, for the audit log */
	struct target target;
	int64_t received_us;
};

struct call { /* a request that is being handled */
	struct serve *serve;
	struct http_exchange *exchange;
	const struct http_request *http;
	struct target target;
	struct fault fault;
	struct now now;
	int64_t received_us;
};

struct serve *serve_new(const struct serve_config *config)
{
	struct serve *s = xcalloc(1, sizeof(*s));
	s->config = *config;
	return s;
}

void serve_free(struct serve *s)
{
	if (s == NULL)
		return;
	arena_done(&s->arena);
	buf_done(&s->body);
	free(s);
}

/* ---- answers ---- */

static const char *agent_of(const struct http_request *r)
{
	return r->user_agent != NULL ? r->user_agent : "";
}

static void write_audit(const struct call *c, int code)
{
	const struct audit_event e = {
		.target = &c->target,
		.method = c->http->method,
		.uri = c->http->uri,
		.user_agent = agent_of(c->http),
		.peer = c->http->peer,
		.body = c->http->body,
		.len = c->http->len,
		.code = code,
		.received_us = c->received_us,
	};
	audit_write(c->serve->config.audit, &e);
}

/* Sends the answer as the fault of this request demands. */
static void answer(const struct call *c, struct rest_answer *a)
{
	struct http_answer out = {
		.code = a->code,
		.type = a->type,
		.retry_after_s = a->retry_after_s,
		.warning = a->warning,
		.body = &a->body,
	};
	write_audit(c, a->code);
	switch (c->fault.kind) {
	case API_FAULT_RESET_AFTER:
		http_reset(c->exchange);
		break;
	case API_FAULT_HANG:
		http_hang(c->exchange);
		break;
	case API_FAULT_TRUNCATE:
		http_truncate(c->exchange, &out);
		break;
	case API_FAULT_SLOW:
		out.delay_ms = c->fault.delay_ms;
		http_reply(c->exchange, &out);
		break;
	default:
		http_reply(c->exchange, &out);
	}
}

static void refuse(const struct call *c, const struct api_error *e)
{
	struct rest_answer a = {.body = c->serve->body};
	rest_refuse(e, &c->target, &a);
	answer(c, &a);
	c->serve->body = a.body;
	buf_clear(&c->serve->body, ANSWER_KEEP);
}

static const char *reason_of(int64_t code)
{
	static const struct {
		int code;
		const char *reason;
	} reasons[] = {
		{400, "BadRequest"},    {401, "Unauthorized"},
		{403, "Forbidden"},     {404, "NotFound"},
		{409, "Conflict"},      {410, "Expired"},
		{422, "Invalid"},       {429, "TooManyRequests"},
		{500, "InternalError"}, {503, "ServiceUnavailable"},
		{504, "Timeout"},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "";
}

/* ---- watches ---- */

static void stream_free(struct stream *st)
{
	watch_close(st->watch);
	arena_done(&st->arena);
	free(st);
}

static void end_stream(struct stream *st)
{
	const struct audit_event e = {
		.target = &st->target,
		.method = "GET",
		.uri = st->uri,
		.user_agent = st->user_agent,
		.peer = st->peer,
		.code = 200,
		.received_us = st->received_us,
	};
	audit_write(st->serve->config.audit, &e);
	if (st->exchange != NULL)
		http_stream_end(st->exchange);
	stream_free(st);
}

static void pump(struct stream *st, struct now now)
{
	struct buf *out = &st->serve->body;
	size_t pending = http_stream_pending(st->exchange);
	if (pending >= SERVE_STREAM_BYTES)
		return; /* on_drained comes back to it */
	buf_clear(out, ANSWER_KEEP);
	bool ends = watch_take(st->watch, now, SERVE_STREAM_BYTES - pending, out);
	if (out->len > 0)
		http_stream_send(st->exchange, out);
	if (ends)
		end_stream(st);
}

static void on_drained(void *ctx, void *user)
{
	(void)ctx;
	pump(user, clock_now());
}

static void on_closed(void *ctx, void *user)
{
	struct stream *st = user;
	(void)ctx;
	st->exchange = NULL;
	end_stream(st);
}

static void open_watch(const struct call *c)
{
	struct serve *s = c->serve;
	struct stream *st = xcalloc(1, sizeof(*st));
	struct api_error e;
	enum view_form form;
	int64_t stale = c->fault.kind == API_FAULT_STALE_LIST ? c->fault.delay_ms : 0;
	int rc = view_negotiate(c->http->accept, false, &form, &e);
	if (rc == 0 && form == VIEW_TABLE && strcmp(c->target.query.include, "Object") == 0)
		form = VIEW_TABLE_FULL;
	if (rc != 0 || watch_open(s->config.watches, &c->target, form, agent_of(c->http), stale,
				  c->now, st, &st->watch, &e) != 0) {
		free(st);
		refuse(c, &e);
		return;
	}
	st->serve = s;
	st->exchange = c->exchange;
	st->uri = arena_strdup(&st->arena, c->http->uri);
	st->user_agent = arena_strdup(&st->arena, agent_of(c->http));
	st->peer = arena_strdup(&st->arena, c->http->peer);
	st->received_us = c->received_us;
	/* What parsed once parses again: the texts of this target live as long as the stream. */
	(void)target_parse("GET", st->uri, &st->arena, &st->target, &e);
	http_set_user(c->exchange, st);
	http_stream_begin(c->exchange, VIEW_TYPE);
	pump(st, c->now);
}

/* ---- requests ---- */

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void answer_text(const struct call *c, int code, const char *type, struct buf *body)
{
	struct rest_answer a = {.code = code, .type = type, .body = *body};
	answer(c, &a);
	*body = a.body;
	buf_clear(body, ANSWER_KEEP);
}

/* Paths that name no resource. */
static void answer_other(const struct call *c)
{
	struct serve *s = c->serve;
	const char *type = "text/plain";
	buf_clear(&s->body, ANSWER_KEEP);
	if (strcmp(c->http->method, "GET") == 0 &&
	    discovery_get(c->target.path, c->http->accept, &s->body, &type)) {
		answer_text(c, 200, type, &s->body);
		return;
	}
	buf_clear(&s->body, ANSWER_KEEP);
	buf_adds(&s->body, "404 page not found\n");
	answer_text(c, 404, "text/plain; charset=utf-8", &s->body);
}

static void answer_control(const struct call *c, const char *path)
{
	struct serve *s = c->serve;
	buf_clear(&s->body, ANSWER_KEEP);
	int code = control_answer(s->config.control, c->http->method, path, c->http->body,
				  c->http->len, c->now, &s->body);
	struct http_answer a = {.code = code, .type = "application/json", .body = &s->body};
	http_reply(c->exchange, &a);
}

static void answer_source(const struct call *c)
{
	struct serve *s = c->serve;
	const struct sources_request r = {
		.method = c->http->method,
		.uri = c->http->uri,
		.host = c->http->host,
		.authorization = c->http->authorization,
		.form = c->http->body,
		.wall_us = c->received_us,
	};
	buf_clear(&s->body, ANSWER_KEEP);
	struct sources_answer a = sources_answer(&s->config.sources, &r, &s->arena, &s->body);
	if (a.what != NULL)
		tally_count(s->config.asked, &(struct fault_request){.verb = c->http->method,
								     .resource = a.what,
								     .user_agent = a.registry});
	const struct http_answer out = {
		.code = a.code,
		.type = a.type,
		.link = a.link,
		.challenge = a.challenge,
		.digest = a.digest,
		.body = &s->body,
		.delay_ms = a.delay_ms,
	};
	http_reply(c->exchange, &out);
}

static void answer_resource(const struct call *c)
{
	struct serve *s = c->serve;
	const struct rest_request req = {
		.target = &c->target,
		.accept = c->http->accept,
		.content_type = c->http->content_type,
		.body = c->http->body,
		.len = c->http->len,
		.now = c->now,
		.stale_ms = c->fault.kind == API_FAULT_STALE_LIST ? c->fault.delay_ms : 0,
	};
	struct rest_answer a = {.body = s->body};
	buf_clear(&a.body, ANSWER_KEEP);
	rest_answer(s->config.store, &req, &s->arena, &a);
	answer(c, &a);
	s->body = a.body;
	buf_clear(&s->body, ANSWER_KEEP);
}

/* Asks which fault this request meets and counts it. */
static void meet_fault(struct call *c)
{
	const struct serve_config *config = &c->serve->config;
	const char *resource = c->target.res->plural;
	bool all = strcmp(c->target.verb, "deletecollection") == 0;
	if (c->target.sub[0] != '\0')
		resource = arena_printf(&c->serve->arena, "%s/%s", resource, c->target.sub);
	const struct fault_request r = {
		.verb = all ? "delete" : c->target.verb,
		.resource = resource,
		.name = c->target.name,
		.user_agent = agent_of(c->http),
	};
	tally_count(config->tally, &r);
	c->fault = faults_pick(config->faults, &r);
}

static void route(struct call *c)
{
	struct api_error e;
	if (target_parse(c->http->method, c->http->uri, &c->serve->arena, &c->target, &e) != 0) {
		refuse(c, &e);
		return;
	}
	if (c->target.res == NULL) {
		answer_other(c);
		return;
	}
	meet_fault(c);
	bool watch = strcmp(c->target.verb, "watch") == 0;
	if (c->fault.kind == API_FAULT_RESET ||
	    (watch && (c->fault.kind == API_FAULT_RESET_AFTER ||
		       c->fault.kind == API_FAULT_TRUNCATE))) { /* of a stream that is the same */
		http_reset(c->exchange);
	} else if (watch && c->fault.kind == API_FAULT_HANG) {
		http_hang(c->exchange);
	} else if (c->fault.kind == API_FAULT_STATUS) {
		api_error_set(&e, (int)c->fault.code, reason_of(c->fault.code),
			      "a fault of the scenario");
		e.retry_after_s = (int)c->fault.retry_after_s;
		refuse(c, &e);
	} else if (watch) {
		open_watch(c);
	} else {
		answer_resource(c);
	}
}

static bool authorised(const struct serve *s, const struct http_request *r)
{
	static const char scheme[] = "Bearer ";
	if (s->config.token == NULL)
		return true;
	return r->authorization != NULL && starts(r->authorization, scheme) &&
	       strcmp(r->authorization + sizeof(scheme) - 1, s->config.token) == 0;
}

static bool is_probe(const char *uri)
{
	return starts(uri, "/healthz") || starts(uri, "/readyz") || starts(uri, "/livez");
}

static void on_request(void *ctx, struct http_exchange *x, const struct http_request *request)
{
	struct serve *s = ctx;
	struct call c = {.serve = s,
			 .exchange = x,
			 .http = request,
			 .target = {.verb = "", .ns = "", .name = "", .sub = ""},
			 .now = clock_now(),
			 .received_us = clock_wall_us()};
	arena_reset(&s->arena);
	if (is_probe(request->uri)) {
		buf_clear(&s->body, ANSWER_KEEP);
		buf_adds(&s->body, "ok");
		answer_text(&c, 200, "text/plain; charset=utf-8", &s->body);
	} else if (sources_own(request->uri)) {
		answer_source(&c); /* servers of their own, which the token is not for */
	} else if (!authorised(s, request)) {
		struct api_error e;
		api_error_set(&e, 401, "Unauthorized", "Unauthorized");
		refuse(&c, &e);
	} else if (starts(request->uri, "/sim/") && s->config.control != NULL) {
		size_t n = strcspn(request->uri, "?");
		answer_control(&c, arena_strndup(&s->arena, request->uri, n));
	} else {
		route(&c);
	}
}

const struct http_ops serve_ops = {
	.request = on_request,
	.closed = on_closed,
	.drained = on_drained,
};

int64_t serve_turn(struct serve *s, struct now now)
{
	for (struct stream *st; (st = watches_ready(s->config.watches, now)) != NULL;)
		pump(st, now);
	audit_flush(s->config.audit);
	return watches_next_ms(s->config.watches);
}
