/*
 * What pre-pulling was worth (behaviour 56): first starts of kept images, counted once a node and
 * digest, by image, by hour and in all. Pure; nothing of it survives a restart, and `since_s` says
 * so. The room's files:
 *
 *   tally    the counts
 *   started  what one start means, by what the core knows
 *
 * Bounds: 2,000 images by name, further ones only in the sum; 168 hours; a table of 65,536 pairs.
 */
#ifndef DROP_RECONCILER_REPORT_TALLY_H
#define DROP_RECONCILER_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

#define TALLY_IMAGES_MAX 2000
#define TALLY_HOURS      168
#define TALLY_PAIRS      65536

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

struct tally { /* zeroed: does not count yet */
	int64_t since_s;
	uint64_t lost; /* starts that were forgotten before they were read */
	struct tally_sum all;
	struct map by_image;                  /* struct tally_image */
	struct tally_hour hours[TALLY_HOURS]; /* hour h at h % TALLY_HOURS */
	uint64_t *pairs; /* what was counted, by hash; a newer one may displace another */
};

struct tally_start {
	const char *image, *node_uid;
	const char *digest; /* or reference: what makes it another image */
	int64_t at_s;
	bool hit;
	double seconds; /* hit: that a pull takes, 0: not known; miss: that it waited */
};

/* Forgets all, and counts from now_s on. */
void tally_begin(struct tally *t, int64_t now_s);
void tally_done(struct tally *t);
/* false: it was counted before, or is older than since_s. */
bool tally_add(struct tally *t, const struct tally_start *start);
/* The images, those that saved or waited most first; the caller frees the array. */
const struct tally_image **tally_images(const struct tally *t, size_t *ret_n);

#endif
