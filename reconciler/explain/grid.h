/*
 * All images in sum, and a grid of images and nodes, for the status page (behaviour 56). Reads the
 * core and changes nothing. A pair costs a look at its flags; only those that the node should have
 * and lacks are explained, so a grid in which all is cached is cheap.
 */
#ifndef DROP_RECONCILER_EXPLAIN_GRID_H
#define DROP_RECONCILER_EXPLAIN_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "reconciler/explain/explain.h"

/* Nodes that have a column each; if there are more, each pool has one. */
#define GRID_NODES_MAX 100
/* Columns of pools: the first by name; the last one is all the others together. */
#define GRID_POOLS_MAX 50
/* Rows; fewer if they would have more pairs (image, node): about 20 ms. */
#define GRID_ROWS_MAX  100
#define GRID_PAIRS_MAX 200000

struct grid_totals {
	uint32_t images, images_ready, images_degraded;
	/* Pairs (image, node); failing: the last pull failed, and the node lacks the image. */
	uint64_t targeted, ready, pulling, failing;
};
struct grid_totals grid_totals(const struct core *c);

/*
 * Names of at most max images. If there are more: Degraded ones first, then Pulling, Pending and
 * Ready ones. Queue order (priority, name) otherwise.
 */
size_t grid_images(const struct core *c, size_t max, struct arena *a, const char ***ret_list);

struct grid_column {
	const char *name; /* of the node, or of the pool: "" has no pool; NULL: the other pools */
	uint32_t nodes;
};

struct grid_cell {
	uint32_t groups[GROUPS]; /* nodes by group */
	/* The first of backoff, pulling, waiting, notready, done, skipped with any node. */
	enum explain_group state;
	struct explain why; /* of the first node in that state, by name; unset if state is done */
};

struct grid_row {
	const char *image, *phase;
	struct grid_cell *cells; /* one per column */
};

struct grid { /* strings: borrowed until the core changes, or in the arena */
	bool by_pool;
	uint32_t nodes; /* that exist, but for virtual ones, which have no column */
	struct grid_column *columns;
	struct grid_row *rows; /* as grid_images() chooses them */
	size_t n_columns, n_rows;
};

/* Rows only while leading: nothing is known of a pair otherwise. */
void grid_make(struct core *c, size_t max_rows, struct now now, struct arena *a, struct grid *ret);

#endif
