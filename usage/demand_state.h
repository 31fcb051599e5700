/*
 * The data of demand.h, for the files of this room. Letters in brackets are those of
 * docs/decisions/waiting-saved.md.
 */
#ifndef DROP_USAGE_DEMAND_STATE_H
#define DROP_USAGE_DEMAND_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "usage/demand.h"

#define DAY_HOURS 24

/* Sums over the days of one hour of the day; a visit counts half after seven more. */
struct demand_image {
	char *name;             /* owned */
	float uses[DAY_HOURS];  /* [A] */
	float stays[DAY_HOURS]; /* [S] of the chance that a node's copy was not needed */
	float days[DAY_HOURS];  /* [E] visits since the image was seen first */
	float now;              /* uses in the running hour */
	float idle;             /* uses that were due since the last one */
	uint32_t gap;           /* hours since the last use */
	uint32_t pulls;         /* [n] with known time */
	double log_seconds;     /* [L] sum of ln(seconds) of these */
	double bytes;           /* 0: not known */
	bool used;              /* by a workload; else only pulls of it were seen */
};

struct demand_pool {
	char *name; /* owned */
	struct demand_image **images;
	size_t n, cap;
	struct map by_name;    /* to an image */
	float days[DAY_HOURS]; /* [TE] */
	double seconds, bytes; /* [sum T, sum B] of pulls with known size */
	double mean_nodes;     /* [N mean]; of a day */
	uint32_t nodes;
	uint32_t counted; /* of a count that has not ended */
	uint32_t ticks; /* hours learned */
	double born;    /* new nodes; half as many after seven days */
};

struct demand {
	struct demand_pool *pools[DEMAND_POOLS_MAX];
	size_t n_pools, n_images;
	int64_t hour; /* that runs; HOUR_UNKNOWN: none yet */
	uint64_t evicted;
};

#define HOUR_UNKNOWN INT64_MIN

/* NULL: not there. */
struct demand_pool *demand_find_pool(const struct demand *d, const char *name);
struct demand_pool *demand_add_pool(struct demand *d, const char *name);
/* Without a check whether it is there or there is room. name is copied. */
struct demand_image *demand_add_image(struct demand *d, struct demand_pool *p, const char *name,
				      size_t len);
bool demand_name_ok(const char *name, size_t len);
/* Frees pools and images. */
void demand_clear(struct demand *d);
/* Share of the cluster's new nodes that are this pool's; of all pools together: 1. */
double demand_share(const struct demand *d, const struct demand_pool *p);

#endif
