/*
 * Exchanges over evhttp, with its pitfalls covered: a request whose connection was closed is freed
 * by us, reading stays enabled while an answer is due so that a disconnect is noticed, and the data
 * received meanwhile is limited by a watermark. Invariant: an exchange is in `open` until its
 * answer was passed to evhttp.
 */
#include "httpd/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/xalloc.h"

#include "httpd/http_impl.h"

/* Smaller bodies are copied so that our buffer can be used again. */
#define COPY_MAX (64 * 1024)

/* ---- the end of an exchange ---- */

/* The exchange is over; its request, if it still has one, is owned elsewhere. */
static void forget(struct http_exchange *x)
{
	if (x->connection != NULL)
		x->connection->exchange = NULL;
	if (x->later != NULL)
		event_free(x->later);
	LIST_REMOVE(x, of_open);
	buf_done(&x->body);
	free(x);
}

void http_on_lost(struct http_exchange *x)
{
	x->connection = NULL;
	/* On a broken connection evhttp lets go of the request and leaves it to us. */
	if (evhttp_request_get_connection(x->req) == NULL)
		evhttp_request_free(x->req);
	x->req = NULL;
	if (x->user != NULL)
		x->server->config.ops->closed(x->server->config.ctx, x->user);
	forget(x);
}

static struct bufferevent *stream_of(const struct http_exchange *x)
{
	return evhttp_connection_get_bufferevent(evhttp_request_get_connection(x->req));
}

/* Waiting for us is no idleness; taking nothing of what we send is. */
static void set_patience(const struct http_exchange *x, bool answering)
{
	const struct timeval idle = {.tv_sec = x->server->config.limits.idle_s},
			     stuck = {.tv_sec = x->server->config.limits.stuck_s};
	bufferevent_set_timeouts(stream_of(x), answering ? &idle : NULL, &stuck);
}

/* So that a client that leaves before its answer is noticed: evhttp would not read. */
static void keep_listening(const struct http_exchange *x)
{
	struct bufferevent *b = stream_of(x);
	bufferevent_data_cb on_write;
	bufferevent_event_cb on_event;
	void *ctx;
	bufferevent_getcb(b, NULL, &on_write, &on_event, &ctx);
	bufferevent_setcb(b, NULL, on_write, on_event, ctx);
	bufferevent_enable(b, EV_READ);
	set_patience(x, false);
}

/* ---- requests ---- */

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"};
static const enum evhttp_cmd_type commands[] = {EVHTTP_REQ_GET,   EVHTTP_REQ_POST,
						EVHTTP_REQ_PUT,   EVHTTP_REQ_DELETE,
						EVHTTP_REQ_PATCH, EVHTTP_REQ_HEAD};
#define METHODS_N (sizeof(methods) / sizeof(methods[0]))

void http_on_request(struct evhttp_request *req, void *ctx)
{
	struct http_server *h = ctx;
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	struct http_request r = {.method = "?"};
	char *peer = NULL;
	ev_uint16_t port;
	for (size_t i = 0; i < METHODS_N; i++)
		if (commands[i] == evhttp_request_get_command(req))
			r.method = methods[i];
	evhttp_connection_get_peer(c, &peer, &port);
	r.peer = peer != NULL ? peer : "";
	r.uri = evhttp_request_get_uri(req);
	r.accept = evhttp_find_header(headers, "Accept");
	r.accept_encoding = evhttp_find_header(headers, "Accept-Encoding");
	r.content_type = evhttp_find_header(headers, "Content-Type");
	r.user_agent = evhttp_find_header(headers, "User-Agent");
	r.authorization = evhttp_find_header(headers, "Authorization");
	r.host = evhttp_find_header(headers, "Host");
	r.len = evbuffer_get_length(in);
	evbuffer_add(in, "", 1);
	r.body = (const char *)evbuffer_pullup(in, -1);
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	x->server = h;
	x->req = req;
	LIST_INSERT_HEAD(&h->open, x, of_open);
	x->connection = connections_find(h->connections, c);
	x->connection->exchange = x;
	connection_set_state(x->connection, CONNECTION_SERVED);
	h->config.ops->request(h->config.ctx, x, &r);
}

void http_set_user(struct http_exchange *x, void *user)
{
	x->user = user;
}

/* ---- answers ---- */

static void free_bytes(const void *data, size_t len, void *ctx)
{
	(void)data;
	(void)len;
	free(ctx);
}

/* Moves the bytes into an evbuffer; large ones without copying. */
static struct evbuffer *take_bytes(struct buf *b)
{
	struct evbuffer *out = evbuffer_new();
	if (out == NULL)
		abort(); /* out of memory */
	if (b->len <= COPY_MAX) {
		evbuffer_add(out, b->data != NULL ? b->data : "", b->len);
		buf_clear(b, COPY_MAX);
	} else {
		evbuffer_add_reference(out, b->data, b->len, free_bytes, b->data);
		*b = (struct buf){.limit = b->limit};
	}
	return out;
}

static const char *reason_of(int code)
{
	static const struct {
		int code;
		const char *text;
	} reasons[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{409, "Conflict"},
		{410, "Gone"},
		{413, "Request Entity Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Entity"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "Status";
}

static void add_headers(const struct http_exchange *x, const struct http_answer *a)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
	char seconds[16];
	if (a->type != NULL)
		evhttp_add_header(headers, "Content-Type", a->type);
	evhttp_add_header(headers, "Cache-Control", "no-cache, private");
	if (x->server->config.policy != NULL) {
		evhttp_add_header(headers, "Content-Security-Policy", x->server->config.policy);
		evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
		evhttp_add_header(headers, "X-Frame-Options", "DENY");
	}
	if (a->warning != NULL && a->warning[0] != '\0')
		evhttp_add_header(headers, "Warning", a->warning);
	if (a->encoding != NULL)
		evhttp_add_header(headers, "Content-Encoding", a->encoding);
	if (a->challenge != NULL)
		evhttp_add_header(headers, "WWW-Authenticate", a->challenge);
	if (a->link != NULL)
		evhttp_add_header(headers, "Link", a->link);
	if (a->digest != NULL)
		evhttp_add_header(headers, "Docker-Content-Digest", a->digest);
	if (a->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", a->retry_after_s);
		evhttp_add_header(headers, "Retry-After", seconds);
	}
}

/* The client has taken the whole answer. */
static void on_complete(struct evhttp_request *req, void *ctx)
{
	(void)req;
	connection_set_state(ctx, CONNECTION_WAITING);
}

/* From now on evhttp owns the request. A stream counts as served until it is taken. */
static void hand_over(struct http_exchange *x, bool is_stream)
{
	struct connection *c = x->connection;
	set_patience(x, true);
	evhttp_request_set_on_complete_cb(x->req, on_complete, c);
	forget(x);
	if (!is_stream)
		connection_set_state(c, CONNECTION_SENDING);
}

/* HEAD: the length of the body without the body, which evhttp would send. */
static void keep_head(struct evhttp_request *req, struct evbuffer *bytes)
{
	char length[24];
	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD || evbuffer_get_length(bytes) == 0)
		return;
	snprintf(length, sizeof(length), "%zu", evbuffer_get_length(bytes));
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Length", length);
	evbuffer_drain(bytes, evbuffer_get_length(bytes));
}

static void send_now(struct http_exchange *x, const struct http_answer *a, struct buf *body)
{
	struct http_server *h = x->server;
	const struct connection *c = x->connection;
	struct evbuffer *bytes = body != NULL ? take_bytes(body) : http_body_bytes(a->shared);
	struct evhttp_request *req = x->req;
	int code = a->code; /* a delayed answer goes with the exchange */
	keep_head(req, bytes);
	hand_over(x, false);
	while (h->config.limits.untaken != 0 && h->untaken > h->config.limits.untaken &&
	       connections_drop_slowest(h->connections, c))
		;
	evhttp_send_reply(req, code, reason_of(code), bytes);
	evbuffer_free(bytes);
}

static void on_later(evutil_socket_t fd, short what, void *ctx)
{
	struct http_exchange *x = ctx;
	(void)fd;
	(void)what;
	send_now(x, &x->answer, &x->body);
}

/* Calls fn for the exchange after so long. */
static void call_later(struct http_exchange *x, int64_t delay_ms, event_callback_fn fn)
{
	const struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
	x->user = NULL;
	x->later = evtimer_new(x->server->base, fn, x);
	if (x->later == NULL)
		abort(); /* out of memory */
	evtimer_add(x->later, &delay);
}

void http_reply(struct http_exchange *x, const struct http_answer *answer)
{
	add_headers(x, answer);
	if (answer->delay_ms <= 0) {
		send_now(x, answer, answer->body);
		return;
	}
	x->answer.code = answer->code; /* its headers are where they belong */
	x->body = *answer->body;
	*answer->body = (struct buf){.limit = x->body.limit};
	keep_listening(x);
	call_later(x, answer->delay_ms, on_later);
}

/* Closes the connection; not from within evhttp's own callbacks. */
static void on_cut(evutil_socket_t fd, short what, void *ctx)
{
	struct http_exchange *x = ctx;
	struct evhttp_connection *c = evhttp_request_get_connection(x->req);
	(void)fd;
	(void)what;
	forget(x);
	evhttp_connection_free(c); /* and the request with it */
}

void http_reset(struct http_exchange *x)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0}; /* RST instead of FIN */
	(void)setsockopt(bufferevent_getfd(stream_of(x)), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	call_later(x, 0, on_cut);
}

static void on_half_sent(struct evhttp_connection *c, void *ctx)
{
	struct http_exchange *x = ctx;
	(void)c;
	if (x->later == NULL)
		call_later(x, 0, on_cut);
}

void http_truncate(struct http_exchange *x, const struct http_answer *answer)
{
	struct buf half = {0};
	buf_add(&half, answer->body->data, answer->body->len / 2 + 1);
	buf_clear(answer->body, COPY_MAX);
	add_headers(x, answer);
	x->user = NULL;
	evhttp_send_reply_start(x->req, answer->code, reason_of(answer->code));
	struct evbuffer *bytes = take_bytes(&half);
	evhttp_send_reply_chunk_with_cb(x->req, bytes, on_half_sent, x);
	evbuffer_free(bytes);
	buf_done(&half);
}

void http_hang(struct http_exchange *x)
{
	keep_listening(x);
}

/* ---- streams ---- */

void http_stream_begin(struct http_exchange *x, const char *type)
{
	const struct http_answer a = {.code = 200, .type = type};
	add_headers(x, &a);
	set_patience(x, false);
	evhttp_send_reply_start(x->req, 200, "OK");
}

static void on_drained(struct evhttp_connection *c, void *ctx)
{
	struct http_exchange *x = ctx;
	(void)c;
	if (x->user != NULL)
		x->server->config.ops->drained(x->server->config.ctx, x->user);
}

void http_stream_send(struct http_exchange *x, struct buf *bytes)
{
	struct evbuffer *out = take_bytes(bytes);
	evhttp_send_reply_chunk_with_cb(x->req, out, on_drained, x);
	evbuffer_free(out);
}

size_t http_stream_pending(const struct http_exchange *x)
{
	return evbuffer_get_length(bufferevent_get_output(stream_of(x)));
}

void http_stream_end(struct http_exchange *x)
{
	struct evhttp_request *req = x->req;
	hand_over(x, true);
	evhttp_send_reply_end(req);
}
