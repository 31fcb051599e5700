/*
 * Waiting: libevent has no public descriptor that could be polled, so other descriptors are added
 * to its loop as events of one turn.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"

#include "httpd/http_impl.h"

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx; /* it has ended a wait, which is all */
}

struct event *http_loop_timer(struct event_base *base)
{
	struct event *e = evtimer_new(base, on_timer, NULL);
	if (e == NULL)
		abort(); /* out of memory */
	return e;
}

void http_server_wait(struct http_server *h, int64_t timeout_ms)
{
	const struct timeval most = {.tv_sec = timeout_ms / 1000,
				     .tv_usec = timeout_ms % 1000 * 1000};
	if (timeout_ms > 0)
		evtimer_add(h->timer, &most);
	event_base_loop(h->base, timeout_ms == 0 ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	evtimer_del(h->timer);
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct pollfd *p = ctx;
	(void)fd;
	p->revents = (short)(p->revents | (what & EV_READ ? POLLIN : 0) |
			     (what & EV_WRITE ? POLLOUT : 0));
}

int http_server_poll(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	struct http_server *h = ctx;
	struct event *events = xcalloc(n, event_get_struct_event_size());
	char *at = (char *)events;
	int ready = 0;
	for (size_t i = 0; i < n; i++) {
		short want = (short)((fds[i].events & POLLIN ? EV_READ : 0) |
				     (fds[i].events & POLLOUT ? EV_WRITE : 0));
		struct event *e = (struct event *)(void *)(at + i * event_get_struct_event_size());
		fds[i].revents = 0;
		/* A descriptor that cannot wait, like a closed one, is reported as by poll(2). */
		if (fds[i].fd >= 0 &&
		    (event_assign(e, h->base, fds[i].fd, want, on_ready, &fds[i]) != 0 ||
		     event_add(e, NULL) != 0))
			fds[i].revents = POLLNVAL;
	}
	http_server_wait(h, timeout_ms);
	for (size_t i = 0; i < n; i++) {
		struct event *e = (struct event *)(void *)(at + i * event_get_struct_event_size());
		if (fds[i].fd >= 0 && fds[i].revents != POLLNVAL)
			event_del(e);
		ready += fds[i].revents != 0;
	}
	free(events);
	return ready;
}
