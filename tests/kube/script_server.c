/*
 * Accepts, reads a head and its Content-Length, does the next step. All that threads share
 * is under one mutex.
 */
#include "tests/kube/script_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "kube/kube.h"

#define REQUESTS_KEPT 64
#define THREADS_MAX   256

struct script_server {
	const struct step *steps;
	size_t n_steps;
	int listener;
	char url[64];
	pthread_t acceptor, threads[THREADS_MAX];
	int fds[THREADS_MAX];
	size_t n_threads;
	pthread_mutex_t lock;
	size_t requests, open, most_open;
	char *kept[REQUESTS_KEPT];
};

struct connection {
	struct script_server *server;
	int fd;
};

/* One request into b; false at the end of the connection. */
static bool read_request(int fd, struct buf *b)
{
	char bytes[4096];
	for (;;) {
		const char *head = b->data ? strstr(b->data, "\r\n\r\n") : NULL;
		if (head != NULL) {
			const char *length = strcasestr(b->data, "\r\ncontent-length:");
			size_t want = length && length < head ? strtoul(length + 17, NULL, 10) : 0;
			if (b->len >= (size_t)(head + 4 - b->data) + want)
				return true;
		}
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			return false;
		buf_add(b, bytes, (size_t)n);
	}
}

static void send_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		text += sent;
		n -= (size_t)sent;
	}
}

static void send_big(int fd)
{
	char head[128], block[4096];
	size_t blocks = KUBE_ANSWER_MAX / sizeof(block) + 16;
	memset(block, 'x', sizeof(block));
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
		 blocks * sizeof(block));
	send_all(fd, head, strlen(head));
	for (size_t i = 0; i < blocks; i++)
		send_all(fd, block, sizeof(block));
}

/* Does a step; false: the connection is over. */
static bool do_step(const struct step *step, int fd)
{
	const struct linger reset = {.l_onoff = 1};
	char byte;
	switch (step->kind) {
	case STEP_REPLY:
		send_all(fd, step->text, strlen(step->text));
		return true;
	case STEP_CUT:
		send_all(fd, step->text, strlen(step->text));
		return false;
	case STEP_RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		return false;
	case STEP_HANG:
		while (recv(fd, &byte, 1, 0) > 0)
			;
		return false;
	case STEP_BIG:
		send_big(fd);
		return true;
	}
	return false;
}

static const struct step *next_step(struct script_server *s, const struct buf *request)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->requests++;
	if (n < REQUESTS_KEPT)
		s->kept[n] = xstrdup(request->data);
	pthread_mutex_unlock(&s->lock);
	return &s->steps[n < s->n_steps ? n : s->n_steps - 1];
}

static void *serve(void *ctx)
{
	struct connection c = *(struct connection *)ctx;
	struct buf request = {0};
	free(ctx);
	while (read_request(c.fd, &request) && do_step(next_step(c.server, &request), c.fd))
		buf_clear(&request, 0);
	buf_done(&request);
	pthread_mutex_lock(&c.server->lock);
	c.server->open--;
	for (size_t i = 0; i < c.server->n_threads; i++)
		if (c.server->fds[i] == c.fd)
			c.server->fds[i] = -1;
	close(c.fd);
	pthread_mutex_unlock(&c.server->lock);
	return NULL;
}

static void *accept_all(void *ctx)
{
	struct script_server *s = ctx;
	for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;) {
		struct connection *c = xcalloc(1, sizeof(*c));
		*c = (struct connection){.server = s, .fd = fd};
		pthread_mutex_lock(&s->lock);
		if (s->n_threads == THREADS_MAX)
			abort(); /* a test that reconnects without end */
		s->fds[s->n_threads] = fd;
		if (pthread_create(&s->threads[s->n_threads++], NULL, serve, c) != 0)
			abort();
		if (++s->open > s->most_open)
			s->most_open = s->open;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

struct script_server *script_server_new(const struct step *steps, size_t n)
{
	struct script_server *s = xcalloc(1, sizeof(*s));
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	s->steps = steps;
	s->n_steps = n;
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listener, (struct sockaddr *)&addr, len) != 0 ||
	    listen(s->listener, 128) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&addr, &len) != 0)
		abort();
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
	if (pthread_create(&s->acceptor, NULL, accept_all, s) != 0)
		abort();
	return s;
}

void script_server_free(struct script_server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->acceptor, NULL);
	close(s->listener);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_threads; i++)
		if (s->fds[i] >= 0)
			shutdown(s->fds[i], SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->n_threads; i++)
		pthread_join(s->threads[i], NULL);
	for (size_t i = 0; i < REQUESTS_KEPT; i++)
		free(s->kept[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *script_server_url(const struct script_server *s)
{
	return s->url;
}

size_t script_server_requests(struct script_server *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->requests;
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t script_server_most_open(struct script_server *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->most_open;
	pthread_mutex_unlock(&s->lock);
	return n;
}

const char *script_server_request(struct script_server *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	const char *text = n < REQUESTS_KEPT && s->kept[n] ? s->kept[n] : "";
	pthread_mutex_unlock(&s->lock);
	return text;
}
