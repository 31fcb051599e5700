/* Starts children; see spawn.h. The parent must be single-threaded. */
#include "supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/command.h"
#include "base/log.h"
#include "base/random.h"
#include "base/arena.h"
#include "base/xalloc.h"

/*
 * The default size of a thread's stack. nng starts a dozen threads, each of which counts
 * with its whole stack against RLIMIT_DATA; 8 MiB each would be most of it.
 */
#define STACK_MAX ((rlim_t)2 << 20)

/* A sanitizer's shadow memory is terabytes of private mappings: no limit can hold it. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMIT_DATA 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMIT_DATA 0
#endif
#endif
#ifndef LIMIT_DATA
#define LIMIT_DATA 1
#endif

#define DATA_LIMIT(NAME, name, rank, mib) [PROCESS_##NAME] = (rlim_t)(mib) << 20,
static const rlim_t data_limits[] = {PROCESSES(DATA_LIMIT)};

/* Where a child finds its end of the notify pipe; told as $NOTIFY_FD. */
#define NOTIFY_FD 3

struct birth { /* all that the child uses between fork and exec */
	const char *path;
	char **argv, **envp;
	int notify_fd;
	pid_t parent;
	rlim_t data;
};

static int find_bin_dir(struct spawner *s, struct err *err)
{
	if (s->options->bin_dir != NULL) {
		s->bin_dir = xstrdup(s->options->bin_dir);
		return 0;
	}
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return err_set(err, ERR_TERMINAL, "/proc/self/exe: %s; use --bin-dir",
			       strerror(errno));
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	s->bin_dir = xstrdup(self);
	return 0;
}

int spawner_init(struct spawner *s, const struct supervisor_options *options, struct err *err)
{
	*s = (struct spawner){.options = options};
	char host[HOST_NAME_MAX + 1] = "";
	if (gethostname(host, sizeof(host) - 1) < 0)
		return err_set(err, ERR_TERMINAL, "host name: %s", strerror(errno));
	snprintf(s->identity, sizeof(s->identity), "%s_%016llx", host,
		 (unsigned long long)random_id());
	snprintf(s->hash_key, sizeof(s->hash_key), "%016llx%016llx",
		 (unsigned long long)random_id(), (unsigned long long)random_id());
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, ERR_TERMINAL, "no_new_privs: %s", strerror(errno));
	return find_bin_dir(s, err);
}

void spawner_done(struct spawner *s)
{
	free(s->bin_dir);
	s->bin_dir = NULL;
}

static bool is_ours(const char *var)
{
	return strncmp(var, "NOTIFY_FD=", 10) == 0 || strncmp(var, "DROP_IDENTITY=", 14) == 0 ||
	       strncmp(var, "DROP_HASH_KEY=", 14) == 0;
}

/* Our environment with the three variables that are the child's own. */
static char **child_env(const struct spawner *s, struct arena *a)
{
	size_t n = 0;
	while (environ[n] != NULL)
		n++;
	char **envp = arena_array(a, n + 4, sizeof(*envp));
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (!is_ours(environ[i]))
			envp[k++] = environ[i];
	envp[k++] = arena_printf(a, "NOTIFY_FD=%d", NOTIFY_FD);
	envp[k++] = arena_printf(a, "DROP_IDENTITY=%s", s->identity);
	envp[k] = arena_printf(a, "DROP_HASH_KEY=%s", s->hash_key);
	return envp;
}

/* The end of the pipe becomes NOTIFY_FD; whatever we were born with ourselves ends here. */
static void arrange_fds(int notify_fd)
{
	if (notify_fd == NOTIFY_FD)
		fcntl(NOTIFY_FD, F_SETFD, 0);
	else
		dup2(notify_fd, NOTIFY_FD);
	close_range(NOTIFY_FD + 1, ~0U, 0);
}

_Noreturn static void be_born(const struct birth *b)
{
	sigset_t later; /* a change of the log level waits for the child's own loop */
	sigemptyset(&later);
	for (int level = 0; level < LOG_LEVELS; level++)
		sigaddset(&later, LOG_SIGNAL(level));
	setpgid(0, 0); /* Ctrl-C is for the supervisor, which drains in order */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != b->parent) /* it died before prctl could see it */
		_exit(COMMAND_ENV);
	struct rlimit data = {b->data, b->data}, stack;
	if (LIMIT_DATA)
		setrlimit(RLIMIT_DATA, &data);
	if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur > STACK_MAX) {
		stack.rlim_cur = STACK_MAX;
		setrlimit(RLIMIT_STACK, &stack);
	}
	arrange_fds(b->notify_fd);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &later, NULL);
	execve(b->path, b->argv, b->envp);
	const char *why = strerrordesc_np(errno);
	(void)!write(STDERR_FILENO, b->path, strlen(b->path));
	(void)!write(STDERR_FILENO, ": ", 2);
	(void)!write(STDERR_FILENO, why != NULL ? why : "?", why != NULL ? strlen(why) : 1);
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(COMMAND_ENV);
}

int spawn(const struct spawner *s, enum process p, struct spawned *ret, struct err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(err, ERR_RETRY, "pipe: %s", strerror(errno));
	struct arena a = ARENA_INIT;
	char *path = arena_printf(&a, "%s/drop-%s", s->bin_dir, process_name(p));
	struct birth b = {
		.path = path,
		.argv = options_argv(s->options, p, path, &a),
		.envp = child_env(s, &a),
		.notify_fd = fds[1],
		.parent = getpid(),
		.data = data_limits[p],
	};
	pid_t pid = fork();
	if (pid == 0)
		be_born(&b);
	int why = errno;
	arena_done(&a);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return err_set(err, ERR_RETRY, "fork: %s", strerror(why));
	}
	setpgid(pid, pid); /* also here: a kill of the group may come before the child runs */
	*ret = (struct spawned){.pid = pid, .notify_fd = fds[0]};
	return 0;
}
