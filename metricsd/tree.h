/*
 * State of the supervisor and its children, from its files in the socket folder
 * (supervisor/status_file.h): it links no nng, so it cannot be asked.
 */
#ifndef DROP_METRICSD_TREE_H
#define DROP_METRICSD_TREE_H

#include <stdbool.h>
#include <stdint.h>

/* Its loop beats every 5 s; without a beat for so long it is stuck. */
#define TREE_STUCK_MS     20000
#define TREE_CHILDREN_MAX 16

struct tree_child {
	char name[24], state[24];
	int pid; /* 0: not running */
	unsigned restarts;
};

struct tree {
	bool supervised; /* a supervisor has ever been here */
	bool alive;      /* it goes round; also true where there is none */
	struct tree_child children[TREE_CHILDREN_MAX];
	int n;
};

void tree_read(const char *socket_dir, int64_t now_ms, struct tree *ret);

#endif
