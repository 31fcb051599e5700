/*
 * What a node says it has (behaviour.md 17, 18), from node.status.images: kept small, as
 * there are thousands of nodes. Pure.
 *
 * The list is sorted by size, largest first, and cut at a number that the kubelet's
 * configuration sets and nothing reports (nodeStatusMaxImages, default 50, -1: never);
 * so an image that is not listed is proven absent only by a smaller one that is.
 */
#ifndef DROP_RECONCILER_RULES_PRESENCE_H
#define DROP_RECONCILER_RULES_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"

/* A heartbeat proves nothing about a pull that ended less than this long before it. */
#define PRESENCE_AFTER_S 60

/*
 * A size in 16 bits, rounded down by less than 0.1%, so that "larger than" stays true when
 * it says so. 0: unknown; a known size is at least 1.
 */
typedef uint16_t presence_size;
presence_size presence_size_of(int64_t bytes);
int64_t presence_bytes(presence_size size);

/* More bytes than any image has: 8 TiB. A list is no longer than what a Node may be (1.5 MB).
 */
#define PRESENCE_LARGEST (INT64_C(1) << 43)

struct presence { /* zeroed: nothing was ever reported */
	bool ready;
	bool names_full;     /* an image has as many names as are ever shown: some may be hidden */
	int64_t heartbeat_s; /* of the Ready condition, by the kubelet's clock; 0: none */
	/*
	 * Seconds by which the kubelet's clock is ahead of ours: a heartbeat was received at least
	 * that long before its own time. Negative: it is behind. Late news is no sign of that until
	 * it is PRESENCE_LATE_S late.
	 */
	int64_t ahead_s;
	int64_t smallest;  /* bytes of the smallest image listed */
	uint64_t total;    /* bytes of all images listed */
	uint64_t known;    /* hash of all this, to see a change */
	uint32_t n_images; /* listed */
	uint32_t n;        /* names listed */
	uint64_t *names;   /* node_name_hash(), sorted; owned, with what follows in one block */
	presence_size *sizes;
	uint16_t *entries; /* which image of the list has the name; see PRESENCE_NAMES_FULL */
};

/*
 * A list that is received is no older than this, by the kubelet's periods (5 min by default) and
 * the delay of watches: if its heartbeat says so, the two clocks differ.
 */
#define PRESENCE_LATE_S (60 * 60)

/* Reads a trimmed node (node_trim) at now_s (unix, ours); returns whether anything changed. */
bool presence_read(struct presence *p, const struct node *node, int64_t now_s);
void presence_done(struct presence *p);
/* In entries[]: that image has as many names as are ever shown, so it may have others. */
#define PRESENCE_NAMES_FULL 0x8000

/* The size under that name; 0: it is not listed. */
presence_size presence_find(const struct presence *p, uint64_t name);
/* The number of the image that has the name, with PRESENCE_NAMES_FULL; -1: it is not listed. */
int presence_entry(const struct presence *p, uint64_t name);
/* When the list was made, by our clock as far as the difference is known. 0: no heartbeat. */
int64_t presence_made_s(const struct presence *p);
/*
 * 18. Is it proven that an image that is not listed is not there? size: as this node
 * reported it earlier, 0 if it never did; pulled_s: end of our last pull of it, by our clock.
 */
bool presence_disproved(const struct presence *p, presence_size size, int64_t pulled_s);

#endif
