/*
 * The shared main: options, log, signals, sockets, timers, readiness and orderly
 * exit. A program is a struct proc_def: a table of handlers, options and three
 * functions. One thread; a turn is: wait, handle what arrived, turn(), flush,
 * reset the arena.
 *
 * Sockets in --socket-dir (mode 0700), one a role: <proc>.rep answers requests,
 * <proc>.pub publishes, <proc>.tap mirrors traffic while dropctl tap listens. A peer
 * that is not there yet is dialled again and again in the background.
 */
#ifndef DROP_IPC_PROC_H
#define DROP_IPC_PROC_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/err.h"
#include "base/options.h"
#include "ipc/options.h"
#include "ipc/metrics.h"
#include "ipc/msg.h"

/* Exit codes: a contract with the supervisor and with people (docs/musts.md 11). */
enum { PROC_EXIT_OK = COMMAND_FINE, PROC_EXIT_USAGE = COMMAND_USAGE, PROC_EXIT_ENV = COMMAND_ENV };

/*
 * Requests of one process that one peer may have unanswered, and all peers together; more are
 * refused (-1). nng queues 64 answers for one asker and silently drops the next, so at most one
 * answer is outstanding for each.
 */
#define PROC_REQUESTS_MAX     64
#define PROC_ALL_REQUESTS_MAX 96

/* Milliseconds from SIGTERM to the end of the process (must 11). */
#define PROC_DRAIN_MS 10000
/* Seconds that closing the sockets may take on the way out. */
#define PROC_CLOSE_S 1

struct proc;

struct proc_common { /* options every program has */
	COMMON_OPTIONS(OPTION_MEMBER)
};
extern const struct option_def proc_common_options[];
extern const struct option_def proc_tool_options[]; /* of programs for people (proc_def.program) */

/* What is needed to answer a request later; plain data, copy it freely. */
struct reply_to {
	enum msg_type request;
	enum proc_id to;
	uint32_t id;        /* of the request */
	uint32_t header[4]; /* nng's raw routing header */
	uint8_t words;
};

struct msg_in {
	enum msg_type type;
	enum proc_id from;
	const void *body; /* struct msg_<name>, in the turn's arena; NULL: no answer will come */
	uint64_t tag;     /* REP: what proc_request() was given */
	struct reply_to reply_to; /* REQ */
};

typedef void (*msg_handler)(struct proc *p, const struct msg_in *in);

/* Waits until an fd is ready or timeout_ms passed (-1: no limit), as poll(2) does. */
typedef int (*proc_wait_fn)(void *ctx, struct pollfd *fds, size_t n, int timeout_ms);

struct proc_def {
	const char *name; /* "watcher"; the program is drop-watcher */
	const char *doc;  /* one sentence for --help */
	/* "dropctl status": a tool for people, which has no cluster options; NULL: a daemon */
	const char *program;
	enum proc_id id;
	/* A silent peer is no reason to exit as long as another answers: metricsd. */
	bool asks_everybody;
	msg_handler handlers[MSG_COUNT];  /* [MSG_changes] = on_changes */
	const struct option_def *options; /* beyond the common ones; filled into the state */
	size_t state_size;
	int (*init)(struct proc *p, struct err *err);
	/*
	 * The work of a turn; returns the boot ms when it wants the next one at the latest.
	 * After SIGTERM turns go on until it calls proc_stop(), PROC_DRAIN_MS at the longest;
	 * a program without a turn function leaves at once.
	 */
	int64_t (*turn)(struct proc *p, struct now now);
	void (*done)(struct proc *p);
	void (*collect)(struct proc *p); /* sets what is measured only on request; or NULL */
};

/* The whole main(); returns the exit code. */
int proc_main(int argc, char **argv, const struct proc_def *def);

void *proc_state(struct proc *p); /* state_size bytes, zeroed at start */
const struct proc_common *proc_common(const struct proc *p);
struct arena *proc_arena(struct proc *p);  /* reset after each turn */
struct now proc_now(const struct proc *p); /* the time this turn began */
/* drop-<name>/<version> */
const char *proc_user_agent(const struct proc *p);

/* Waiting is poll(2) unless the program brings its own (kube_wait). */
void proc_set_wait(struct proc *p, proc_wait_fn wait, void *ctx);
/* Tells the supervisor (fd in $NOTIFY_FD, one byte) that this process is ready; once. */
void proc_ready(struct proc *p);
bool proc_is_ready(const struct proc *p);
/* Leaves the loop after this turn. */
void proc_stop(struct proc *p, int exit_code);
bool proc_stopping(const struct proc *p); /* SIGTERM came or proc_stop was called */

/*
 * Sends a request. The answer, or a NULL body once deadline_ms has passed or the peer has
 * gone, goes to the handler of the reply type exactly once. nng never resends it. What a turn
 * sends to one peer leaves together at its end (ipc/bundle.h). -1: not sent
 * (ERR_RETRY: not connected, queue full, or too many unanswered), no handler will be
 * called. Nothing is queued for a peer that is not there; its coming begins a turn.
 */
int proc_request(struct proc *p, enum proc_id to, enum msg_type type, const void *body,
		 uint64_t tag, int64_t deadline_ms, struct err *err);
/* Would a request be sent to it now? */
bool proc_connected(const struct proc *p, enum proc_id to);
/* Answers a request; may be later than the turn it came in. -1: the peer is gone. */
int proc_reply(struct proc *p, const struct reply_to *to, enum msg_type type, const void *body,
	       struct err *err);
/* Publishes; a process that is not subscribed misses it. */
void proc_publish(struct proc *p, enum msg_type type, const void *body);

/* What the process counts and measures (ipc/metrics.h). */
struct metrics *proc_metrics(struct proc *p);
/* Updates values that are measured on request; called before the first page of an answer. */
void proc_collect(struct proc *p);
/* For kube_observe() and kube_stats(), which tell them the API requests; proc: the struct proc. */
void proc_api_call(void *proc, const char *verb, int code, int64_t took_us);
void proc_api_counter(void *proc, const char *name, uint64_t value);

#endif
