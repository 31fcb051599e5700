/*
 * Start and end of a process (what programs ask of it: proc_state.c). Order matters:
 * options before anything is touched, signals blocked before nng starts threads, the
 * socket folder before the program's own init.
 */
#include "ipc/proc_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/effect.h"
#include "base/log.h"
#include "base/random.h"
#include "base/command.h"
#include "base/xalloc.h"
#include "ipc/endpoint.h"

#define COMMON_DEF(...) OPTION_DEF(struct proc_common, __VA_ARGS__)
const struct option_def proc_common_options[] = {COMMON_OPTIONS(COMMON_DEF){0}};
const struct option_def proc_tool_options[] = {TOOL_OPTIONS(COMMON_DEF){0}};

static int wait_poll(void *ctx, struct pollfd *fds, size_t n, int timeout_ms)
{
	(void)ctx;
	return poll(fds, (nfds_t)n, timeout_ms);
}

/* -1: go on; else the exit code. */
static int read_options(struct proc *p, int argc, char **argv)
{
	static const struct option_def none[] = {{NULL}};
	const struct proc_def *def = p->def;
	const struct options_target targets[] = {
		{def->options != NULL ? def->options : none, p->state},
		{def->program != NULL ? proc_tool_options : proc_common_options, &p->common},
	};
	char program[64];
	snprintf(program, sizeof(program), "%s%s", def->program != NULL ? "" : "drop-",
		 def->program != NULL ? def->program : def->name);
	return command_options(program, def->doc, argc, argv, targets,
			       sizeof(targets) / sizeof(targets[0]));
}

/* The supervisor's end is a pipe that nothing of ours may inherit. */
static int notify_fd(void)
{
	const char *text = getenv("NOTIFY_FD");
	char *end;
	if (text == NULL || *text == '\0')
		return -1;
	long fd = strtol(text, &end, 10);
	if (*end != '\0' || fd <= STDERR_FILENO || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	unsetenv("NOTIFY_FD");
	return (int)fd;
}

static int start(struct proc *p, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set(err, ERR_RETRY, "no_new_privs: %s", strerror(errno));
	if (p->common.socket_dir == NULL) {
		endpoint_default_dir(p->dir, sizeof(p->dir));
		p->common.socket_dir = p->dir;
	}
	/* Answers to a killed predecessor must not look like answers to us. */
	p->last_request = (uint32_t)random_id();
	if (proc_keys_open(err) != 0 || proc_signals_open(p, err) != 0 ||
	    proc_sockets_open(p, err) != 0)
		return -1;
	p->now = clock_now();
	metrics_begin(&p->metrics, p->def->name);
	return 0;
}

static volatile sig_atomic_t code_at_exit;

static void leave_now(int signal)
{
	(void)signal;
	_exit(code_at_exit);
}

/*
 * nng_close() may wait forever for a peer that does not read (nng 1.5.2); what is not
 * closed in time is left to the kernel.
 */
static void bound_the_end(int exit_code)
{
	code_at_exit = exit_code;
	signal(SIGALRM, leave_now);
	alarm(PROC_CLOSE_S);
}

static void stop(struct proc *p, int exit_code)
{
	bound_the_end(exit_code);
	proc_sockets_close(p);
	metrics_done(&p->metrics);
	arena_done(&p->arena);
	buf_done(&p->out);
	buf_done(&p->mirror);
	buf_done(&p->answers.bundle);
	for (int q = 0; q < PROC_COUNT; q++)
		buf_done(&p->peers[q].out.bundle);
	if (p->notify_fd >= 0)
		close(p->notify_fd);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
	free(p->state);
	free(p);
}

static int run(struct proc *p)
{
	const struct proc_def *def = p->def;
	struct err err;
	if (start(p, &err) != 0) {
		log_error("cannot start", LS("error", err.text));
		return PROC_EXIT_ENV;
	}
	if (def->init != NULL && def->init(p, &err) != 0) {
		log_error("cannot start", LS("error", err.text));
		return err.cls == ERR_TERMINAL ? PROC_EXIT_USAGE : PROC_EXIT_ENV;
	}
	log_info("started", LS("version", DROP_VERSION), LS("sockets", p->common.socket_dir));
	proc_loop(p);
	if (def->done != NULL)
		def->done(p);
	log_info("stopped", LN("code", p->exit_code));
	return p->exit_code;
}

int proc_main(int argc, char **argv, const struct proc_def *def)
{
	/* Before the first allocation: nng's and curl's threads would each keep a heap of their
	 * own. */
	mallopt(M_ARENA_MAX, 1);
	struct proc *p = xcalloc(1, sizeof(*p));
	p->def = def;
	p->state = xcalloc(1, def->state_size);
	p->wait = wait_poll;
	p->signal_fd = p->lock_fd = -1;
	p->notify_fd = notify_fd();
	snprintf(p->user_agent, sizeof(p->user_agent), "drop-%s/%s", def->name, DROP_VERSION);
	int code = read_options(p, argc, argv);
	if (code < 0) {
		log_init(def->name, (enum log_level)log_level_parse(p->common.log_level),
			 strcmp(p->common.log_format, "json") == 0);
		effect_init(def->name);
		code = run(p);
	}
	stop(p, code);
	return code;
}
