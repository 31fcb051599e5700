/*
 * Reaps processes: children and, as PID 1 or subreaper, orphans.
 */
#ifndef DROP_SUPERVISOR_REAP_H
#define DROP_SUPERVISOR_REAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct death {
	pid_t pid;
	int code;   /* exit code, -1 when a signal ended it */
	int signal; /* 0 when it exited by itself */
};

/* Orphans below us become our children, unless we are PID 1 and get them anyway. */
int reap_init(struct err *err);
/* The next dead child; false: no more for now. */
bool reap_next(struct death *ret);

#endif
