/*
 * HTTP/1.1 at one address, with or without TLS: the only folder that knows libevent
 * (evhttp). Limits connections, headers, bodies and time. Requests are handled by the program.
 *
 * An exchange is one request that is not answered yet. It is ended by exactly one of
 * http_reply, http_truncate, http_reset, http_stream_end, or by `closed`.
 */
#ifndef DROP_HTTPD_HTTP_H
#define DROP_HTTPD_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct http_server;
struct http_exchange;
struct tls;

struct http_request { /* borrowed for the call; headers NULL: not sent */
	const char *method, *uri;
	const char *accept, *accept_encoding, *content_type, *user_agent, *authorization, *host;
	const char *body; /* NUL-terminated */
	size_t len;
	const char *peer; /* address */
};

struct http_ops {
	void (*request)(void *ctx, struct http_exchange *x, const struct http_request *request);
	/* The client has left, or the server ends, before the exchange was answered. */
	void (*closed)(void *ctx, void *user);
	/* A stream has sent everything it was given. */
	void (*drained)(void *ctx, void *user);
};

/* What clients may do. 0: no limit, if nothing else is said. */
struct http_limits {
	/*
	 * Descriptors of the process (RLIMIT_NOFILE), for all its servers and whatever else it has
	 * open; further clients wait in the kernel's queue. 0: as they were.
	 */
	size_t descriptors;
	/*
	 * Connections of this server, never exceeded; more than CONNECTIONS_ACCEPT_MAX. Further
	 * clients wait in the kernel's queue, and take the places of connections that ask nothing,
	 * oldest first, then of those that have been taking an answer for CONNECTIONS_TAKE_MS.
	 */
	size_t connections;
	size_t headers; /* bytes of request line and headers */
	size_t body;    /* bytes; larger ones are 413 */
	/*
	 * Bytes of answers that clients have not taken yet, of http_body only; the connections
	 * that have been taking theirs the longest are closed until a new one fits.
	 */
	size_t untaken;
	/* Bytes of the kernel's buffers for each connection; it may double them. 0: its own
	 * choice. */
	int send_buffer, receive_buffer;
	unsigned idle_s;  /* a connection without a byte, also within a request */
	unsigned stuck_s; /* an answer of which the client takes nothing */
	unsigned first_s; /* from the connection to its first whole request; TLS included */
	unsigned whole_s; /* from an answer to the next whole request */
	unsigned taken_s; /* from an answer until it is taken whole; not of streams */
	/* A body that is too large is read to its end, so that its sender sees the 413. */
	bool linger;
};

struct http_config {
	const char *host; /* numeric; NULL: every address of this machine, both families */
	int port;         /* 0: any */
	struct tls *tls;  /* NULL: plain; borrowed */
	struct http_limits limits;
	/* Content-Security-Policy of every answer, and with it nosniff and X-Frame-Options for
	 * browsers; NULL: none of them. */
	const char *policy;
	bool head; /* HEAD is a method, too; its answers are sent without their bodies */
	struct http_server *beside; /* the server in whose loop this one is served; NULL: its own */
	const struct http_ops *ops;
	void *ctx;
};

struct http_server *http_server_new(const struct http_config *config, struct err *err);
void http_server_free(struct http_server *h);
int http_server_port(const struct http_server *h);
/* Waits at most so long (-1: for ever) and serves what comes. */
void http_server_wait(struct http_server *h, int64_t timeout_ms);
/*
 * poll(2) that serves what comes meanwhile, and returns after it did: the wait function of
 * ipc/proc.h, or the poll of kube_set_poll(). ctx: the struct http_server. Of a server beside
 * another, that one's.
 */
int http_server_poll(void *ctx, struct pollfd *fds, size_t n, int timeout_ms);
/* Ends a wait, also from a signal handler that libevent calls. */
void http_server_on_signal(struct http_server *h, int signal, void (*fn)(void *ctx), void *ctx);

/* Connections now: accepted and not closed. */
size_t http_server_connections(const struct http_server *h);

/* What `closed` and `drained` are called with, for exchanges that have one. */
void http_set_user(struct http_exchange *x, void *user);

/* Bytes that several answers share, counted by reference; freed before their server. */
struct http_body;
/* With one reference, the caller's. bytes: emptied. tag: see http_body_recent. */
struct http_body *http_body_new(struct http_server *h, struct buf *bytes, int tag);
/*
 * The newest body with this tag that some client has not taken yet, if it is at most so old and
 * more than half of limits.untaken is in use; else NULL. With a reference for the caller. So slow
 * clients that keep asking share what they do not take.
 */
struct http_body *http_body_recent(struct http_server *h, int tag, int64_t age_ms);
/* Gives up the caller's reference; NULL is nothing. */
void http_body_free(struct http_body *b);

struct http_answer {
	int code;
	const char *type;
	int retry_after_s;        /* 0: none */
	const char *warning;      /* headers; NULL or "": none; borrowed for the call */
	const char *encoding;     /* Content-Encoding */
	const char *challenge;    /* WWW-Authenticate */
	const char *link;         /* Link */
	const char *digest;       /* Docker-Content-Digest */
	struct buf *body;         /* emptied; or NULL, and then: */
	struct http_body *shared; /* borrowed for the call; no delay */
	int64_t delay_ms;         /* 0: now */
};
/* No callback of the user is called any more. */
void http_reply(struct http_exchange *x, const struct http_answer *answer);
/* Half of the answer, then the connection closes. */
void http_truncate(struct http_exchange *x, const struct http_answer *answer);
/* The connection is reset without a word. */
void http_reset(struct http_exchange *x);
/* Never answers; `closed` when the client gives up. */
void http_hang(struct http_exchange *x);

void http_stream_begin(struct http_exchange *x, const char *type);
void http_stream_send(struct http_exchange *x, struct buf *bytes); /* emptied */
/* Bytes that the client has not taken yet. */
size_t http_stream_pending(const struct http_exchange *x);
void http_stream_end(struct http_exchange *x);

#endif
