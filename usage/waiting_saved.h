/*
 * The ranking waitingSaved (behaviour 54): the seconds of waiting that one pull of an image ahead
 * of time, onto one new node of a pool, is expected to save in the next 24 hours. Waiting counts
 * as much as people wait for it: by how busy the pool is at that hour of the day. Pure.
 */
#ifndef DROP_USAGE_WAITING_SAVED_H
#define DROP_USAGE_WAITING_SAVED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "usage/demand.h"

/* Until a pool has been watched for that many hours, its images are ranked by all their uses. */
#define WAITING_YOUNG_HOURS 12

struct waiting_how {
	bool all_waiting; /* each hour's waiting counts the same */
	unsigned young_hours;
};

struct waiting_saved {
	const char *image; /* borrowed from the state: valid until it is changed */
	double value;      /* seconds saved, for one new node; never negative */
	double seconds;    /* that a pull takes */
	double chance;     /* that the copy spares somebody a wait, weighted: 0 to 1 */
};

/*
 * Images that workloads used in that pool, best first, equal ones by name; pool NULL: in any pool,
 * value is then the sum over the pools of each one's value times its share of new nodes (seconds
 * and chance are those of the pool that adds most). Unknown pool: none. The array is in a.
 */
size_t waiting_saved_rank(const struct demand *d, const char *pool, const struct waiting_how *how,
			  struct arena *a, struct waiting_saved **ret);

#endif
