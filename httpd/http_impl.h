/*
 * Shared by the two parts of the HTTP server: exchanges (httpd/http.c) and the server
 * (httpd/http_server.c). Private to them; no other file uses libevent.
 */
#ifndef DROP_HTTPD_HTTP_IMPL_H
#define DROP_HTTPD_HTTP_IMPL_H

#include <sys/queue.h>

#include <event2/event.h>
#include <event2/http.h>

#include "httpd/connections.h"
#include "httpd/http.h"

#define HTTP_SIGNALS_MAX 2

struct http_exchange {
	struct http_server *server;
	struct connection *connection; /* NULL: it has gone */
	struct evhttp_request *req;    /* NULL: done with */
	void *user;
	struct event *later; /* of a delayed answer */
	struct http_answer answer;
	struct buf body;
	LIST_ENTRY(http_exchange) of_open;
};

struct http_server {
	struct event_base *base;
	bool own_base;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *timer;
	struct event *signals[HTTP_SIGNALS_MAX];
	size_t n_signals;
	struct http_config config;
	int port;
	struct connections *connections;
	LIST_HEAD(, http_body) bodies; /* newest first */
	size_t untaken;                /* their bytes */
	LIST_HEAD(, http_exchange) open;
};

/* http_loop.c: what ends a wait when its time is over. */
struct event *http_loop_timer(struct event_base *base);

/* evhttp's callback for each request; ctx is the struct http_server. */
void http_on_request(struct evhttp_request *req, void *ctx);
/* The connection ended before the exchange was answered. */
void http_on_lost(struct http_exchange *x);

/* http_body.c: the bytes in a buffer of libevent's, with a reference of their own. */
struct evbuffer *http_body_bytes(struct http_body *b);

#endif
