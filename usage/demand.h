/*
 * What workloads start on the nodes of each pool, hour by hour: the state behind the ranking
 * waitingSaved (behaviour 54). Pure: no clock, no I/O. The room's files:
 *
 *   demand         the state: uses, pulls, hours; what is forgotten when there is too much
 *   demand_save    the state as bytes and back
 *   waiting_saved  the ranking: the waiting that an image on a new node saves
 *   node_pool      which pool a node belongs to
 *
 * A use is a container of a workload's pod that starts with an image, whether the image was there
 * or was pulled; pull pods of ours are none. The caller deduplicates. Hours are counted since 1970,
 * in UTC. A day that passes halves nothing by itself: each hour of the day remembers its past with
 * a half-life of seven visits.
 *
 * Bounds: 5,000 images a pool, 20,000 in all, 64 pools; names of at most 512 bytes. About 450
 * bytes an image with its name, 10 MB in all.
 */
#ifndef DROP_USAGE_DEMAND_H
#define DROP_USAGE_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DEMAND_POOL_IMAGES_MAX 5000
#define DEMAND_IMAGES_MAX      20000
#define DEMAND_POOLS_MAX       64
#define DEMAND_NAME_MAX        512

struct demand;

/* Owned by the caller; nothing is known yet. demand_free(NULL) does nothing. */
struct demand *demand_new(void);
void demand_free(struct demand *d);

/*
 * The running hour is `hour` from now on. complete: every use in the hour that ran until now was
 * reported; it is learned from then. If not, its uses are dropped: how many there were is
 * unknown, not 0. Hours in between are skipped in the same way. An earlier hour is ignored. The
 * first call only says which hour runs.
 */
void demand_hour(struct demand *d, int64_t hour, bool complete);

/*
 * Facts of the running hour. pool "" is that of nodes without one; when there are too many pools,
 * new ones are counted there, too. Images and pools with other names than printable ASCII of at
 * most DEMAND_NAME_MAX bytes are ignored.
 */
void demand_use(struct demand *d, const char *pool, const char *image, unsigned count);
/*
 * An image that was not on the node was pulled, for us or a workload: seconds without waiting,
 * bytes of the image; 0: not known.
 */
void demand_pull(struct demand *d, const char *pool, const char *image, double seconds,
		 double bytes);
/* The size of an image, from elsewhere than a pull, in every pool that knows the image. */
void demand_size(struct demand *d, const char *image, double bytes);
/*
 * The pool has that many nodes, born of them new since the last count. Counts of one pool add up
 * until demand_nodes_end(), from which on they are the numbers of nodes; other pools have none.
 */
void demand_nodes(struct demand *d, const char *pool, unsigned nodes, unsigned born);
void demand_nodes_end(struct demand *d);

/* Images of all pools; of one (NULL, or unknown: 0); whether a workload used it in any. */
size_t demand_images(const struct demand *d);
size_t demand_pool_images(const struct demand *d, const char *pool);
bool demand_used(const struct demand *d, const char *image);
/* The geometric mean of the seconds of its pulls in all pools; 0: none is known. */
double demand_pull_seconds(const struct demand *d, const char *image);
/* Images that were forgotten because there were too many. */
uint64_t demand_evicted(const struct demand *d);
/* Names of the pools, by order of arrival; NULL: there are no more. */
const char *demand_pool(const struct demand *d, size_t i);

/*
 * Appends the state as bytes, at most `limit` of them: the images that are worth most first. The
 * same scores come out of what was restored. Returns the images that found no room.
 */
size_t demand_save(const struct demand *d, struct buf *out, size_t limit);
/*
 * Into a state that knows nothing. Bytes of another version or that are not understood to the last
 * one: -1, and d knows nothing still (ERR_TERMINAL).
 */
int demand_restore(struct demand *d, const void *bytes, size_t len, struct err *err);

#endif
