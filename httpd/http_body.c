/*
 * Shared answer bodies: libevent holds a reference until a client has read the body or its
 * connection is closed. Invariant: `untaken` of the server is the sum of all bodies that are not
 * freed.
 */
#include <stdlib.h>

#include <event2/buffer.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "httpd/http_impl.h"

struct http_body {
	LIST_ENTRY(http_body) of_server;
	int tag;
	int64_t made_ms;
	struct http_server *server;
	struct buf bytes;
	size_t references;
};

struct http_body *http_body_new(struct http_server *h, struct buf *bytes, int tag)
{
	struct http_body *b = xcalloc(1, sizeof(*b));
	*b = (struct http_body){.server = h,
				.tag = tag,
				.made_ms = clock_boot_ms(),
				.bytes = *bytes,
				.references = 1};
	LIST_INSERT_HEAD(&h->bodies, b, of_server);
	*bytes = (struct buf){.limit = bytes->limit};
	h->untaken += b->bytes.len;
	return b;
}

struct http_body *http_body_recent(struct http_server *h, int tag, int64_t age_ms)
{
	struct http_body *b;
	if (h->untaken <= h->config.limits.untaken / 2)
		return NULL;
	LIST_FOREACH(b, &h->bodies, of_server)
	if (b->tag == tag) {
		if (clock_boot_ms() - b->made_ms > age_ms)
			return NULL;
		b->references++;
		return b;
	}
	return NULL;
}

void http_body_free(struct http_body *b)
{
	if (b == NULL || --b->references > 0)
		return;
	LIST_REMOVE(b, of_server);
	b->server->untaken -= b->bytes.len;
	buf_done(&b->bytes);
	free(b);
}

static void on_taken(const void *data, size_t len, void *ctx)
{
	(void)data;
	(void)len;
	http_body_free(ctx);
}

struct evbuffer *http_body_bytes(struct http_body *b)
{
	struct evbuffer *out = evbuffer_new();
	if (out == NULL)
		abort(); /* out of memory */
	if (b->bytes.len == 0)
		return out;
	b->references++;
	if (evbuffer_add_reference(out, b->bytes.data, b->bytes.len, on_taken, b) != 0)
		abort(); /* out of memory */
	return out;
}
