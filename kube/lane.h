/*
 * One lane: a curl multi handle with connections of its own. Driven by curl's socket
 * interface (curl_multi_socket_action) instead of curl_multi_poll, because a process
 * waits for three lanes and its own sockets in one poll(2): a lane tells which sockets
 * and which time it waits for, transport.c sleeps for all. Closing a lane resets its
 * connections, so that nothing written to them can still leave (must 7).
 */
#ifndef DROP_KUBE_LANE_H
#define DROP_KUBE_LANE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/*
 * Unacknowledged bytes or probes for so long: the connection is dead. The lease's is
 * shorter, or a lost server could cost the term (given up after 10 s).
 */
#define LANE_USER_TIMEOUT_MS       20000
#define LANE_USER_TIMEOUT_LEASE_MS 4000

struct lane {
	CURLM *multi;
	struct pollfd *wanted; /* what curl waits for; revents is not used here */
	size_t n_wanted, cap_wanted;
	int *open; /* every connection, idle ones too */
	size_t n_open, cap_open;
	int64_t timer_at_ms; /* boot ms; CLOCK_NEVER */
	int user_timeout_ms;
	uint64_t *connects; /* counter */
};

/* kept: idle connections kept open. */
void lane_init(struct lane *lane, int user_timeout_ms, long kept, uint64_t *connects);
/* All easy handles must have been removed. Connections are reset, not just closed. */
void lane_done(struct lane *lane);
/* Options of an easy handle that tie its connections to this lane. */
void lane_adopt(struct lane *lane, CURL *easy);
/* Runs curl for a socket that became ready, or for its timer if that is due. */
void lane_socket_ready(struct lane *lane, int fd, short revents);
void lane_timer(struct lane *lane, int64_t now_ms);
/* Runs curl as if each socket that it reads from were ready. */
void lane_run(struct lane *lane);

#endif
