/*
 * A synthetic cluster for some weeks: which nodes live when, and which images workloads start on
 * them. Nodes come by mass rotation, rolling replacement and autoscaling; repositories have Zipf
 * popularity, some get a new tag every few days; the day has office hours, the week a weekend,
 * and each day noise; batches run at night, some every night, some once.
 */
#ifndef DROP_BENCH_REPLAY_WORLD_H
#define DROP_BENCH_REPLAY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOUR_S 3600.0
#define DAY_S  86400.0

/* Days that are only learned from, and those whose new nodes count; one more for what runs on the
 * last of these. Day 0 is a Monday. */
#define LEARN_DAYS 14
#define COUNT_DAYS 14
#define DAYS       (LEARN_DAYS + COUNT_DAYS + 1)

struct image {
	double bytes, seconds; /* size, and the median time to pull it */
	int pool;
};

struct start {     /* of a container */
	double at; /* seconds from the first day's 00:00 */
	double runs;
	int image, node;
	bool first; /* of this image on this node */
};

struct world_node {
	double born, dies;
	int pool;
	int *starts; /* in its first day; indices, by time */
	size_t n, cap;
};

struct world {
	uint64_t seed;
	int pools;
	struct image *images;
	size_t n_images, cap_images;
	struct start *starts; /* by time */
	size_t n_starts, cap_starts;
	struct world_node *nodes; /* by birth */
	size_t n_nodes, cap_nodes;
};

/* pools: 1, or more whose workloads share few images. Owned; world_done() frees. */
void world_make(struct world *w, uint64_t seed, int pools);
void world_done(struct world *w);
/* How long a pull of image on node takes, each time it is asked. */
double world_pull_seconds(const struct world *w, int image, int node);

#endif
