/*
 * The sockets over nng 1.5.2. It silently drops what it cannot queue for one peer
 * (reply sockets: 64 answers a peer; publishers: the oldest), so nothing may depend
 * on an answer or a doorbell arriving: requests have deadlines, readers have cursors.
 */
#include "ipc/bus.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include "base/xalloc.h"
#include "ipc/msg.h"
#include "ipc/nng_cpus.h"
#include "ipc/nng_send.h"

struct bus_socket {
	nng_socket nng;
	enum bus_kind kind;
	int fd;
	atomic_uint peers, losses;
};

/* One a process: a loop has one place where it sleeps. */
static int wake_fd = -1;

int bus_wake_fd(void)
{
	if (wake_fd < 0)
		wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return wake_fd;
}

void bus_wake_clear(void)
{
	uint64_t n;
	ssize_t got = read(bus_wake_fd(), &n, sizeof(n));
	(void)got;
}

/*
 * On a thread of nng's: atomics and a descriptor, nothing else. ADD_PRE, because a pipe
 * that fails between the two ADDs still gets its REM_POST.
 */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct bus_socket *s = arg;
	(void)pipe;
	if (event == NNG_PIPE_EV_ADD_PRE) {
		atomic_fetch_add(&s->peers, 1);
	} else {
		atomic_fetch_sub(&s->peers, 1);
		atomic_fetch_add(&s->losses, 1);
	}
	const uint64_t one = 1;
	ssize_t written = write(wake_fd, &one, sizeof(one));
	(void)written;
}

static int open_kind(enum bus_kind kind, nng_socket *ret)
{
	switch (kind) {
	case BUS_REP:
		return nng_rep0_open_raw(ret);
	case BUS_REQ:
		return nng_req0_open_raw(ret);
	case BUS_PUB:
		return nng_pub0_open(ret);
	case BUS_SUB:
		return nng_sub0_open(ret);
	}
	return NNG_ENOTSUP;
}

static int configure(struct bus_socket *s)
{
	bool sends = s->kind != BUS_SUB, receives = s->kind != BUS_PUB;
	int rv = nng_socket_set_size(s->nng, NNG_OPT_RECVMAXSZ, MSG_MAX + BUS_SLACK);
	if (rv == 0 && sends)
		rv = nng_socket_set_int(s->nng, NNG_OPT_SENDBUF,
					s->kind == BUS_PUB ? BUS_PUB_QUEUE : BUS_QUEUE);
	if (rv == 0 && receives)
		rv = nng_socket_set_int(s->nng, NNG_OPT_RECVBUF, BUS_QUEUE);
	if (rv == 0 && receives)
		rv = nng_socket_get_int(s->nng, NNG_OPT_RECVFD, &s->fd);
	if (rv == 0 && s->kind == BUS_SUB)
		rv = nng_socket_set(s->nng, NNG_OPT_SUB_SUBSCRIBE, "", 0);
	if (rv == 0)
		rv = nng_socket_set_ms(s->nng, NNG_OPT_RECONNMINT, BUS_RECONNECT_MIN_MS);
	if (rv == 0)
		rv = nng_socket_set_ms(s->nng, NNG_OPT_RECONNMAXT, BUS_RECONNECT_MAX_MS);
	if (rv == 0)
		rv = nng_pipe_notify(s->nng, NNG_PIPE_EV_ADD_PRE, on_pipe, s);
	if (rv == 0)
		rv = nng_pipe_notify(s->nng, NNG_PIPE_EV_REM_POST, on_pipe, s);
	return rv;
}

struct bus_socket *bus_open(enum bus_kind kind, struct err *err)
{
	nng_cpus_cap();
	nng_send_never_fails();
	if (bus_wake_fd() < 0) {
		err_set(err, ERR_RETRY, "eventfd: no descriptors left");
		return NULL;
	}
	struct bus_socket *s = xcalloc(1, sizeof(*s));
	s->kind = kind;
	s->fd = -1;
	int rv = open_kind(kind, &s->nng);
	if (rv == 0) {
		rv = configure(s);
		if (rv != 0)
			nng_close(s->nng);
	}
	if (rv == 0)
		return s;
	err_set(err, ERR_RETRY, "open socket: %s", nng_strerror(rv));
	free(s);
	return NULL;
}

void bus_close(struct bus_socket *s)
{
	if (s == NULL)
		return;
	/* Returns when no callback runs any more, so s may go. */
	nng_close(s->nng);
	free(s);
}

static void address(char out[NNG_MAXADDRLEN], const char *path)
{
	snprintf(out, NNG_MAXADDRLEN, "ipc://%s", path);
}

int bus_listen(struct bus_socket *s, const char *path, struct err *err)
{
	char url[NNG_MAXADDRLEN];
	address(url, path);
	int rv = nng_listen(s->nng, url, NULL, 0);
	return rv == 0 ? 0 : err_set(err, ERR_TERMINAL, "listen on %s: %s", path, nng_strerror(rv));
}

int bus_dial(struct bus_socket *s, const char *path, struct err *err)
{
	char url[NNG_MAXADDRLEN];
	address(url, path);
	int rv = nng_dial(s->nng, url, NULL, NNG_FLAG_NONBLOCK);
	return rv == 0 ? 0 : err_set(err, ERR_TERMINAL, "dial %s: %s", path, nng_strerror(rv));
}

int bus_fd(const struct bus_socket *s)
{
	return s->fd;
}

unsigned bus_peers(const struct bus_socket *s)
{
	return atomic_load(&s->peers);
}

unsigned bus_losses(const struct bus_socket *s)
{
	return atomic_load(&s->losses);
}

bool bus_recv(struct bus_socket *s, struct bus_in *ret)
{
	nng_msg *m;
	while (nng_recvmsg(s->nng, &m, NNG_FLAG_NONBLOCK) == 0) {
		size_t words = nng_msg_header_len(m) / sizeof(uint32_t);
		if (words > BUS_ROUTE_MAX) { /* came through devices we do not have */
			nng_msg_free(m);
			continue;
		}
		*ret = (struct bus_in){
			.data = nng_msg_body(m), .len = nng_msg_len(m), .message = m};
		while (ret->words < words)
			nng_msg_header_trim_u32(m, &ret->route[ret->words++]);
		return true;
	}
	return false;
}

void bus_in_free(struct bus_in *in)
{
	nng_msg_free(in->message);
	*in = (struct bus_in){0};
}

/* The first word of a reply's route is the number of the pipe it must go to. */
bool bus_reaches(const uint32_t *route, uint8_t words)
{
	return words > 0 && nng_listener_id(nng_pipe_listener((nng_pipe){.id = route[0]})) > 0;
}

int bus_send(struct bus_socket *s, const uint32_t *route, uint8_t words, const void *data,
	     size_t len, struct err *err)
{
	if (s->kind == BUS_REP && !bus_reaches(route, words))
		return err_set(err, ERR_GONE, "the asking process has gone");
	nng_msg *m;
	int rv = nng_msg_alloc(&m, 0);
	if (rv == 0)
		rv = nng_msg_append(m, data, len);
	for (uint8_t i = 0; rv == 0 && i < words; i++)
		rv = nng_msg_header_append_u32(m, route[i]);
	if (rv == NNG_ENOMEM)
		abort();
	if (rv == 0)
		rv = nng_sendmsg(s->nng, m, NNG_FLAG_NONBLOCK);
	if (rv == 0)
		return 0;
	nng_msg_free(m);
	return err_set(err, ERR_RETRY, rv == NNG_EAGAIN ? "queue full" : "send: %s",
		       nng_strerror(rv));
}
