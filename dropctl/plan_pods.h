/*
 * In how many pods the pulls of a plan go (behaviour 42). The least that is possible: which images
 * start at one moment, are proven and of known size is not known before. Pure.
 */
#ifndef DROP_DROPCTL_PLAN_PODS_H
#define DROP_DROPCTL_PLAN_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/msg.h"

struct plan_group;

struct plan_pods { /* zeroed: nothing is planned */
	struct plan_group *groups;
	size_t n, cap;
};

struct plan_total {
	uint64_t pulls, pods;
	bool least; /* there may be more pods */
};

/* One image. Its first rows are nodes that pull it; of pulls without a row the node is not known.
 */
void plan_pods_add(struct plan_pods *all, const struct msg_planned *m);
struct plan_total plan_pods_total(const struct plan_pods *all);
void plan_pods_done(struct plan_pods *all);

#endif
