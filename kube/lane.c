/*
 * The callbacks through which curl tells a lane about its sockets and its timer.
 */
#include "kube/lane.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
	(void)easy;
	(void)unused;
	struct lane *lane = ctx;
	size_t i = 0;
	while (i < lane->n_wanted && lane->wanted[i].fd != fd)
		i++;
	if (what == CURL_POLL_REMOVE) {
		if (i < lane->n_wanted)
			lane->wanted[i] = lane->wanted[--lane->n_wanted];
		return 0;
	}
	if (i == lane->n_wanted) {
		if (lane->n_wanted == lane->cap_wanted) {
			lane->cap_wanted = lane->cap_wanted ? lane->cap_wanted * 2 : 8;
			lane->wanted = xreallocarray(lane->wanted, lane->cap_wanted,
						     sizeof(lane->wanted[0]));
		}
		lane->n_wanted++;
	}
	short events =
		(short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
	lane->wanted[i] = (struct pollfd){.fd = fd, .events = events};
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	(void)multi;
	struct lane *lane = ctx;
	lane->timer_at_ms = timeout_ms < 0 ? CLOCK_NEVER : clock_boot_ms() + timeout_ms;
	return 0;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *addr)
{
	(void)purpose;
	struct lane *lane = ctx;
	int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (lane->n_open == lane->cap_open) {
		lane->cap_open = lane->cap_open ? lane->cap_open * 2 : 8;
		lane->open = xreallocarray(lane->open, lane->cap_open, sizeof(lane->open[0]));
	}
	lane->open[lane->n_open++] = fd;
	(*lane->connects)++;
	return fd;
}

static int on_close(void *ctx, curl_socket_t fd)
{
	struct lane *lane = ctx;
	for (size_t i = 0; i < lane->n_open; i++)
		if (lane->open[i] == fd) {
			lane->open[i] = lane->open[--lane->n_open];
			break;
		}
	return close(fd);
}

static int on_sockopt(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	(void)purpose;
	const struct lane *lane = ctx;
	/* A kernel without it only notices a dead peer later. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lane->user_timeout_ms,
			 sizeof(lane->user_timeout_ms));
	return CURL_SOCKOPT_OK;
}

void lane_init(struct lane *lane, int user_timeout_ms, long kept, uint64_t *connects)
{
	*lane = (struct lane){
		.multi = curl_multi_init(),
		.timer_at_ms = CLOCK_NEVER,
		.user_timeout_ms = user_timeout_ms,
		.connects = connects,
	};
	if (lane->multi == NULL)
		abort(); /* out of memory */
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
	curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, kept);
}

void lane_done(struct lane *lane)
{
	if (lane->multi == NULL)
		return;
	/* Linger 0: close sends RST and drops what the kernel has not sent yet. */
	const struct linger now = {.l_onoff = 1, .l_linger = 0};
	for (size_t i = 0; i < lane->n_open; i++)
		(void)setsockopt(lane->open[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	curl_multi_cleanup(lane->multi);
	free(lane->wanted);
	free(lane->open);
	*lane = (struct lane){0};
}

void lane_adopt(struct lane *lane, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, lane);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, lane);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, lane);
}

void lane_socket_ready(struct lane *lane, int fd, short revents)
{
	int running;
	int mask =
		(revents & POLLIN ? CURL_CSELECT_IN : 0) |
		(revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
		(revents & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR | CURL_CSELECT_IN : 0);
	curl_multi_socket_action(lane->multi, fd, mask, &running);
}

void lane_timer(struct lane *lane, int64_t now_ms)
{
	int running;
	if (lane->timer_at_ms > now_ms)
		return;
	lane->timer_at_ms = CLOCK_NEVER;
	curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

void lane_run(struct lane *lane)
{
	/* From the end: a socket that goes makes room for the last one. */
	for (size_t i = lane->n_wanted; i-- > 0;)
		if (i < lane->n_wanted && (lane->wanted[i].events & POLLIN))
			lane_socket_ready(lane, lane->wanted[i].fd, POLLIN);
}
