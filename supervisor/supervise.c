/*
 * The loop: wait, read the notify pipes, reap, check timers, execute the actions of child_decide().
 * All events of a child go through happen().
 */
#include "supervisor/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/log.h"

#include "supervisor/config.h"
#include "supervisor/reap.h"
#include "supervisor/spawn.h"
#include "supervisor/status_file.h"

/* How often the configuration file is looked at; a ConfigMap takes about a minute to arrive, too.
 */
#define CONFIG_LOOK_MS 30000

struct tree {
	struct config *config;
	int64_t look_ms; /* when to look at its file again */
	struct spawner spawner;
	struct child children[PROCESS_COUNT];
	pid_t pids[PROCESS_COUNT];
	int notify_fds[PROCESS_COUNT]; /* -1: none */
	int dir_fd, signal_fd;
	bool draining;
	int exit_code;
	int64_t beat_ms;    /* boot ms of the next beat */
	bool status_failed; /* the status file is not what is so */
};

/* A disk may be full for a while: what could not be written is written with a later beat. */
static void write_status(struct tree *t)
{
	struct err err;
	bool failed = t->status_failed;
	t->status_failed = status_write(t->dir_fd, t->children, t->pids, &err) < 0;
	if (t->status_failed && !failed)
		log_warn("status file not written, retrying", LS("error", err.text));
	else if (failed && !t->status_failed)
		log_info("status file written again");
}

static void happen(struct tree *t, enum process p, enum child_event event);

static void drain(struct tree *t, int exit_code)
{
	if (t->draining)
		return;
	t->draining = true;
	t->exit_code = exit_code;
	for (int p = 0; p < PROCESS_COUNT; p++)
		happen(t, (enum process)p, EVENT_DRAIN);
}

static void close_notify(struct tree *t, enum process p)
{
	if (t->notify_fds[p] >= 0)
		close(t->notify_fds[p]);
	t->notify_fds[p] = -1;
}

static void start(struct tree *t, enum process p)
{
	struct spawned born;
	struct err err;
	if (spawn(&t->spawner, p, &born, &err) < 0) {
		log_error("cannot start", LS("child", process_name(p)), LS("error", err.text));
		happen(t, p, EVENT_EXIT);
		return;
	}
	t->pids[p] = born.pid;
	t->notify_fds[p] = born.notify_fd;
	log_info("started", LS("child", process_name(p)), LN("pid", born.pid),
		 LN("restarts", t->children[p].restarts));
}

static void obey(struct tree *t, enum process p, enum child_event event, enum child_order order)
{
	switch (order) {
	case ORDER_SPAWN:
		start(t, p);
		break;
	case ORDER_TERM:
		kill(t->pids[p], SIGTERM);
		break;
	case ORDER_KILL:
		log_warn("process does not stop, killing it", LS("child", process_name(p)),
			 LN("pid", t->pids[p]));
		kill(-t->pids[p], SIGKILL);
		break;
	case ORDER_GIVE_UP:
		log_error("process keeps failing, stopping all", LS("child", process_name(p)),
			  LN("deaths", t->children[p].deaths));
		drain(t, event == EVENT_MISUSE ? COMMAND_USAGE : COMMAND_ENV);
		break;
	case ORDER_NONE:
	case ORDER_BUG:
		break;
	}
}

static void happen(struct tree *t, enum process p, enum child_event event)
{
	struct child *c = &t->children[p];
	enum child_state before = c->state;
	enum child_order order = child_decide(c, p, event, clock_boot_ms());
	if (order == ORDER_BUG)
		log_error("impossible transition, ignoring", LS("child", process_name(p)),
			  LS("state", name_of(child_state_names, before)),
			  LS("event", name_of(child_event_names, event)));
	obey(t, p, event, order);
	if (c->state != before)
		write_status(t);
}

/* A byte: ready. End of file: the child closed it or is dead, and SIGCHLD tells. */
static void read_notify(struct tree *t, enum process p)
{
	char byte;
	if (t->notify_fds[p] < 0)
		return;
	ssize_t n = read(t->notify_fds[p], &byte, 1);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_notify(t, p);
	if (n == 1) {
		log_info("ready", LS("child", process_name(p)));
		happen(t, p, EVENT_READY);
	}
}

static void bury(struct tree *t, enum process p, const struct death *d)
{
	read_notify(t, p); /* it may have been ready before it died */
	close_notify(t, p);
	t->pids[p] = 0;
	if (t->draining && d->code == COMMAND_FINE)
		log_info("stopped", LS("child", process_name(p)));
	else
		log_warn(t->draining ? "process died while stopping" : "process died",
			 LS("child", process_name(p)), LN("code", d->code),
			 LN("signal", d->signal));
	happen(t, p, d->code == COMMAND_USAGE ? EVENT_MISUSE : EVENT_EXIT);
	struct child *c = &t->children[p];
	if (c->state == CHILD_BACKING_OFF)
		log_info("restarting process", LS("child", process_name(p)),
			 LN("in_ms", c->due_ms - clock_boot_ms()), LN("deaths", c->deaths));
}

static void reap_all(struct tree *t)
{
	for (struct death d; reap_next(&d);) {
		int p = 0;
		while (p < PROCESS_COUNT && t->pids[p] != d.pid)
			p++;
		if (p < PROCESS_COUNT)
			bury(t, (enum process)p, &d);
		else
			log_debug("reaped an orphan", LN("pid", d.pid));
	}
}

/* Here, in what lives, and, as the options have it too, in what will be started. */
static void set_log_level(struct tree *t)
{
	enum log_level level = (enum log_level)log_level_parse(t->config->options.log_level);
	log_set_level(level);
	for (int p = 0; p < PROCESS_COUNT; p++)
		if (t->pids[p] > 0)
			kill(t->pids[p], LOG_SIGNAL(level));
	log_info("log level changed", LS("level", log_level_name(level)));
}

/* Takes over what may change in a running tree; says what may not. */
static void reload(struct tree *t)
{
	struct err err;
	struct config fresh;
	struct arena a = ARENA_INIT;
	const struct option_def *changed[OPTIONS_MAX];
	if (config_load(t->config->argc, t->config->argv, &fresh, &err) != 0) {
		config_seen(t->config);
		log_error("configuration cannot be read, keeping the old one",
			  LS("error", err.text));
		return;
	}
	size_t n = options_changed(&t->config->options, &fresh.options, changed, &a);
	for (size_t i = 0; i < n; i++)
		if (option_change(changed[i]) == OPTION_CHANGE_RESTART)
			log_warn("changed option needs a restart of the pod, ignoring",
				 LS("option", changed[i]->name));
	bool level = strcmp(t->config->options.log_level, fresh.options.log_level) != 0;
	config_adopt(t->config, &fresh);
	if (level)
		set_log_level(t);
	log_info("configuration read", LS("file", t->config->options.config));
	arena_done(&a);
}

/*
 * Signals that end a program unless it says otherwise, and that mean something to children only
 * (LOG_SIGNAL) or to nobody: as PID 1 they would be ignored, elsewhere the tree would die of one.
 */
static bool ends_the_tree(uint32_t number)
{
	return number != SIGUSR1 && number != SIGUSR2 && number < (uint32_t)SIGRTMIN;
}

/* A terminal that goes away says SIGHUP too: without a file to read again it means the end. */
static void take_signal(struct tree *t, uint32_t number)
{
	if (number == SIGCHLD || t->draining)
		return;
	if (!ends_the_tree(number)) {
		log_debug("unexpected signal, ignoring", LN("signal", number));
		return;
	}
	if (number == SIGHUP && t->config->options.config != NULL) {
		reload(t);
		return;
	}
	log_info("stopping", LN("signal", number));
	drain(t, COMMAND_FINE);
}

static void read_signals(struct tree *t)
{
	for (struct signalfd_siginfo si; read(t->signal_fd, &si, sizeof(si)) == sizeof(si);)
		take_signal(t, si.ssi_signo);
	reap_all(t);
}

static void look_at_config(struct tree *t)
{
	if (clock_boot_ms() < t->look_ms || t->draining)
		return;
	t->look_ms = clock_boot_ms() + CONFIG_LOOK_MS;
	if (config_changed(t->config))
		reload(t);
}

static void pass_time(struct tree *t)
{
	for (int p = 0; p < PROCESS_COUNT; p++) {
		struct child *c = &t->children[p];
		if (c->state != CHILD_STOPPED && c->due_ms <= clock_boot_ms())
			happen(t, (enum process)p, EVENT_DUE);
	}
	int next = t->draining ? drain_next(t->children) : -1;
	if (next >= 0)
		happen(t, (enum process)next, EVENT_TURN);
}

static void beat(struct tree *t)
{
	int64_t now_ms = clock_boot_ms();
	if (now_ms < t->beat_ms)
		return;
	t->beat_ms = now_ms + STATUS_BEAT_MS;
	status_beat(t->dir_fd, now_ms);
	if (t->status_failed)
		write_status(t);
}

/* Until a child is due, but no longer than to the next beat. */
static int wait_ms(const struct tree *t)
{
	int64_t due_ms = children_due(t->children), now_ms = clock_boot_ms();
	if (t->beat_ms < due_ms)
		due_ms = t->beat_ms;
	if (t->config->options.config != NULL && t->look_ms < due_ms)
		due_ms = t->look_ms;
	return due_ms <= now_ms ? 0 : (int)(due_ms - now_ms);
}

static bool any_alive(const struct tree *t)
{
	for (int p = 0; p < PROCESS_COUNT; p++)
		if (child_alive(&t->children[p]))
			return true;
	return false;
}

static void loop(struct tree *t)
{
	while (!t->draining || any_alive(t)) {
		beat(t);
		struct pollfd fds[PROCESS_COUNT + 1];
		for (int p = 0; p < PROCESS_COUNT; p++)
			fds[p] = (struct pollfd){.fd = t->notify_fds[p], .events = POLLIN};
		fds[PROCESS_COUNT] = (struct pollfd){.fd = t->signal_fd, .events = POLLIN};
		poll(fds, PROCESS_COUNT + 1, wait_ms(t));
		for (int p = 0; p < PROCESS_COUNT; p++)
			if (fds[p].revents != 0)
				read_notify(t, (enum process)p);
		read_signals(t);
		look_at_config(t);
		pass_time(t);
	}
}

/* Before the first fork: a SIGCHLD must not be missed. */
static int open_signals(struct err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 ? fd : err_set(err, ERR_TERMINAL, "signalfd: %s", strerror(errno));
}

int supervise(struct config *config)
{
	const struct supervisor_options *options = &config->options;
	struct tree t = {.config = config, .signal_fd = -1, .exit_code = COMMAND_ENV};
	struct err err;
	for (int p = 0; p < PROCESS_COUNT; p++)
		t.notify_fds[p] = -1;
	if ((t.dir_fd = status_open(options->socket_dir, &err)) < 0 || reap_init(&err) < 0 ||
	    (t.signal_fd = open_signals(&err)) < 0 || spawner_init(&t.spawner, options, &err) < 0) {
		log_error("cannot start", LS("error", err.text));
		return COMMAND_ENV;
	}
	log_info("supervising", LS("version", DROP_VERSION), LS("identity", t.spawner.identity),
		 LS("socket_dir", options->socket_dir), LS("config", options->config));
	for (int p = 0; p < PROCESS_COUNT; p++)
		happen(&t, (enum process)p, EVENT_START);
	t.look_ms = clock_boot_ms() + CONFIG_LOOK_MS;
	loop(&t);
	log_info("stopped", LN("code", t.exit_code));
	spawner_done(&t.spawner);
	close(t.signal_fd);
	close(t.dir_fd);
	return t.exit_code;
}
