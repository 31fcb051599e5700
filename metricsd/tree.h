/*
 * State of the supervisor and its children, from its files in the socket folder
 * (supervisor/status_file.h): the supervisor does not link nng, so it has no socket.
 */
#ifndef DROP_METRICSD_TREE_H
#define DROP_METRICSD_TREE_H

#include <stdbool.h>
#include <stdint.h>

/* Its loop writes a heartbeat every 5 s; without one for so long it is stuck. */
#define TREE_STUCK_MS     20000
#define TREE_CHILDREN_MAX 16

struct tree_child {
	char name[24], state[24];
	int pid; /* 0: not running */
	unsigned restarts;
};

struct tree {
	bool supervised; /* there is, or was, a supervisor */
	bool alive;      /* its loop runs; also true where there is none */
	struct tree_child children[TREE_CHILDREN_MAX];
	int n;
};

void tree_read(const char *socket_dir, int64_t now_ms, struct tree *ret);

#endif
