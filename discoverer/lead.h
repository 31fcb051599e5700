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
	int64_t demand_ms; /* lists have to have begun after it */
	bool read;         /* and they have */
};

/* After leader_heard() of the lease: a leadership that begins demands lists of its own. */
void lead_changed(struct lead *l, enum leader_change change, int64_t now_ms);
/* Everything is read, from lists that began after fresh_ms. */
void lead_read(struct lead *l, int64_t fresh_ms);
/* The demand to make of the lists; 0: none. */
int64_t lead_demand(const struct lead *l);
bool lead_may(const struct lead *l, int64_t now_ms);

#endif
