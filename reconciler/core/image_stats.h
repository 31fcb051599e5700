/*
 * Numbers of each image for metrics. Read-only.
 */
#ifndef DROP_RECONCILER_CORE_IMAGE_STATS_H
#define DROP_RECONCILER_CORE_IMAGE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct core;

struct image_stats { /* of one image; strings are borrowed until the core changes */
	const char *image, *reference;
	const char *policy; /* that paces it; "" the default one */
	bool degraded, suspended;
	uint32_t targeted, ready, active, waiting;
	uint32_t failures;  /* in a row, of the node that has the most (behaviour.md 19) */
	int64_t waiting_ms; /* boot ms since which nodes of it wait; 0: none does */
};

/* One row an image, in queue order; their number is returned. */
size_t core_image_stats(const struct core *c, struct arena *a, struct image_stats **ret_list);

struct window_stats { /* of a policy with pull windows (51) */
	const char *policy;
	bool open;
	int64_t change_s; /* when that changes, unix seconds; 0: no clock tells */
};
size_t core_window_stats(const struct core *c, struct arena *a, struct window_stats **ret_list);
bool core_has_node(const struct core *c, const char *name);

#endif
