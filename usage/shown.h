/*
 * What was seen of workloads, for people (dropctl usage): images in the order of what each is worth
 * on a new node, and the node pools that this was learned for. Pure.
 */
#ifndef DROP_USAGE_SHOWN_H
#define DROP_USAGE_SHOWN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#include "usage/fold.h"

struct shown_image {
	const struct usage_image *image; /* borrowed from usage: valid until it is changed */
	uint64_t starts;                 /* in the last USAGE_HOURS */
	double waited;                   /* by these for pulls, seconds */
	double value;                    /* of waitingSaved (behaviour 54), seconds; 0: none yet */
};

/* All images, by value, then by starts, equal ones by name. The array is in a. */
size_t usage_shown_images(const struct usage *u, struct arena *a, struct shown_image **ret);

struct shown_pool {
	const char *name; /* "": nodes without one, and those of pools that find no place */
	size_t nodes;     /* now */
	size_t images;
	uint32_t hours; /* that were learned */
};

/* By order of arrival. The array, of DEMAND_POOLS_MAX at most, is in a; names are borrowed. */
size_t usage_shown_pools(const struct usage *u, struct arena *a, struct shown_pool **ret);

#endif
