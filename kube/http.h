/*
 * Transfers: one attempt of one request each, over libcurl and three lanes. No retries
 * and no deadlines of more than one attempt here (request.c), no meaning of what is read
 * (reflector.c). No callback of ours ever runs inside one of curl's: what arrives is
 * stored and handed on at the end of http_wait(), so callbacks may start and stop
 * transfers freely.
 *
 * Streams are flow-controlled by not reading the lane's sockets while more than
 * HTTP_BACKLOG_MAX waits to be handed on; a single stream is never paused, because its
 * full window would stall its siblings (must 6).
 */
#ifndef DROP_KUBE_HTTP_H
#define DROP_KUBE_HTTP_H

#include "base/buf.h"

#include "kube/credentials.h"
#include "kube/kube.h"
#include "kube/stats.h"
#include "kube/alarms.h"

/* Bytes of streams handed on in one http_wait(). */
#define HTTP_TURN_MAX (256 * 1024)
/* Bytes of streams waiting in a lane before its sockets are left alone. */
#define HTTP_BACKLOG_MAX (1024 * 1024)
/* Bytes kept of the body of a stream that was refused. */
#define HTTP_REFUSAL_MAX (64 * 1024)

struct curl_slist;
struct easy;
struct http;
struct lane;
struct transfer;

struct http_result {
	int code;         /* HTTP status; 0: none */
	const char *body; /* NUL-terminated; of a stream: only if code is not 2xx */
	size_t len;
	const char *error;      /* "" if the answer is complete, else what broke */
	bool cut;               /* it broke after the status line had come */
	int transport;          /* curl's code of what broke; 0: nothing */
	bool hung_up;           /* it broke after a TLS handshake, before any answer */
	int64_t retry_after_ms; /* 0: none */
	int64_t sent_ms;
};

struct http_call {
	enum kube_lane lane;
	enum kube_method method;
	const char *path, *content_type, *accept; /* borrowed for http_start() */
	const char *body;                         /* borrowed until done or http_stop() */
	size_t body_len;
	int64_t timeout_ms; /* 0: none; TCP notices a dead peer */
	bool fresh;         /* on a new connection: the last one did not answer */
	bool secret;        /* the answer is wiped when it is freed */
	/* Set: a stream. The body of a 2xx answer is handed on as it comes. */
	void (*data)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};

struct http *http_new(struct credentials *cred, struct timers *timers,
		      struct kube_counters *counters, const char *user_agent);
void http_free(struct http *h);
/* done is called exactly once, later, unless http_stop() comes first. */
struct transfer *http_start(struct http *h, const struct http_call *call);

/*
 * A transfer to another server, on the lane KUBE_FETCH. The easy handle is filled by the
 * caller (kube/fetch.c) and the transfer's from now on; it is never used again, so nothing of
 * one source is left in it for another. Bytes of a 2xx answer go to sink at once, inside
 * curl: it may look and keep, but start and stop nothing; -1 breaks the transfer off. Of
 * another answer up to HTTP_REFUSAL_MAX bytes are collected and the rest is not read.
 */
struct http_foreign {
	struct easy *easy;
	struct curl_slist *headers; /* given back as the handle is */
	int (*sink)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct http_result *result);
	void *ctx;
};
struct transfer *http_start_foreign(struct http *h, const struct http_foreign *call);
struct lane *http_lane(struct http *h, enum kube_lane lane);
const char *http_user_agent(const struct http *h);
/* Ends it without calling done. */
void http_stop(struct transfer *t);
/* Boot ms when the last byte came; the start until then. */
int64_t http_last_byte_ms(const struct transfer *t);
/* Resets the connections of a lane; its transfers end in the next http_wait(), code 0. */
void http_close_lane(struct http *h, enum kube_lane lane);
/* See kube_set_pace(). */
void http_set_pace(struct http *h, int gap_ms);
/* See kube_set_poll(). */
void http_set_poll(struct http *h, kube_poll_fn fn, void *ctx);
/* See kube_wait(). */
int http_wait(struct http *h, struct pollfd *fds, size_t n, int timeout_ms);

#endif
