/*
 * Requests to other servers than the API server, each of which may be hostile: over a client's loop
 * and its own lane, so that they cannot delay writes. HTTP/1.1 and 2, http and https, gzip, at most
 * FETCH_REDIRECTS redirects.
 *
 * Bounded: time, bytes of headers and of the decompressed body, and a server that sends too
 * slowly. Credentials (headers, client certificate) go to the origin of the URL and nowhere
 * else, whatever it redirects to; nothing is redirected from https to http, nor to loopback and
 * link-local addresses (kube/peer.h). The body of a refusal after a redirect is not passed on: it
 * may come from a server that must not be readable. No retries; the caller decides about them.
 */
#ifndef DROP_KUBE_FETCH_H
#define DROP_KUBE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "kube/kube.h"
#include "kube/peer.h"

#define FETCH_REDIRECTS 3
/* Milliseconds from start to end, redirects included. */
#define FETCH_TIME_MS 30000
/* Decompressed bytes of a body, unless the call says otherwise; of all headers of an answer; of one
 * header that is kept. */
#define FETCH_BODY_MAX    (16 * 1024 * 1024)
#define FETCH_HEADERS_MAX (64 * 1024)
#define FETCH_HEADER_MAX  8192
/* A body that takes longer than this has to come with so many bytes a second on average. */
#define FETCH_SLOW_MS    10000
#define FETCH_SLOW_BYTES 1024

struct fetch;
struct fetch_result;

enum fetch_end {
	FETCH_ANSWER, /* a whole answer, or the beginning of a refusal; code says which */
	FETCH_DNS,
	FETCH_REFUSED,
	FETCH_TIMEOUT,
	FETCH_TLS,
	FETCH_GARBLED, /* not HTTP, too many bytes, a bad redirect, or the sink would not have it */
	FETCH_BROKEN,  /* any other failure of the transport */
};

struct fetch_bytes {
	const void *data; /* NULL: none */
	size_t len;
};

struct fetch_call {         /* borrowed for fetch_start(), all is copied */
	const char *url;    /* kube/weburl.h; userinfo in it is not used */
	const char *accept; /* NULL: anything */
	/* Whole header lines that are credentials, NULL-terminated; NULL: none. Wiped after use. */
	const char *const *credentials;
	struct fetch_bytes ca, cert, key; /* PEM; ca NULL: the authorities of the system */
	const char *form;                 /* NULL: GET; else POST of an urlencoded form */
	bool head;                        /* HEAD instead of GET: no body comes */
	size_t body_max; /* decompressed bytes, of a sink with limits of its own; 0: FETCH_BODY_MAX
			  */
	enum peer_kind named_by; /* the server that named the URL; PEER_NOBODY: the user did */
	/* Bytes of a 2xx answer, at once; may start and stop nothing. -1: this is enough. */
	int (*sink)(void *ctx, const char *bytes, size_t n);
	void (*done)(void *ctx, const struct fetch_result *result);
	void *ctx;
};

struct fetch_result { /* borrowed for the callback */
	enum fetch_end end;
	int code;         /* HTTP status; 0 unless FETCH_ANSWER */
	const char *text; /* why, in words without URLs; "" if FETCH_ANSWER */
	const char *body; /* of a refusal, NUL-terminated and cut; else, or redirected: "" */
	size_t len;
	const char *url;         /* that answered, after redirects */
	bool redirected;         /* url is not that of the call */
	bool html;               /* a web page: by its Content-Type, or it begins with '<' */
	enum peer_kind peer;     /* who answered */
	enum peer_kind named_by; /* who named that URL */
	const char *link;        /* header; "" if none; several are joined with ", " */
	const char *challenge;   /* WWW-Authenticate, likewise */
	const char *type;        /* Content-Type, likewise */
	const char *digest;      /* Docker-Content-Digest, likewise */
	/* RateLimit-Limit and RateLimit-Remaining, likewise: "100;w=21600" */
	const char *rate_limit, *rate_remaining;
	int64_t retry_after_ms;
	bool barred; /* not asked: it led to a loopback or link-local address */
};

/* done is called exactly once, later, unless fetch_stop() comes first. */
struct fetch *fetch_start(struct kube *k, const struct fetch_call *call);
/* Ends it without calling done. */
void fetch_stop(struct fetch *f);

#endif
