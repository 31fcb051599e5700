/*
 * Sockets between processes; the only users of nng. Raw request and reply sockets,
 * because nng's contexts have no descriptor to poll: the caller gets the routing header, and
 * nothing is resent. One request socket per peer.
 *
 * Nothing here blocks. nng's threads call back when a peer comes or goes; that is
 * turned into a count and one event on bus_wake_fd().
 */
#ifndef DROP_IPC_BUS_H
#define DROP_IPC_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Messages that wait in a request or reply socket, each way. */
#define BUS_QUEUE 256
/* Messages that wait for a slow subscriber before the oldest is lost; they may be big. */
#define BUS_PUB_QUEUE 64
/* Words of a routing header; a direct peer needs two. */
#define BUS_ROUTE_MAX 4
/* Bytes nng accepts above MSG_MAX: the rest of a bundle, and enough that we see an oversize. */
#define BUS_SLACK (128 * 1024)
/* Milliseconds between attempts to reach a peer: the first, and the longest after doubling. */
#define BUS_RECONNECT_MIN_MS 50
#define BUS_RECONNECT_MAX_MS 1000

enum bus_kind { BUS_REP, BUS_REQ, BUS_PUB, BUS_SUB };

struct bus_socket;

struct bus_in {
	const void *data; /* until bus_in_free() */
	size_t len;
	uint32_t route[BUS_ROUTE_MAX]; /* host byte order */
	uint8_t words;
	void *message; /* nng's */
};

/* ERR_RETRY: no descriptors or memory left for it. */
struct bus_socket *bus_open(enum bus_kind kind, struct err *err);
/* NULL-safe; what is queued may be lost. */
void bus_close(struct bus_socket *s);
/* The socket file must not exist: ipc/endpoint.h removes what a dead process left. */
int bus_listen(struct bus_socket *s, const char *path, struct err *err);
/* Returns at once; goes on dialling for as long as the socket lives. */
int bus_dial(struct bus_socket *s, const char *path, struct err *err);

/* Readable when bus_recv() has something; -1 for BUS_PUB. */
int bus_fd(const struct bus_socket *s);
/* Peers connected now. */
unsigned bus_peers(const struct bus_socket *s);
/* Peers that have gone since the socket was opened. */
unsigned bus_losses(const struct bus_socket *s);
/* Readable after the number of peers of any socket changed; bus_wake_clear() resets it. */
int bus_wake_fd(void);
void bus_wake_clear(void);

/* false: nothing there. */
bool bus_recv(struct bus_socket *s, struct bus_in *ret);
void bus_in_free(struct bus_in *in);
/* Does the peer that a reply's route leads to still live? */
bool bus_reaches(const uint32_t *route, uint8_t words);
/*
 * BUS_REQ: route is one word, the request's number with its top bit set. BUS_REP: the
 * route of the request. BUS_PUB: none. ERR_RETRY: queue full; ERR_GONE: the peer left.
 */
int bus_send(struct bus_socket *s, const uint32_t *route, uint8_t words, const void *data,
	     size_t len, struct err *err);

#endif
