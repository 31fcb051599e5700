/*
 * Keeps clients within their limits where evhttp has none: how many connections there are,
 * and how long one may take until its request is whole. Idle and slow clients look alike
 * here: no whole request for so long, and the connection ends.
 */
#ifndef DROP_HTTPD_GUARD_H
#define DROP_HTTPD_GUARD_H

#include <event2/event.h>

struct guard;
struct http_limits;

struct guard *guard_new(struct event_base *base, int port, const struct http_limits *limits);
void guard_free(struct guard *g);
/* A connection is about to be accepted: ends the one that is silent for the longest if need be. */
void guard_make_room(struct guard *g);
/* A whole request came on it; it was answered. In between the connection is left alone. */
void guard_begin(struct guard *g, evutil_socket_t fd);
void guard_end(struct guard *g, evutil_socket_t fd);

#endif
