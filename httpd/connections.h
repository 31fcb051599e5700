/*
 * The connections of one HTTP server: how many there are, what each one is doing and since when.
 * Decides when the listener accepts, and which connection is closed when there are too many or one
 * takes too long. Connections are counted at accept and at close.
 */
#ifndef DROP_HTTPD_CONNECTIONS_H
#define DROP_HTTPD_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

struct http_exchange;
struct http_limits;

/* Connections accepted in one turn of the event loop. */
#define CONNECTIONS_ACCEPT_MAX 16
/* How long nothing is accepted when there is no room, or no descriptor. */
#define CONNECTIONS_REST_MS 2
/* A connection that asks nothing is not closed for a newer one before this age. */
#define CONNECTIONS_GRACE_MS 25
/* Nor one that has not taken its answer yet. */
#define CONNECTIONS_TAKE_MS 5000

enum connection_state {
	CONNECTION_WAITING, /* for a whole request; also a TLS handshake */
	CONNECTION_SERVED,  /* a request is being answered */
	CONNECTION_SENDING, /* the client has not taken the whole answer yet */
	CONNECTION_STATES,
};

struct connection {
	TAILQ_ENTRY(connection) link; /* in the list of its state */
	struct connections *of;
	struct bufferevent *stream;
	struct evhttp_connection *http; /* NULL: accepted in this turn */
	struct http_exchange *exchange; /* NULL: none, or its answer was handed to evhttp */
	enum connection_state state;
	int64_t since_ms; /* of the state */
	bool has_asked;   /* at least one whole request */
};

TAILQ_HEAD(connection_list, connection);

struct connections; /* of one server */

/* Takes over the listener's error callback; the listener stays evhttp's. on_lost is called when a
 * connection ends before its exchange. limits: copied. */
struct connections *connections_new(struct event_base *base, struct evconnlistener *listener,
				    const struct http_limits *limits,
				    void (*on_lost)(struct http_exchange *x));
/* After evhttp_free(). */
void connections_free(struct connections *cs);
size_t connections_count(const struct connections *cs);
/* To be called from evhttp's callback for a new stream, inside the listener's. */
void connections_add(struct connections *cs, struct bufferevent *stream);
/* That of this request. */
struct connection *connections_find(struct connections *cs, struct evhttp_connection *http);
void connection_set_state(struct connection *c, enum connection_state state);
/* Closes the connection that is sending for the longest time, but not this one. false: none. */
bool connections_drop_slowest(struct connections *cs, const struct connection *but);

#endif
