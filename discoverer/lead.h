/*
 * When the discoverer may act (behaviour.md 32): it holds the lease, and has read the
 * DiscoveryPolicies consistently since it does. Pure: what happened goes in.
 */
#ifndef DROP_DISCOVERER_LEAD_H
#define DROP_DISCOVERER_LEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/leader.h"

struct lead { /* zeroed: standby */
	struct leader lease;
	int64_t demand_ms; /* lists must have begun after this moment */
	bool read;         /* such lists were read */
};

/* Call after leader_heard() of the lease: a new leadership needs lists that began after it. */
void lead_changed(struct lead *l, enum leader_change change, int64_t now_ms);
/* Everything is read, from lists that began after fresh_ms. */
void lead_read(struct lead *l, int64_t fresh_ms);
/* The moment after which lists must have begun; 0: any list will do. */
int64_t lead_demand(const struct lead *l);
bool lead_may(const struct lead *l, int64_t now_ms);

#endif
