/* Children of a test: spawn, read, kill. PDEATHSIG is not used: each test ends its own. */
#include "child.h"

#include "tests/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define ARGS_MAX 32
#define ENV_MAX  256

extern char **environ;

static void environment(const char *const *env, char *out[ENV_MAX])
{
	size_t n = 0;
	for (; env != NULL && *env != NULL && n < ENV_MAX - 1; env++)
		out[n++] = (char *)*env;
	for (char **e = environ; *e != NULL && n < ENV_MAX - 1; e++)
		out[n++] = *e;
	out[n] = NULL;
}

void child_start(struct child *c, const char *program, const char *const *args,
		 const char *const *env)
{
	int fds[2];
	char *argv[ARGS_MAX] = {(char *)program}, *envp[ENV_MAX];
	for (size_t i = 0; args[i] != NULL && i < ARGS_MAX - 2; i++)
		argv[i + 1] = (char *)args[i];
	environment(env, envp);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
	buf_done(&c->seen);
	*c = (struct child){.fd = fds[0]};
	assert_int_equal(posix_spawn(&c->pid, program, &actions, NULL, argv, envp), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
}

/* Reads what there is within the time; false at the end of the pipe. */
static bool read_some(struct child *c, int timeout_ms)
{
	char bytes[4096];
	struct pollfd fd = {.fd = c->fd, .events = POLLIN};
	if (poll(&fd, 1, timeout_ms) <= 0)
		return true;
	ssize_t n = read(c->fd, bytes, sizeof(bytes));
	if (n > 0)
		buf_add(&c->seen, bytes, (size_t)n);
	return n > 0;
}

static const char *text_of(const struct child *c)
{
	return c->seen.data != NULL ? c->seen.data : "";
}

void child_expect(struct child *c, const char *text)
{
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	for (bool more = true;;) {
		const char *at = strstr(text_of(c) + c->read, text);
		if (at != NULL) {
			c->read = (size_t)(at - text_of(c)) + strlen(text);
			return;
		}
		if (!more || clock_boot_ms() > end)
			fail_msg("expected \"%s\" in:\n%s", text, text_of(c));
		more = read_some(c, 100);
	}
}

int child_count(struct child *c, const char *text)
{
	int n = 0;
	for (const char *at = text_of(c); (at = strstr(at, text)) != NULL; at += strlen(text))
		n++;
	return n;
}

bool child_says(struct child *c, const char *text, int within_ms)
{
	int64_t end = clock_boot_ms() + within_ms;
	for (bool more = true; more && child_count(c, text) == 0 && clock_boot_ms() < end;)
		more = read_some(c, 20);
	return child_count(c, text) != 0;
}

void child_expect_count(struct child *c, const char *text, int n)
{
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	for (bool more = true; child_count(c, text) < n; more = read_some(c, 100))
		if (!more || clock_boot_ms() > end)
			fail_msg("expected %d of \"%s\" in:\n%s", n, text, text_of(c));
	assert_int_equal(child_count(c, text), n);
}

int child_wait(struct child *c)
{
	int status = 0;
	int64_t end = clock_boot_ms() + PATIENCE_MS;
	while (read_some(c, 100) && clock_boot_ms() < end)
		;
	if (clock_boot_ms() >= end)
		kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	c->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_end(struct child *c, int signal)
{
	kill(c->pid, signal);
	return child_wait(c);
}

int child_threads(const struct child *c)
{
	char path[64];
	int n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)c->pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

void child_done(struct child *c)
{
	if (c->pid != 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	if (c->fd > 0)
		close(c->fd);
	buf_done(&c->seen);
	*c = (struct child){0};
}
