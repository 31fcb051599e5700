/*
 * As much of HTTP/2 (RFC 9113) as the test needs: requests are counted and not decoded, the windows
 * of the client are taken to be large enough, as curl's are (32 MiB).
 */
#include "tests/kube/h2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "httpd/tls.h"

#define PREFACE_LEN  24
#define HEAD_LEN     9
#define LOOK_MS      2
#define RECORD_MAX   16384
#define STREAM_ID(i) ((uint32_t)(2 * (i) + 1))

enum { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_SETTINGS = 4, FRAME_PING = 6 };
enum { FLAG_ACK = 1, FLAG_END_HEADERS = 4 };

struct h2_server {
	struct tls *tls;
	int listener;
	char url[64];
	pthread_t thread;
	pthread_mutex_t lock;
	atomic_bool ended;
	size_t requests;
	struct buf out; /* frames that the test wants sent */
	size_t record;
};

static void put_head(struct buf *b, size_t len, int type, int flags, uint32_t stream)
{
	const unsigned char head[HEAD_LEN] = {
		(unsigned char)(len >> 16),
		(unsigned char)(len >> 8),
		(unsigned char)len,
		(unsigned char)type,
		(unsigned char)flags,
		(unsigned char)(stream >> 24),
		(unsigned char)(stream >> 16),
		(unsigned char)(stream >> 8),
		(unsigned char)stream,
	};
	buf_add(b, (const char *)head, sizeof(head));
}

static bool send_all(SSL *ssl, const char *bytes, size_t n, size_t record)
{
	for (size_t sent = 0; sent < n;) {
		size_t piece = n - sent < record ? n - sent : record;
		if (SSL_write(ssl, bytes + sent, (int)piece) != (int)piece)
			return false;
		sent += piece;
	}
	return true;
}

/* What the client's frame is answered with; SETTINGS, PING and HEADERS are all that matter. */
static void answer(struct h2_server *s, const unsigned char *frame, size_t len, struct buf *out)
{
	int type = frame[3], flags = frame[4];
	if (type == FRAME_SETTINGS && !(flags & FLAG_ACK)) {
		put_head(out, 0, FRAME_SETTINGS, FLAG_ACK, 0);
	} else if (type == FRAME_PING && !(flags & FLAG_ACK)) {
		put_head(out, len, FRAME_PING, FLAG_ACK, 0);
		buf_add(out, (const char *)frame + HEAD_LEN, len);
	} else if (type == FRAME_HEADERS) {
		pthread_mutex_lock(&s->lock);
		uint32_t stream = STREAM_ID(s->requests++);
		pthread_mutex_unlock(&s->lock);
		put_head(out, 1, FRAME_HEADERS, FLAG_END_HEADERS, stream);
		buf_add(out, "\x88", 1); /* :status 200 */
	}
}

/* Takes whole frames out of `in`, from `*at`. */
static void read_frames(struct h2_server *s, const struct buf *in, size_t *at, struct buf *out)
{
	while (in->len - *at >= HEAD_LEN) {
		const unsigned char *f = (const unsigned char *)in->data + *at;
		size_t len = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
		if (in->len - *at < HEAD_LEN + len)
			return;
		answer(s, f, len, out);
		*at += HEAD_LEN + len;
	}
}

static bool send_wanted(struct h2_server *s, SSL *ssl)
{
	pthread_mutex_lock(&s->lock);
	struct buf out = s->out;
	size_t record = s->record;
	s->out = (struct buf){0};
	pthread_mutex_unlock(&s->lock);
	bool ok = send_all(ssl, out.data, out.len, record);
	buf_done(&out);
	return ok;
}

static void talk(struct h2_server *s, SSL *ssl)
{
	struct buf in = {0}, out = {0};
	size_t at = PREFACE_LEN;
	char bytes[4096];
	put_head(&out, 0, FRAME_SETTINGS, 0, 0);
	while (!s->ended) {
		int n = SSL_read(ssl, bytes, sizeof(bytes));
		if (n > 0) {
			buf_add(&in, bytes, (size_t)n);
			if (in.len > at)
				read_frames(s, &in, &at, &out);
		} else if (SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ) {
			break;
		}
		if (!send_all(ssl, out.data, out.len, RECORD_MAX) || !send_wanted(s, ssl))
			break;
		buf_clear(&out, 0);
	}
	buf_done(&in);
	buf_done(&out);
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *len,
		     const unsigned char *in, unsigned int in_len, void *ctx)
{
	(void)ssl, (void)in, (void)in_len, (void)ctx;
	*out = (const unsigned char *)"h2";
	*len = 2;
	return SSL_TLSEXT_ERR_OK;
}

static void *serve(void *ctx)
{
	struct h2_server *s = ctx;
	const struct timeval look = {.tv_usec = LOOK_MS * 1000};
	int fd = accept(s->listener, NULL, NULL);
	if (fd < 0)
		return NULL;
	SSL *ssl = tls_accept(s->tls);
	SSL_CTX_set_alpn_select_cb(SSL_get_SSL_CTX(ssl), choose_h2, NULL);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
		talk(s, ssl);
	}
	SSL_free(ssl);
	close(fd);
	return NULL;
}

struct h2_server *h2_server_new(void)
{
	struct h2_server *s = xcalloc(1, sizeof(*s));
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	struct err err = {0};
	s->tls = tls_new("test", "IP:127.0.0.1", &err);
	s->record = RECORD_MAX;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->tls == NULL || bind(s->listener, (struct sockaddr *)&addr, len) != 0 ||
	    listen(s->listener, 1) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&addr, &len) != 0)
		abort();
	snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d", ntohs(addr.sin_port));
	if (pthread_create(&s->thread, NULL, serve, s) != 0)
		abort();
	return s;
}

void h2_server_free(struct h2_server *s)
{
	s->ended = true;
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	pthread_mutex_destroy(&s->lock);
	tls_free(s->tls);
	buf_done(&s->out);
	free(s);
}

const char *h2_server_url(const struct h2_server *s)
{
	return s->url;
}

size_t h2_server_requests(struct h2_server *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->requests;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void h2_server_send(struct h2_server *s, const struct h2_frame *frames, size_t n, size_t record)
{
	static const char filler[H2_FRAME_MAX];
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		put_head(&s->out, frames[i].len, FRAME_DATA, 0, STREAM_ID(frames[i].stream));
		buf_add(&s->out, filler, frames[i].len);
	}
	s->record = record < RECORD_MAX ? record : RECORD_MAX;
	pthread_mutex_unlock(&s->lock);
}
