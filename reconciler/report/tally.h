/*
 * What pre-pulling was worth (behaviour 56): first starts of kept images, counted once a node and
 * digest, by image, by hour and in all. Pure. The room's files:
 *
 *   tally    the counts
 *   copies   what of them came by us and was used since, on each node
 *   started  what one start means, by what the core knows
 *   stored   the whole as bytes and back: it outlives restarts and leaders
 *
 * Bounds: 2,000 images by name, further ones only in the sum; 168 hours; those of copies.h.
 */
#ifndef DROP_RECONCILER_REPORT_TALLY_H
#define DROP_RECONCILER_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

#include "reconciler/report/copies.h"

#define TALLY_IMAGES_MAX 2000
#define TALLY_HOURS      168

struct tally_sum {
	uint64_t hits, misses;
	uint64_t
		untimed; /* of the hits: no pull of the image was ever timed, so nothing is saved */
	double saved_s;  /* hits times the image's typical pull */
	double waited_s; /* by the misses */
};

struct tally_image {
	char *image; /* name of the CachedImage; owned */
	struct tally_sum sum;
};

struct tally_hour {
	int64_t hour; /* since 1970 */
	struct tally_sum sum;
};

struct tally_pulls {
	uint64_t pulled_bytes, avoided, avoided_bytes;
};

struct tally {                    /* zeroed: does not count yet */
	int64_t since_s;
	uint64_t rv;              /* all is counted up to this version of an event, */
	int64_t newest_s;         /* of this time at the latest */
	bool complete;            /* who stored it counted nothing after that */
	uint64_t lost;            /* starts that were forgotten before they were read, at least */
	struct tally_pulls pulls; /* by earlier processes */
	struct tally_sum all;
	struct map by_image;                  /* struct tally_image */
	struct tally_hour hours[TALLY_HOURS]; /* hour h at h % TALLY_HOURS */
	struct copies copies;
};

struct tally_start {
	const char *image, *node_uid;
	const char *digest; /* or reference: what makes it another image */
	int64_t at_s;
	bool hit;
	double seconds; /* hit: that a pull takes, 0: not known; miss: that it waited */
};

/* Forgets all, and counts from now_s on; key: of copies. */
void tally_begin(struct tally *t, int64_t now_s, struct hash_key key);
void tally_done(struct tally *t);
/* false: it was counted before, or is older than since_s. */
bool tally_add(struct tally *t, const struct tally_start *start);
/* The counts of the image, made if there is room; NULL: there is none. */
struct tally_image *tally_image(struct tally *t, const char *name);
/* The images, those that saved or waited most first; the caller frees the array. */
const struct tally_image **tally_images(const struct tally *t, size_t *ret_n);

#endif
