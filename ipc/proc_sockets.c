/*
 * Which sockets a process has follows from the catalogue and its handlers: who is
 * `to` of a request answers, who is `from` of a publication publishes, who handles an
 * answer dials the one that gives it, who handles a publication subscribes to it.
 */
#include "ipc/proc_impl.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/endpoint.h"

/* A tap mirrors what may be much; it must not push doorbells out of their queue. */
static const char *pub_role(enum msg_type type)
{
	return type == MSG_tap_frame ? "tap" : "pub";
}

static bool sends(const struct proc *p, const struct msg_info *row)
{
	return msg_party(row->from, row->to, p->def->id);
}

static bool reads(const struct proc *p, const struct msg_info *row)
{
	return msg_party(row->to, row->from, p->def->id);
}

/*
 * nng 1.5.2 has one thread that frees closed pipes; when it waits for ever, nothing of
 * nng's reconnects in this process. ipc/nng_send.h keeps away the cause we know; against
 * others, a peer that is not connected is looked for by a plain connection too. nng dials again
 * at least every BUS_RECONNECT_MAX_MS; when a peer has listened for so much longer, this
 * process ends, and the restarted process reads everything again (docs/decisions/processes.md).
 */
#define PROBE_EVERY_MS BUS_RECONNECT_MAX_MS
#define PROBES_MAX     3
/*
 * A connection may also look alive and carry nothing. So many deadlines in a row without an
 * answer in between, and so many milliseconds, and this process ends likewise. Both: a
 * request may be given little time, and one turn ends many of them at once.
 */
#define SILENCES_MAX 3
#define SILENCE_MS   15000

static int listen_one(struct proc *p, struct bus_socket **slot, enum bus_kind kind,
		      const char *role, struct err *err)
{
	char path[ENDPOINT_MAX];
	if (*slot != NULL)
		return 0;
	if (endpoint_path(path, p->common.socket_dir, p->def->name, role, err) != 0)
		return -1;
	if (p->lock_fd < 0)
		p->lock_fd = endpoint_lock(p->common.socket_dir, p->def->name, err);
	if (p->lock_fd < 0)
		return -1;
	/* We hold the lock, so the process that made it is dead. */
	unlink(path);
	*slot = bus_open(kind, err);
	if (*slot == NULL)
		return -1;
	return bus_listen(*slot, path, err);
}

static int dial_one(struct proc *p, struct bus_socket **slot, enum bus_kind kind, enum proc_id peer,
		    const char *role, struct err *err)
{
	char path[ENDPOINT_MAX];
	if (endpoint_path(path, p->common.socket_dir, proc_id_name(peer), role, err) != 0)
		return -1;
	if (*slot == NULL)
		*slot = bus_open(kind, err);
	if (*slot == NULL)
		return -1;
	return bus_dial(*slot, path, err);
}

static int open_listeners(struct proc *p, struct err *err)
{
	for (int t = MSG_none + 1; t < MSG_COUNT; t++) {
		const struct msg_info *row = &messages[t];
		int rc = 0;
		if (row->pattern == MSG_REQ && reads(p, row))
			rc = listen_one(p, &p->rep, BUS_REP, "rep", err);
		else if (row->pattern == MSG_PUB && sends(p, row))
			rc = listen_one(p, t == MSG_tap_frame ? &p->tap : &p->pub, BUS_PUB,
					pub_role((enum msg_type)t), err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int dial_peer(struct proc *p, enum proc_id peer, struct err *err)
{
	bool subscribed[2] = {false, false}; /* by role: several messages share a socket */
	for (int t = MSG_none + 1; t < MSG_COUNT; t++) {
		const struct msg_info *row = &messages[t];
		bool *once = &subscribed[t == MSG_tap_frame];
		int rc = 0;
		if (row->pattern == MSG_REQ && sends(p, row) && p->def->handlers[row->reply] &&
		    msg_party(row->to, row->from, peer) && p->peers[peer].req == NULL) {
			rc = dial_one(p, &p->peers[peer].req, BUS_REQ, peer, "rep", err);
		} else if (row->pattern == MSG_PUB && reads(p, row) && p->def->handlers[t] &&
			   msg_party(row->from, row->to, peer) && !*once) {
			*once = true;
			rc = dial_one(p, &p->sub, BUS_SUB, peer, pub_role((enum msg_type)t), err);
		}
		if (rc != 0)
			return -1;
	}
	return 0;
}

int proc_sockets_open(struct proc *p, struct err *err)
{
	/* nng makes the socket files; the umask decides their mode (must 9). */
	umask(077);
	if (endpoint_dir(p->common.socket_dir, err) != 0 || open_listeners(p, err) != 0)
		return -1;
	for (int q = PROC_NONE + 1; q < PROC_COUNT; q++)
		if (q != (int)p->def->id && dial_peer(p, (enum proc_id)q, err) != 0)
			return -1;
	return 0;
}

void proc_sockets_close(struct proc *p)
{
	bus_close(p->rep);
	bus_close(p->pub);
	bus_close(p->tap);
	bus_close(p->sub);
	for (int q = 0; q < PROC_COUNT; q++)
		bus_close(p->peers[q].req);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
}

void proc_peers_log(struct proc *p)
{
	for (int q = 0; q < PROC_COUNT; q++) {
		struct peer *peer = &p->peers[q];
		if (peer->req == NULL)
			continue;
		bool connected = bus_peers(peer->req) > 0;
		char text[64];
		/* Also one that never was connected: nng counts its waits by the wall clock, which
		 * may go back an hour while it waits to dial again. */
		if (connected != peer->connected || !peer->told)
			peer->probe_ms = connected ? 0 : p->now.boot_ms + PROBE_EVERY_MS;
		peer->probes = connected ? 0 : peer->probes;
		if (connected != peer->connected || !peer->told) {
			snprintf(text, sizeof(text),
				 connected ? "connected to %s" : "waiting for %s",
				 proc_id_name((enum proc_id)q));
			log_info(text);
		}
		if (connected && !peer->connected)
			proc_peer_heard(p, (enum proc_id)q);
		peer->connected = connected;
		peer->told = true;
	}
}

/* A plain connection, closed at once: does a process accept on the peer's socket? */
static bool listens(const struct proc *p, enum proc_id peer)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	if (endpoint_path(to.sun_path, p->common.socket_dir, proc_id_name(peer), "rep", NULL) != 0)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool accepted = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd >= 0)
		close(fd);
	return accepted;
}

void proc_peer_heard(struct proc *p, enum proc_id peer)
{
	p->peers[peer].heard_ms = p->now.boot_ms;
	p->peers[peer].silences = 0;
}

void proc_peer_silent(struct proc *p, enum proc_id peer)
{
	p->peers[peer].silences++;
}

/* A peer that answers shows that our own sockets work. */
static bool another_answers(const struct proc *p, const struct peer *than)
{
	for (int q = 0; q < PROC_COUNT; q++)
		if (&p->peers[q] != than && p->peers[q].connected &&
		    p->now.boot_ms - p->peers[q].heard_ms < SILENCE_MS)
			return true;
	return false;
}

static bool is_dead(const struct proc *p, const struct peer *peer)
{
	if (p->def->asks_everybody && another_answers(p, peer))
		return false;
	return peer->connected && peer->silences >= SILENCES_MAX &&
	       p->now.boot_ms - peer->heard_ms >= SILENCE_MS;
}

/* Only now, behind the program's turn, which may call proc_stop() itself. */
static void give_up(struct proc *p, enum proc_id peer, const char *why)
{
	log_error(why, LS("peer", proc_id_name(peer)));
	proc_stop(p, PROC_EXIT_ENV);
}

int64_t proc_peers_check(struct proc *p)
{
	int64_t next = CLOCK_NEVER;
	for (int q = 0; q < PROC_COUNT; q++) {
		struct peer *peer = &p->peers[q];
		if (is_dead(p, peer))
			give_up(p, (enum proc_id)q, "a connected peer does not answer, restarting");
		if (peer->probe_ms == 0)
			continue;
		if (p->now.boot_ms >= peer->probe_ms) {
			peer->probe_ms = p->now.boot_ms + PROBE_EVERY_MS;
			peer->probes = listens(p, (enum proc_id)q) ? peer->probes + 1 : 0;
		}
		if (peer->probes >= PROBES_MAX)
			give_up(p, (enum proc_id)q,
				"nng does not reconnect to a peer that listens, restarting");
		if (peer->probe_ms < next)
			next = peer->probe_ms;
	}
	return next;
}
