/*
 * Held nodes (behaviour 45, 46) for people: which there are, what each waits for, until when. Reads
 * the core and changes nothing; the decision is core/gate.h's.
 */
#ifndef DROP_RECONCILER_EXPLAIN_HELD_NODES_H
#define DROP_RECONCILER_EXPLAIN_HELD_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "reconciler/explain/explain.h"

struct held_node { /* strings: in the arena, or borrowed until the core changes */
	const char *node, *pool;
	const char
		*state; /* NotHeld, Held, Unfinished, Opening, Open: for programs, never changes */
	char *text;     /* one sentence without its full stop */
	uint32_t gating, there; /* gating images that target it, and how many it has */
	int64_t ready_s;        /* unix seconds; 0: it is not Ready */
	int64_t deadline_s;     /* unix seconds; 0: it is not held */
};

/* One node, held or not; NULL: there is no such node. */
struct held_node *held_node(struct core *c, const char *node, struct now now, struct arena *a);
/* The first max nodes that are held or being opened, by name. Returns how many there are in all. */
size_t held_nodes(struct core *c, size_t max, struct now now, struct arena *a,
		  struct held_node **ret_list, size_t *ret_n);

struct node_image_state {
	const char *image;
	bool gates;
	struct explain why;
};
/* Of one node: what explain_pair() says of each image, in queue order, at most max. */
size_t held_images(struct core *c, const char *node, size_t max, struct now now, struct arena *a,
		   struct node_image_state **ret_list);

struct held_pool {
	const char *pool;
	int64_t nodes;
};
/* Held nodes that were not opened yet, by pool. */
size_t held_pools(const struct core *c, struct arena *a, struct held_pool **ret_list);

#endif
