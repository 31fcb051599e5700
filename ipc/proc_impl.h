/*
 * The inside of struct proc, shared by the files that make up the main loop:
 * proc.c (start, end, what programs call), proc_loop.c (turns), proc_send.c,
 * proc_receive.c, proc_sockets.c. Nobody else includes it.
 */
#ifndef DROP_IPC_PROC_IMPL_H
#define DROP_IPC_PROC_IMPL_H

#include "base/buf.h"
#include "ipc/bundle.h"
#include "ipc/bus.h"
#include "ipc/proc.h"
#include "ipc/metrics.h"

/* Messages handled in one turn; then turn() runs, even if more are waiting. */
#define PROC_MESSAGES_A_TURN 256
/* At most one line about dropped messages in this time. */
#define PROC_DROP_LOG_MS 10000
/* Bytes an encode buffer keeps between messages. */
#define PROC_BUF_KEEP (64 * 1024)

struct pending { /* a request without an answer yet */
	bool used;
	uint32_t id; /* top bit set: the last word of nng's route */
	enum proc_id peer;
	enum msg_type reply;
	uint64_t tag;
	int64_t deadline_ms;
	bool bundled;    /* not yet handed to nng */
	unsigned losses; /* bus_losses() when it was sent: more mean that no answer will come */
};

struct outbox { /* messages of this turn for one peer */
	struct buf bundle;
	uint32_t route[BUS_ROUTE_MAX]; /* of the bundle */
	uint8_t words;
	size_t n;
};

struct peer {
	struct bus_socket *req; /* NULL: nothing is asked of it */
	struct outbox out;
	bool connected;   /* as last logged */
	bool told;        /* "waiting for" was said */
	int64_t probe_ms; /* lost: when to look whether it listens; 0: not lost */
	int probes;       /* looks in a row that found it listening */
	int64_t heard_ms; /* when it connected or answered last */
	int silences;     /* turns since then in which requests to it ran out of time */
};

struct proc {
	const struct proc_def *def;
	struct proc_common common;
	char dir[ERR_TEXT_MAX]; /* the default of --socket-dir */
	char user_agent[64];
	void *state;
	struct arena arena;
	struct now now;
	struct metrics metrics;

	proc_wait_fn wait;
	void *wait_ctx;
	int signal_fd, notify_fd, lock_fd;
	bool stopping, leave, ready;
	int64_t stop_by_ms;
	int exit_code;

	struct bus_socket *rep, *pub, *tap, *sub;
	struct peer peers[PROC_COUNT];
	struct pending pending[PROC_ALL_REQUESTS_MAX];
	size_t n_pending;
	uint32_t last_request;
	struct outbox answers;  /* to one peer; flushed when the next answer is for another */
	struct buf out, mirror; /* encode buffers of publications and of tap frames */

	int64_t next_drop_log_ms;
	uint64_t drops_unlogged;
};

/* proc_sockets.c: what the catalogue says this process listens on and dials. */
int proc_sockets_open(struct proc *p, struct err *err);
void proc_sockets_close(struct proc *p);
/* Says once who is waited for and who has come. */
void proc_peers_log(struct proc *p);
/* Ends this process when nng does not find its way back to a peer; returns the next look. */
int64_t proc_peers_check(struct proc *p);

/* proc_receive.c: true when the budget ended before the messages. */
bool proc_receive(struct proc *p);
/* A connected peer answered, or let requests run out of time: too often, and we end too. */
void proc_peer_heard(struct proc *p, enum proc_id peer);
void proc_peer_silent(struct proc *p, enum proc_id peer);
/* Calls the handlers of requests whose time is over or whose peer has gone. */
void proc_expire(struct proc *p);
int64_t proc_next_deadline(const struct proc *p);

/* proc_send.c */
/* Hands what the turn has sent to nng. */
void proc_flush(struct proc *p);
void proc_mirror(struct proc *p, enum proc_id peer, bool sent, const void *bytes, size_t len);

/* proc_loop.c */
int proc_signals_open(struct proc *p, struct err *err);
/* The keys of hashes; before anything is put into a map. */
int proc_keys_open(struct err *err);
void proc_loop(struct proc *p);

#endif
