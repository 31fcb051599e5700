/*
 * What the screen shows, as plain numbers and texts: taken from store, nodes, timeline and
 * tally once a picture, drawn by code that knows none of them.
 */
#ifndef DROP_SIM_SCREEN_STATE_H
#define DROP_SIM_SCREEN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"

#include "sim/play/timeline.h"

struct control;

enum { /* of a cell besides 0..100: percent of the image that the node has */
       CELL_WAITING = -1,
       CELL_FAILING = -2,
       CELL_NO_NODE = -3,
       CELL_NOT_READY = -4,  /* the node; what it has is still there */
       CELL_NOT_WANTED = -5, /* the image's nodeSelector leaves the node out */
};

struct screen_image { /* a CachedImage */
	const char *name;
	const char *phase; /* "": no status yet */
	const char *cause; /* message of its Ready condition, "" if there is none */
	int64_t targeted, ready, pulling, failed;
	const int16_t *cells; /* one a node */
};

struct screen_node {
	const char *group; /* its name without the number */
	bool exists, ready;
	bool held;                    /* it has one of its group's startup taints */
	const struct api_map *labels; /* of its group in the scenario; NULL: none */
};

struct screen_state {
	const char *title;
	int64_t elapsed_ms;
	const struct screen_image *images; /* by name */
	size_t n_images;
	const struct screen_node *nodes;
	size_t n_nodes, nodes_there, nodes_held;
	int64_t wanted, had;             /* pairs of node and image, by status */
	int64_t pulling, waiting;        /* by status */
	uint64_t done, failed;           /* pulls, by the nodes */
	uint64_t requests;               /* of the operator, without leases */
	uint64_t pod_requests;           /* creates and deletes of pods among them */
	const struct timeline *timeline; /* for events */
	size_t n_events;
	size_t steps_waiting;
};

/* Everything in ret lives in the arena or is borrowed from the control's parts. */
void screen_state_take(const struct control *c, struct now now, struct arena *a,
		       struct screen_state *ret);

#endif
