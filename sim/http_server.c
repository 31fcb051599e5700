/*
 * The listener, its limits and the loop. Each connection gets its stream here, plain or TLS.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>

#include "base/xalloc.h"

#include "sim/http_impl.h"
#include "sim/tls.h"

/* How long no connection is accepted after descriptors have run out. */
#define REST_MS 100
#define BACKLOG 1024

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
	struct sockaddr_in6 got = {0};
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

/* Timers must never be early: libevent's own choice of clock is late by up to a tick. */
static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	if (config == NULL || event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
		abort(); /* out of memory */
	struct event_base *base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct http_server *http_server_new(const struct http_config *config, struct err *err)
{
	struct http_server *h = xcalloc(1, sizeof(*h));
	h->config = *config;
	LIST_INIT(&h->open);
	limit_descriptors();
	(void)signal(SIGPIPE, SIG_IGN); /* clients leave while they are written to */
	h->base = new_base();
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
	evhttp_set_gencb(h->http, http_on_request, h);
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
	if (e == NULL || h->n_signals == HTTP_SIGNALS_MAX)
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
