/*
 * evhttp with its sharp edges covered: a request whose connection has gone is freed by us,
 * reading stays on while an answer is due so that a client's leaving is noticed, and what it
 * sends meanwhile is bounded by a watermark. Invariant: an exchange is in `open` until its
 * answer was handed to evhttp.
 */
#include "sim/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/listener.h>

#include "base/xalloc.h"

#include "sim/tls.h"

/* Smaller bodies are copied so that our buffer can be used again. */
#define COPY_MAX (64 * 1024)
/* How long no connection is accepted after descriptors have run out. */
#define REST_MS     100
#define BACKLOG     1024
#define SIGNALS_MAX 2

struct http_exchange {
	struct http_server *server;
	struct evhttp_request *req; /* NULL: done with */
	void *user;
	struct event *later; /* of a delayed answer */
	struct http_answer answer;
	struct buf body;
	LIST_ENTRY(http_exchange) of_open;
};

struct http_server {
	struct event_base *base;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *timer;
	struct event *signals[SIGNALS_MAX];
	size_t n_signals;
	struct http_config config;
	int port;
	LIST_HEAD(, http_exchange) open;
};

/* ---- the end of an exchange ---- */

/* The exchange is over; its request, if it still has one, is somebody else's. */
static void forget(struct http_exchange *x)
{
	struct evhttp_connection *c = x->req ? evhttp_request_get_connection(x->req) : NULL;
	if (c != NULL)
		evhttp_connection_set_closecb(c, NULL, NULL);
	if (x->later != NULL)
		event_free(x->later);
	LIST_REMOVE(x, of_open);
	buf_done(&x->body);
	free(x);
}

static void on_close(struct evhttp_connection *c, void *ctx)
{
	struct http_exchange *x = ctx;
	(void)c;
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
	const struct timeval idle = {.tv_sec = HTTP_IDLE_S}, stuck = {.tv_sec = HTTP_STUCK_S};
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

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
static const enum evhttp_cmd_type commands[] = {EVHTTP_REQ_GET, EVHTTP_REQ_POST, EVHTTP_REQ_PUT,
						EVHTTP_REQ_DELETE, EVHTTP_REQ_PATCH};
#define METHODS_N (sizeof(methods) / sizeof(methods[0]))

static void on_request(struct evhttp_request *req, void *ctx)
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
	r.content_type = evhttp_find_header(headers, "Content-Type");
	r.user_agent = evhttp_find_header(headers, "User-Agent");
	r.authorization = evhttp_find_header(headers, "Authorization");
	r.len = evbuffer_get_length(in);
	evbuffer_add(in, "", 1);
	r.body = (const char *)evbuffer_pullup(in, -1);
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	x->server = h;
	x->req = req;
	LIST_INSERT_HEAD(&h->open, x, of_open);
	evhttp_connection_set_closecb(c, on_close, x);
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
	if (a->warning != NULL && a->warning[0] != '\0')
		evhttp_add_header(headers, "Warning", a->warning);
	if (a->retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%d", a->retry_after_s);
		evhttp_add_header(headers, "Retry-After", seconds);
	}
}

static void send_now(struct http_exchange *x, const struct http_answer *a, struct buf *body)
{
	struct evbuffer *bytes = take_bytes(body);
	struct evhttp_request *req = x->req;
	int code = a->code; /* a delayed answer goes with the exchange */
	add_headers(x, a);
	set_patience(x, true);
	forget(x);
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
	if (answer->delay_ms <= 0) {
		send_now(x, answer, answer->body);
		return;
	}
	x->answer = *answer;
	x->answer.warning = NULL;
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
	set_patience(x, true);
	forget(x);
	evhttp_send_reply_end(req);
}

/* ---- the server ---- */

static struct bufferevent *new_stream(struct event_base *base, void *ctx)
{
	struct http_server *h = ctx;
	struct bufferevent *b;
	if (h->config.tls == NULL)
		b = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	else
		b = bufferevent_openssl_socket_new(base, -1, tls_accept(h->config.tls),
						   BUFFEREVENT_SSL_ACCEPTING,
						   BEV_OPT_CLOSE_ON_FREE);
	if (b == NULL)
		abort();           /* out of memory */
	if (h->config.tls != NULL) /* clients close without TLS's goodbye */
		bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	bufferevent_setwatermark(b, EV_READ, 0, h->config.body_max + HTTP_HEADERS_MAX);
	return b;
}

static void on_rested(evutil_socket_t fd, short what, void *ctx)
{
	struct evconnlistener *listener = ctx;
	(void)fd;
	(void)what;
	evconnlistener_enable(listener);
}

/* No more descriptors: who is connected goes on, others wait in the kernel's queue. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
	const struct timeval rest = {.tv_usec = REST_MS * 1000};
	(void)ctx; /* evhttp's, to whom the listener belongs */
	evconnlistener_disable(listener);
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_rested, listener,
			    &rest) != 0)
		abort(); /* out of memory */
}

static void limit_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur =
		limit.rlim_max < HTTP_CONNECTIONS_MAX ? limit.rlim_max : HTTP_CONNECTIONS_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* a lower limit is a bound as well */
}

static int listen_at(struct http_server *h, struct err *err)
{
	const struct http_config *c = &h->config;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)c->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = in.sin_port};
	bool four = inet_pton(AF_INET, c->host, &in.sin_addr) == 1;
	if (!four && inet_pton(AF_INET6, c->host, &in6.sin6_addr) != 1)
		return err_set(err, ERR_TERMINAL, "--listen: \"%s\" is no address", c->host);
	const struct sockaddr *at = four ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	h->listener = evconnlistener_new_bind(h->base, NULL, NULL,
					      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
						      LEV_OPT_REUSEABLE,
					      BACKLOG, at, four ? sizeof(in) : sizeof(in6));
	if (h->listener == NULL)
		return err_set(err, ERR_TERMINAL, "cannot listen at %s port %d: %s", c->host,
			       c->port, strerror(errno));
	int fd = evconnlistener_get_fd(h->listener), on = 1;
	/* Inherited by what is accepted: events are small and must not wait for each other. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct sockaddr_in6 got;
	socklen_t len = sizeof(got);
	if (getsockname(fd, (struct sockaddr *)&got, &len) == 0)
		h->port = ntohs(got.sin6_port); /* at the same place in both families */
	if (evhttp_bind_listener(h->http, h->listener) == NULL)
		abort(); /* out of memory */
	evconnlistener_set_error_cb(h->listener, on_accept_error);
	return 0;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx; /* it has ended a wait, which is all */
}

struct http_server *http_server_new(const struct http_config *config, struct err *err)
{
	struct http_server *h = xcalloc(1, sizeof(*h));
	h->config = *config;
	LIST_INIT(&h->open);
	limit_descriptors();
	(void)signal(SIGPIPE, SIG_IGN); /* clients leave while they are written to */
	h->base = event_base_new();
	h->http = h->base != NULL ? evhttp_new(h->base) : NULL;
	if (h->http == NULL)
		abort(); /* out of memory */
	h->timer = evtimer_new(h->base, on_timer, h);
	evhttp_set_allowed_methods(h->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						    EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH);
	evhttp_set_max_headers_size(h->http, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(h->http, (ev_ssize_t)config->body_max);
	/* A body that is too large is read to its end, so that its sender sees the 413. */
	evhttp_set_flags(h->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_timeout(h->http, HTTP_IDLE_S);
	evhttp_set_default_content_type(h->http, NULL);
	evhttp_set_bevcb(h->http, new_stream, h);
	evhttp_set_gencb(h->http, on_request, h);
	if (listen_at(h, err) == 0)
		return h;
	http_server_free(h);
	return NULL;
}

int http_server_port(const struct http_server *h)
{
	return h->port;
}

void http_server_wait(struct http_server *h, int64_t timeout_ms)
{
	const struct timeval most = {.tv_sec = timeout_ms / 1000,
				     .tv_usec = timeout_ms % 1000 * 1000};
	if (timeout_ms > 0)
		evtimer_add(h->timer, &most);
	event_base_loop(h->base, timeout_ms == 0 ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	evtimer_del(h->timer);
}

struct signal_call {
	void (*fn)(void *ctx);
	void *ctx;
};

static void on_signal(evutil_socket_t signal, short what, void *ctx)
{
	struct signal_call *call = ctx;
	(void)signal;
	(void)what;
	call->fn(call->ctx);
}

void http_server_on_signal(struct http_server *h, int signal, void (*fn)(void *ctx), void *ctx)
{
	struct signal_call *call = xcalloc(1, sizeof(*call));
	*call = (struct signal_call){fn, ctx};
	struct event *e = evsignal_new(h->base, signal, on_signal, call);
	if (e == NULL || h->n_signals == SIGNALS_MAX)
		abort(); /* out of memory, or a bug */
	evsignal_add(e, NULL);
	h->signals[h->n_signals++] = e;
}

void http_server_free(struct http_server *h)
{
	if (h == NULL)
		return;
	evhttp_free(h->http); /* closes what is open: `closed` is called */
	for (size_t i = 0; i < h->n_signals; i++) {
		free(event_get_callback_arg(h->signals[i]));
		event_free(h->signals[i]);
	}
	event_free(h->timer);
	event_base_free(h->base);
	free(h);
}
