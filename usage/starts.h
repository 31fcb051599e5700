/*
 * What brought an image onto a node and what started there, for the report of what we saved
 * (behaviour 56): the pulls of our pods, and the first start by a workload after each. A log of
 * fixed size in the order of the events' versions, that the reconciler reads; it alone knows which
 * images are kept where, and what was counted. Pure.
 *
 * After a restart the log has the events that the API server still has, so that a reader that
 * says up to which version it has counted misses nothing.
 *
 * Bounds: the last 4,096 entries, with their texts about 1 MB, and during the first list 8,192
 * more; a table of 65,536 pairs, 512 KB, in which a newer pair may displace another, first one whose
 * start was told. A pair that was displaced is told again.
 */
#ifndef DROP_USAGE_STARTS_H
#define DROP_USAGE_STARTS_H

#include <stdbool.h>
#include <stdint.h>

#define STARTS_MAX        4096
#define STARTS_LISTED_MAX 8192
#define STARTS_PAIRS      65536

struct start {
	uint64_t seq;                  /* without gaps, from 1 */
	uint64_t rv;                   /* of the event */
	char *node, *node_uid, *image; /* owned; image in normal form */
	uint64_t hash;                 /* ref_hash() of it */
	int64_t at_s;                  /* unix seconds */
	bool own;                      /* a pull pod of ours; else a workload */
	bool cold; /* the image was not there: it was pulled, and who started waited */
	bool fetched;   /* it took so long that it fetched something, though the node lists it by now:
			 * the event came late */
	bool again;     /* it was pulled for longer than a look takes, though it was there once */
	double seconds; /* of the pull; -1: not said */
	double waited;  /* the same including waiting; -1: not said */
};

struct starts;

struct starts *starts_new(void);
void starts_free(struct starts *s);
/* Events come in the order of their names until starts_sort(): they are put into that of versions. */
void starts_unsorted(struct starts *s);
void starts_sort(struct starts *s);
/* Texts are copied, seq is set here. What adds nothing to what the log had of the pair is left out. */
void starts_add(struct starts *s, const struct start *start);
/* Number of the newest one; 0: there was none. */
uint64_t starts_head(const struct starts *s);
/* The oldest that is kept of those numbered above seq; NULL: there is none. */
const struct start *starts_after(const struct starts *s, uint64_t seq);
/* The highest version of those that were left out because there were too many; 0: none was. */
uint64_t starts_forgotten_rv(const struct starts *s);

#endif
