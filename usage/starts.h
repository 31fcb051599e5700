/*
 * First starts: the first start of an image by a workload on a node, and the first one after each
 * pull of ours there, for the report of what we saved (behaviour 56). A log of fixed size,
 * numbered, that the reconciler reads; it alone knows which images are kept where. Pure.
 *
 * Bounds: the last 4,096 starts, with their texts about 1 MB; a table of 65,536 pairs,
 * 512 KB, in which a newer pair may displace another, first one whose start was told: of 20,000
 * pairs 10 to 20 are lost.
 */
#ifndef DROP_USAGE_STARTS_H
#define DROP_USAGE_STARTS_H

#include <stdbool.h>
#include <stdint.h>

#define STARTS_MAX   4096
#define STARTS_PAIRS 65536

enum start_brought {                  /* how the image came onto the node before the start */
		     BROUGHT_UNKNOWN, /* by whom was not seen */
		     BROUGHT_BY_US,
		     BROUGHT_BEFORE, /* our pod found it there */
};

struct start {
	uint64_t seq;
	char *node, *node_uid, *image; /* owned; image in normal form */
	int64_t at_s;                  /* unix seconds */
	bool cold;                     /* it was not there: the start waited for its pull */
	bool again;    /* it was pulled for longer than a look takes, though it was there once */
	double waited; /* seconds, including waiting; -1: not said */
	enum start_brought brought;
};

struct starts;

struct starts *starts_new(void);
void starts_free(struct starts *s);
/* A pull pod of ours ended there; pulled: false, if the image was there. */
void starts_pulled(struct starts *s, const char *node_uid, uint64_t image_hash, bool pulled);
/* A workload started there. start: texts are copied, seq and brought are set here. */
void starts_used(struct starts *s, uint64_t image_hash, const struct start *start);
/* Number of the newest one; 0: there was none. */
uint64_t starts_head(const struct starts *s);
/* The oldest that is kept of those numbered above seq; NULL: there is none. */
const struct start *starts_after(const struct starts *s, uint64_t seq);

#endif
