/*
 * A server of HTTP/2 over TLS on loopback, for tests of streams: it answers each request with a
 * 200 that never ends, and sends bytes on these streams when and in which pieces the test says. It
 * says nothing else, so that what a client has not handed on when the last piece was sent, no
 * later byte brings up. One connection, one thread.
 */
#ifndef DROP_TESTS_KUBE_H2_SERVER_H
#define DROP_TESTS_KUBE_H2_SERVER_H

#include <stddef.h>

/* Bytes of a frame at most, as a client allows that says nothing else. */
#define H2_FRAME_MAX 16384

struct h2_frame {
	size_t stream; /* 0: of the first request */
	size_t len;    /* bytes; at most H2_FRAME_MAX */
};

struct h2_server;

struct h2_server *h2_server_new(void);
void h2_server_free(struct h2_server *s);
/* "https://127.0.0.1:PORT"; the certificate is nobody's. */
const char *h2_server_url(const struct h2_server *s);
/* Requests received so far. */
size_t h2_server_requests(struct h2_server *s);
/* Sends these frames, one behind another, in TLS records of at most `record` bytes. */
void h2_server_send(struct h2_server *s, const struct h2_frame *frames, size_t n, size_t record);

#endif
