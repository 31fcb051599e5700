/* Collects exit statuses; see reap.h. */
#include "supervisor/reap.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int reap_init(struct err *err)
{
	if (getpid() != 1 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_set(err, ERR_TERMINAL, "become subreaper: %s", strerror(errno));
	return 0;
}

bool reap_next(struct death *ret)
{
	int status;
	pid_t pid;
	do
		pid = waitpid(-1, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid <= 0)
		return false;
	*ret = (struct death){
		.pid = pid,
		.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	};
	return true;
}
