/*
 * evhttp accepts connections by itself and does not report when one is closed before its first
 * request. So each stream is noted when evhttp asks for it, and its evhttp_connection is read from
 * the stream's callbacks as soon as evhttp has set them, later in the same turn of the event
 * loop; from then on evhttp reports its end. Invariant: `n` counts every connection from accept
 * to close and never exceeds limits.connections.
 *
 * The listener is off while fewer than CONNECTIONS_ACCEPT_MAX places are free, so that the
 * connections accepted in one turn always fit. Room is made by closing the connection that has
 * asked nothing for the longest time, then the one that has been taking its answer the longest.
 * One whose request is being answered is never closed for another.
 */
#include "httpd/connections.h"

#include <stdlib.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/xalloc.h"

#include "httpd/http.h"

/* How often the ages of connections are compared with the limits. */
#define SWEEP_MS 1000

struct connections {
	LIST_ENTRY(connections) of_all;
	struct evconnlistener *listener;
	struct http_limits limits;
	void (*on_lost)(struct http_exchange *x);
	size_t n;
	unsigned accepted; /* in this turn */
	struct connection_list fresh, lists[CONNECTION_STATES];
	struct connection **by_fd; /* NULL: not ours */
	size_t n_by_fd;
	struct event *adopt, *rest, *sweep;
};

/* Of every server: a listener's error callback is given evhttp's argument, so it looks here. */
static LIST_HEAD(, connections) all = LIST_HEAD_INITIALIZER(all);

static struct timeval of_ms(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* ---- the end ---- */

/* Its evhttp_connection is being freed, or was never seen. */
static void release(struct connection *c)
{
	struct connections *cs = c->of;
	evutil_socket_t fd = c->http != NULL ? bufferevent_getfd(c->stream) : -1;
	if (fd >= 0 && (size_t)fd < cs->n_by_fd && cs->by_fd[fd] == c)
		cs->by_fd[fd] = NULL;
	TAILQ_REMOVE(c->http != NULL ? &cs->lists[c->state] : &cs->fresh, c, link);
	cs->n--;
	free(c);
}

static void on_closed(struct evhttp_connection *http, void *ctx)
{
	struct connection *c = ctx;
	struct http_exchange *x = c->exchange;
	void (*on_lost)(struct http_exchange *) = c->of->on_lost;
	evhttp_connection_set_closecb(http, NULL, NULL);
	release(c);
	if (x != NULL)
		on_lost(x);
}

/* The oldest of a state that is at least so old; NULL: none. */
static struct connection *oldest(const struct connections *cs, enum connection_state state,
				 int64_t age_ms)
{
	struct connection *c = TAILQ_FIRST(&cs->lists[state]);
	return c != NULL && clock_boot_ms() - c->since_ms >= age_ms ? c : NULL;
}

static bool make_room(struct connections *cs)
{
	struct connection *c = oldest(cs, CONNECTION_WAITING, CONNECTIONS_GRACE_MS);
	if (c == NULL)
		c = oldest(cs, CONNECTION_SENDING, CONNECTIONS_TAKE_MS);
	if (c != NULL)
		evhttp_connection_free(c->http);
	return c != NULL;
}

bool connections_drop_slowest(struct connections *cs, const struct connection *but)
{
	struct connection *c = TAILQ_FIRST(&cs->lists[CONNECTION_SENDING]);
	if (c == but && c != NULL)
		c = TAILQ_NEXT(c, link);
	if (c != NULL)
		evhttp_connection_free(c->http);
	return c != NULL;
}

static bool is_too_old(const struct connections *cs, const struct connection *c, int64_t age_ms)
{
	const struct http_limits *l = &cs->limits;
	unsigned most_s = c->state == CONNECTION_SENDING ? l->taken_s
			  : c->has_asked                 ? l->whole_s
							 : l->first_s;
	return most_s != 0 && age_ms > most_s * INT64_C(1000);
}

static void close_old(struct connections *cs, enum connection_state state)
{
	struct connection *c, *next;
	int64_t now_ms = clock_boot_ms();
	for (c = TAILQ_FIRST(&cs->lists[state]); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (is_too_old(cs, c, now_ms - c->since_ms))
			evhttp_connection_free(c->http);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	close_old(ctx, CONNECTION_WAITING);
	close_old(ctx, CONNECTION_SENDING);
}

/* ---- the listener ---- */

static void rest(struct connections *cs)
{
	const struct timeval pause = of_ms(CONNECTIONS_REST_MS);
	evconnlistener_disable(cs->listener);
	event_add(cs->rest, &pause);
}

/* The most there may be for the listener to be on. */
static size_t full_at(const struct connections *cs)
{
	return cs->limits.connections - CONNECTIONS_ACCEPT_MAX;
}

static void on_rested(evutil_socket_t fd, short what, void *ctx)
{
	struct connections *cs = ctx;
	(void)fd;
	(void)what;
	while (cs->limits.connections != 0 && cs->n > full_at(cs))
		if (!make_room(cs)) {
			rest(cs);
			return;
		}
	evconnlistener_enable(cs->listener);
}

/* No more descriptors: who is connected goes on, others wait in the kernel's queue. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct connections *cs;
	(void)ctx;
	LIST_FOREACH(cs, &all, of_all)
	if (cs->listener == listener)
		rest(cs);
}

/* ---- the begin ---- */

static void remember(struct connections *cs, evutil_socket_t fd, struct connection *c)
{
	size_t need = (size_t)fd + 1;
	if (need > cs->n_by_fd) {
		size_t n = need > 2 * cs->n_by_fd ? need : 2 * cs->n_by_fd;
		cs->by_fd = xreallocarray(cs->by_fd, n, sizeof(struct connection *));
		for (size_t i = cs->n_by_fd; i < n; i++)
			cs->by_fd[i] = NULL;
		cs->n_by_fd = n;
	}
	cs->by_fd[fd] = c;
}

/* Learns which evhttp_connection a stream belongs to. */
static void adopt(struct connections *cs, struct connection *c)
{
	struct bufferevent *stream = c->stream;
	void *http;
	bufferevent_getcb(stream, NULL, NULL, NULL, &http);
	if (http == NULL) { /* evhttp has already let go of it */
		release(c);
	} else {
		TAILQ_REMOVE(&cs->fresh, c, link);
		TAILQ_INSERT_TAIL(&cs->lists[c->state], c, link);
		c->http = http;
		remember(cs, bufferevent_getfd(stream), c);
		evhttp_connection_set_closecb(c->http, on_closed, c);
	}
	bufferevent_decref(stream);
}

static void on_adopt(evutil_socket_t fd, short what, void *ctx)
{
	struct connections *cs = ctx;
	struct connection *c;
	(void)fd;
	(void)what;
	cs->accepted = 0;
	while ((c = TAILQ_FIRST(&cs->fresh)) != NULL)
		adopt(cs, c);
	if (cs->limits.connections != 0 && cs->n > full_at(cs))
		rest(cs);
	else if (!event_pending(cs->rest, EV_TIMEOUT, NULL))
		evconnlistener_enable(cs->listener);
}

void connections_add(struct connections *cs, struct bufferevent *stream)
{
	struct connection *c = xcalloc(1, sizeof(*c));
	*c = (struct connection){.of = cs, .stream = stream, .since_ms = clock_boot_ms()};
	bufferevent_incref(stream); /* until it was adopted */
	TAILQ_INSERT_TAIL(&cs->fresh, c, link);
	cs->n++;
	if (++cs->accepted == CONNECTIONS_ACCEPT_MAX)
		evconnlistener_disable(cs->listener); /* ends its accept loop */
	event_active(cs->adopt, EV_TIMEOUT, 0);
}

size_t connections_count(const struct connections *cs)
{
	return cs->n;
}

struct connection *connections_find(struct connections *cs, struct evhttp_connection *http)
{
	evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(http));
	if (fd < 0 || (size_t)fd >= cs->n_by_fd || cs->by_fd[fd] == NULL)
		abort(); /* a bug: evhttp has a connection that was never accepted */
	return cs->by_fd[fd];
}

void connection_set_state(struct connection *c, enum connection_state state)
{
	TAILQ_REMOVE(&c->of->lists[c->state], c, link);
	c->state = state;
	c->since_ms = clock_boot_ms();
	c->has_asked |= state == CONNECTION_SERVED;
	TAILQ_INSERT_TAIL(&c->of->lists[state], c, link);
}

/* ---- all of them ---- */

struct connections *connections_new(struct event_base *base, struct evconnlistener *listener,
				    const struct http_limits *limits,
				    void (*on_lost)(struct http_exchange *x))
{
	const struct timeval every = of_ms(SWEEP_MS);
	struct connections *cs = xcalloc(1, sizeof(*cs));
	*cs = (struct connections){.listener = listener, .limits = *limits, .on_lost = on_lost};
	if (limits->connections != 0 && limits->connections <= CONNECTIONS_ACCEPT_MAX)
		abort(); /* a bug: the listener would never be on */
	TAILQ_INIT(&cs->fresh);
	for (int i = 0; i < CONNECTION_STATES; i++)
		TAILQ_INIT(&cs->lists[i]);
	cs->adopt = event_new(base, -1, 0, on_adopt, cs);
	cs->rest = event_new(base, -1, 0, on_rested, cs);
	cs->sweep = event_new(base, -1, EV_PERSIST, on_sweep, cs);
	if (cs->adopt == NULL || cs->rest == NULL || cs->sweep == NULL)
		abort(); /* out of memory */
	if (limits->first_s != 0 || limits->whole_s != 0 || limits->taken_s != 0)
		event_add(cs->sweep, &every);
	LIST_INSERT_HEAD(&all, cs, of_all);
	evconnlistener_set_error_cb(listener, on_accept_error);
	return cs;
}

void connections_free(struct connections *cs)
{
	struct connection *c;
	if (cs == NULL)
		return;
	while ((c = TAILQ_FIRST(&cs->fresh)) != NULL)
		adopt(cs, c);
	LIST_REMOVE(cs, of_all);
	event_free(cs->adopt);
	event_free(cs->rest);
	event_free(cs->sweep);
	free(cs->by_fd);
	free(cs);
}
