/*
 * When the discoverer may act (behaviour.md 32): it holds the lease, and has read the
 * DiscoveryPolicies consistently since it does. Pure: what happened goes in.
 */
#ifndef DROP_DISCOVERER_LEAD_H
#define DROP_DISCOVERER_LEAD_H

#include <stdbool.h>
#include <stdint.h>

struct lead {              /* zeroed: standby */
	uint64_t term;     /* 0: this instance does not lead */
	int64_t until_ms;  /* nothing is written or asked after it */
	int64_t demand_ms; /* lists have to have begun after it */
	bool read;         /* and they have */
};

/* The watcher said who leads, until when. */
void lead_lease(struct lead *l, uint64_t term, int64_t until_ms, int64_t now_ms);
/* Time passed: a lease that was not renewed ends here. */
void lead_tick(struct lead *l, int64_t now_ms);
/* Everything is read, from lists that began after fresh_ms. */
void lead_read(struct lead *l, int64_t fresh_ms);
/* The demand to make of the lists; 0: none. */
int64_t lead_demand(const struct lead *l);
bool lead_may(const struct lead *l, int64_t now_ms);

#endif
