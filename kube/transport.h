/*
 * Transfers: one attempt of one request each, over libcurl and three lanes. Retries and deadlines
 * are in request.c, the meaning of the data in reflector.c. Our callbacks never run inside curl's:
 * data is stored and passed on at the end of transport_wait(), so callbacks may start and stop
 * transfers freely.
 *
 * Streams are flow-controlled by not reading the lane's sockets while more than
 * TRANSPORT_BACKLOG_MAX waits to be handed on; a single stream is never paused, because its
 * full window would stall its siblings (must 6).
 */
#ifndef DROP_KUBE_TRANSPORT_H
#define DROP_KUBE_TRANSPORT_H

#include "base/buf.h"

#include "kube/credentials.h"
#include "kube/kube.h"
#include "kube/stats.h"
#include "kube/alarms.h"

/* Bytes of streams handed on in one transport_wait(). */
#define TRANSPORT_TURN_MAX (256 * 1024)
/* Bytes of streams waiting in a lane before its sockets are left alone. */
#define TRANSPORT_BACKLOG_MAX (1024 * 1024)
/* Bytes kept of the body of a stream that was refused. */
#define TRANSPORT_REFUSAL_MAX (64 * 1024)

struct curl_slist;
struct easy;
struct transport;
struct lane;
struct transfer;

struct transport_result {
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

struct transport_call {
	enum kube_lane lane;
	enum kube_method method;
	const char *path, *content_type, *accept; /* borrowed for transport_start() */
	const char *body;                         /* borrowed until done or transport_stop() */
	size_t body_len;
	int64_t timeout_ms; /* 0: none; TCP notices a dead peer */
	bool fresh;         /* on a new connection: the last one did not answer */
	bool secret;        /* the answer is wiped when it is freed */
	bool bare;          /* the body of a 2xx answer is not collected */
	/* Set: a stream. The body of a 2xx answer is handed on as it comes. */
	void (*data)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct transport_result *result);
	void *ctx;
};

struct transport *transport_new(struct credentials *cred, struct timers *timers,
				struct kube_counters *counters, const char *user_agent);
void transport_free(struct transport *h);
/* done is called exactly once, later, unless transport_stop() comes first. */
struct transfer *transport_start(struct transport *h, const struct transport_call *call);

/*
 * A transfer to another server, on the lane KUBE_FETCH. The easy handle is filled by the
 * caller (kube/fetch.c) and the transfer's from now on; it is never used again, so nothing of
 * one source is left in it for another. Bytes of a 2xx answer go to sink at once, inside
 * curl: it may look and keep, but start and stop nothing; -1 breaks the transfer off. Of
 * another answer up to TRANSPORT_REFUSAL_MAX bytes are collected and the rest is not read.
 */
struct transport_foreign {
	struct easy *easy;
	struct curl_slist *headers; /* given back as the handle is */
	int (*sink)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct transport_result *result);
	void *ctx;
};
struct transfer *transport_start_foreign(struct transport *h, const struct transport_foreign *call);
struct lane *transport_lane(struct transport *h, enum kube_lane lane);
const char *transport_user_agent(const struct transport *h);
/* Ends it without calling done. */
void transport_stop(struct transfer *t);
/* Boot ms when the last byte came; the start until then. */
int64_t transport_last_byte_ms(const struct transfer *t);
/* Resets the connections of a lane; its transfers end in the next transport_wait(), code 0. */
void transport_close_lane(struct transport *h, enum kube_lane lane);
/* See kube_set_pace(). */
void transport_set_pace(struct transport *h, int gap_ms);
/* See kube_set_poll(). */
void transport_set_poll(struct transport *h, kube_poll_fn fn, void *ctx);
/* See kube_wait(). */
int transport_wait(struct transport *h, struct pollfd *fds, size_t n, int timeout_ms);

#endif
