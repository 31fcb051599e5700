/*
 * evhttp does not show its connections before they have a request, so they are looked up in
 * the kernel: the descriptors of this process whose local port is ours. A connection is ended
 * by shutting it down; evhttp then sees its end and frees it. Invariant: `at` knows each
 * connection by its inode, so that a descriptor that was used again is a new connection.
 */
#include "httpd/guard.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "httpd/http.h"

/* Descriptors looked at; a process of ours has some dozens besides its connections. */
#define BESIDES_MAX 128
/* How often the ages of connections are looked at. */
#define SWEEP_MS 1000

struct connection {
	ino_t inode;      /* 0: none has this descriptor */
	bool busy;        /* a request is being answered */
	int64_t since_ms; /* the last whole request, or when it was first seen */
};

struct guard {
	int port;
	struct http_limits limits;
	size_t n; /* descriptors looked at */
	struct connection *at;
	struct event *timer;
};

/* Established, and accepted at our port? */
static bool is_ours(const struct guard *g, int fd, ino_t *ret_inode)
{
	struct sockaddr_in6 name = {0};
	struct tcp_info info = {0};
	socklen_t len = sizeof(name), info_len = sizeof(info);
	struct stat st;
	if (getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
	    (name.sin6_family != AF_INET && name.sin6_family != AF_INET6) ||
	    ntohs(name.sin6_port) != g->port ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len) != 0 ||
	    info.tcpi_state != TCP_ESTABLISHED || fstat(fd, &st) != 0)
		return false;
	*ret_inode = st.st_ino;
	return true;
}

/* Brings `at` up to date; returns how many connections there are, with one just accepted. */
static size_t look(struct guard *g, int64_t now_ms)
{
	size_t count = 0;
	for (size_t fd = 0; fd < g->n; fd++) {
		struct connection *c = &g->at[fd];
		ino_t inode;
		if (!is_ours(g, (int)fd, &inode)) {
			*c = (struct connection){0};
			continue;
		}
		if (c->inode != inode)
			*c = (struct connection){.inode = inode, .since_ms = now_ms};
		count++;
	}
	return count;
}

void guard_make_room(struct guard *g)
{
	int64_t now_ms = clock_boot_ms();
	size_t oldest = g->n;
	if (look(g, now_ms) <= g->limits.connections)
		return;
	for (size_t fd = 0; fd < g->n; fd++) {
		const struct connection *c = &g->at[fd];
		if (c->inode != 0 && !c->busy &&
		    (oldest == g->n || c->since_ms < g->at[oldest].since_ms))
			oldest = fd;
	}
	if (oldest < g->n)
		shutdown((int)oldest, SHUT_RDWR);
}

static struct connection *of(struct guard *g, evutil_socket_t fd)
{
	struct stat st;
	if (fd < 0 || (size_t)fd >= g->n || fstat(fd, &st) != 0)
		return NULL;
	g->at[fd].inode = st.st_ino;
	return &g->at[fd];
}

void guard_begin(struct guard *g, evutil_socket_t fd)
{
	struct connection *c = of(g, fd);
	if (c == NULL)
		return;
	c->busy = true;
	c->since_ms = clock_boot_ms();
}

void guard_end(struct guard *g, evutil_socket_t fd)
{
	struct connection *c = of(g, fd);
	if (c == NULL)
		return;
	c->busy = false;
	c->since_ms = clock_boot_ms();
}

static void on_sweep(evutil_socket_t unused, short what, void *ctx)
{
	struct guard *g = ctx;
	int64_t now_ms = clock_boot_ms(), most_ms = g->limits.whole_s * INT64_C(1000);
	(void)unused;
	(void)what;
	if (look(g, now_ms) == 0)
		return;
	for (size_t fd = 0; fd < g->n; fd++) {
		const struct connection *c = &g->at[fd];
		if (c->inode != 0 && !c->busy && now_ms - c->since_ms > most_ms)
			shutdown((int)fd, SHUT_RDWR);
	}
}

struct guard *guard_new(struct event_base *base, int port, const struct http_limits *limits)
{
	const struct timeval every = {.tv_sec = SWEEP_MS / 1000};
	struct guard *g = xcalloc(1, sizeof(*g));
	g->port = port;
	g->limits = *limits;
	g->n = limits->descriptors != 0 ? limits->descriptors
					: 2 * limits->connections + BESIDES_MAX;
	g->at = xcalloc(g->n, sizeof(*g->at));
	g->timer = event_new(base, -1, EV_PERSIST, on_sweep, g);
	if (g->timer == NULL)
		abort(); /* out of memory */
	if (limits->whole_s != 0)
		event_add(g->timer, &every);
	return g;
}

void guard_free(struct guard *g)
{
	if (g == NULL)
		return;
	event_free(g->timer);
	free(g->at);
	free(g);
}
