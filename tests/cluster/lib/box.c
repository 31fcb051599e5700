/* The one static program inside the test images, and PID 1 of sandboxes and nodes. It is called by many names:
 *   true false          what pull pods run
 *   sleep SECONDS       a container that stays a while (no argument: for ever)
 *   echo WORDS...       a container with a log
 *   pause (or other)    waits for a signal and reaps what is left to it, as the first process of a PID namespace must
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

static void stay(void)
{
	sigset_t child;

	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	/* Blocked and waited for: no child can end between the reaping and the wait. */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (;;) {
		int got;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sigwait(&child, &got);
	}
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (strcmp(name, "true") == 0)
		return 0;
	if (strcmp(name, "false") == 0)
		return 1;
	if (strcmp(name, "echo") == 0) {
		for (int i = 1; i < argc; i++)
			printf("%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
		return 0;
	}
	if (strcmp(name, "sleep") == 0 && argc > 1) {
		signal(SIGTERM, leave);
		sleep((unsigned)strtoul(argv[1], NULL, 10));
		return 0;
	}
	stay();
	return 0;
}
