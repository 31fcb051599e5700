/*
 * The turns: wait, take signals, handle a bounded number of messages, end requests whose deadline
 * has passed, call the program, reset the arena. Signals arrive on a descriptor, so nothing runs
 * inside a signal handler.
 */
#include "ipc/proc_impl.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

/* Signals, wake-ups, answered requests, subscriptions, and one request socket a peer. */
#define FDS_MAX (4 + PROC_COUNT)

/* Before nng starts its threads, which inherit the mask. */
int proc_signals_open(struct proc *p, struct err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	for (int level = 0; level < LOG_LEVELS; level++)
		sigaddset(&set, LOG_SIGNAL(level));
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		p->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (p->signal_fd < 0)
		return err_set(err, ERR_RETRY, "signalfd: %s", strerror(errno));
	return 0;
}

static void take_signals(struct proc *p)
{
	struct signalfd_siginfo info;
	while (read(p->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int level = (int)info.ssi_signo - LOG_SIGNAL(0);
		if (level >= 0 && level < LOG_LEVELS) {
			log_set_level((enum log_level)level);
			log_info("log level changed",
				 LS("level", log_level_name((enum log_level)level)));
			continue;
		}
		log_info("stopping", LS("signal", strsignal((int)info.ssi_signo)));
		/* Asked twice: do not wait for what drains. */
		p->leave = p->leave || p->stopping;
		if (!p->stopping)
			p->stop_by_ms = p->now.boot_ms + PROC_DRAIN_MS;
		p->stopping = true;
	}
}

static size_t fds_fill(const struct proc *p, struct pollfd fds[FDS_MAX])
{
	size_t n = 0;
	fds[n++] = (struct pollfd){.fd = p->signal_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = bus_wake_fd(), .events = POLLIN};
	const struct bus_socket *sockets[2 + PROC_COUNT] = {p->rep, p->sub};
	for (int q = 0; q < PROC_COUNT; q++)
		sockets[2 + q] = p->peers[q].req;
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
		if (sockets[i] != NULL)
			fds[n++] = (struct pollfd){.fd = bus_fd(sockets[i]), .events = POLLIN};
	return n;
}

static int timeout_until(int64_t at_ms)
{
	if (at_ms == CLOCK_NEVER)
		return -1;
	int64_t left = at_ms - clock_boot_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool finished(const struct proc *p)
{
	if (p->leave)
		return true;
	return p->stopping && (p->def->turn == NULL || p->now.boot_ms >= p->stop_by_ms);
}

/* One turn; returns the boot ms of the next. */
static int64_t turn(struct proc *p)
{
	p->now = clock_now();
	take_signals(p);
	bus_wake_clear();
	proc_peers_log(p);
	bool more = proc_receive(p);
	proc_expire(p);
	int64_t next = p->def->turn != NULL ? p->def->turn(p, p->now) : CLOCK_NEVER;
	proc_flush(p);
	metric_add(&p->metrics, METRIC_turns_total, 1, NULL);
	arena_reset(&p->arena);
	if (p->stopping)
		next = earlier(next, p->stop_by_ms);
	next = earlier(next, proc_next_deadline(p));
	next = earlier(next, proc_peers_check(p));
	return more ? 0 : next;
}

void proc_loop(struct proc *p)
{
	for (int64_t next = turn(p); !finished(p); next = turn(p)) {
		struct pollfd fds[FDS_MAX];
		size_t n = fds_fill(p, fds);
		if (p->wait(p->wait_ctx, fds, n, timeout_until(next)) < 0 && errno != EINTR) {
			log_error("wait failed", LS("error", strerror(errno)));
			p->exit_code = PROC_EXIT_ENV;
			return;
		}
	}
}
