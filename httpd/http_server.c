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

#include "httpd/http_impl.h"
#include "httpd/tls.h"

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
	bufferevent_setwatermark(b, EV_READ, 0, h->config.limits.body + h->config.limits.headers);
	connections_add(h->connections, b);
	return b;
}

static void limit_descriptors(size_t most)
{
	struct rlimit limit;
	if (most == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* a lower limit is a bound as well */
}

/* The address to bind; its length, or 0 if the host is none. */
static socklen_t address_of(const struct http_config *c, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	*ret = (struct sockaddr_storage){0};
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)c->port);
	if (c->host != NULL && inet_pton(AF_INET, c->host, &in->sin_addr) == 1)
		return sizeof(*in);
	in6->sin6_family = AF_INET6;
	in6->sin6_addr = in6addr_any;
	if (c->host == NULL || inet_pton(AF_INET6, c->host, &in6->sin6_addr) == 1)
		return sizeof(*in6);
	return 0;
}

static struct evconnlistener *bind_at(struct http_server *h, const struct sockaddr_storage *at,
				      socklen_t len)
{
	return evconnlistener_new_bind(h->base, NULL, NULL,
				       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
					       LEV_OPT_REUSEABLE,
				       BACKLOG, (const struct sockaddr *)at, (int)len);
}

static int listen_at(struct http_server *h, struct err *err)
{
	const struct http_config *c = &h->config;
	struct sockaddr_storage at;
	socklen_t len = address_of(c, &at);
	if (len == 0)
		return err_set(err, ERR_TERMINAL, "\"%s\" is no address to listen at", c->host);
	h->listener = bind_at(h, &at, len);
	if (h->listener == NULL && c->host == NULL && errno == EAFNOSUPPORT) {
		/* A kernel without IPv6. */
		const struct http_config four = {.host = "0.0.0.0", .port = c->port};
		len = address_of(&four, &at);
		h->listener = bind_at(h, &at, len);
	}
	if (h->listener == NULL)
		/* Somebody else may let go of it; another fault will stay. */
		return err_set(err, errno == EADDRINUSE ? ERR_RETRY : ERR_TERMINAL,
			       "cannot listen at %s port %d: %s",
			       c->host != NULL ? c->host : "any address", c->port, strerror(errno));
	int fd = evconnlistener_get_fd(h->listener), on = 1;
	/* Inherited by what is accepted: answers are small and must not wait for each other. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (c->limits.send_buffer != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &c->limits.send_buffer, sizeof(int));
	if (c->limits.receive_buffer != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &c->limits.receive_buffer, sizeof(int));
	struct sockaddr_in6 got = {0};
	socklen_t got_len = sizeof(got);
	if (getsockname(fd, (struct sockaddr *)&got, &got_len) == 0)
		h->port = ntohs(got.sin6_port); /* at the same place in both families */
	if (evhttp_bind_listener(h->http, h->listener) == NULL)
		abort(); /* out of memory */
	h->connections = connections_new(h->base, h->listener, &c->limits, http_on_lost);
	return 0;
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
	LIST_INIT(&h->bodies);
	limit_descriptors(config->limits.descriptors);
	(void)signal(SIGPIPE, SIG_IGN); /* clients leave while they are written to */
	h->own_base = config->beside == NULL;
	h->base = h->own_base ? new_base() : config->beside->base;
	h->http = h->base != NULL ? evhttp_new(h->base) : NULL;
	if (h->http == NULL)
		abort(); /* out of memory */
	h->timer = http_loop_timer(h->base);
	evhttp_set_allowed_methods(h->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						    EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH |
						    (config->head ? EVHTTP_REQ_HEAD : 0));
	evhttp_set_max_headers_size(h->http, (ev_ssize_t)config->limits.headers);
	evhttp_set_max_body_size(h->http, (ev_ssize_t)config->limits.body);
	if (config->limits.linger)
		evhttp_set_flags(h->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_timeout(h->http, (int)config->limits.idle_s);
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

size_t http_server_connections(const struct http_server *h)
{
	return connections_count(h->connections);
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
	connections_free(h->connections);
	event_free(h->timer);
	if (h->own_base)
		event_base_free(h->base);
	free(h);
}
