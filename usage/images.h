/*
 * What is known of the use of each image reference (behaviour 52): uses by hour of the last week,
 * the seconds that they waited by day, durations of pulls, namespaces. Pure; hours and days are
 * counted since 1970, in UTC.
 *
 * Bounds: 5,000 images, about 680 bytes each with their name; when there are more, one in twenty
 * goes: first those that no node was seen to have, then those with the fewest uses, the longest
 * ago.
 */
#ifndef DROP_USAGE_IMAGES_H
#define DROP_USAGE_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_IMAGES_MAX     5000
#define USAGE_HOURS          168
/* Days of waiting: all that the hours touch. */
#define USAGE_DAYS           8
#define USAGE_NAMESPACES_MAX 8
/* Buckets of the durations of pulls: bucket b begins at 50 ms times 1.25^b; the last one has no
 * end (40 minutes). */
#define USAGE_BUCKETS 48

struct usage_namespace {
	char *name; /* owned */
	uint32_t uses;
};

struct usage_image {
	char *reference; /* in normal form; owned */
	uint64_t hash;   /* ref_hash() of it */
	bool real;       /* a node was seen to have it: before that its uses count for nothing */
	double bytes;    /* 0: not known */
	int64_t last;    /* hour of the last use; 0: none */
	uint16_t hours[USAGE_HOURS];  /* uses in hour h: at h % USAGE_HOURS; saturating */
	uint8_t pulls[USAGE_BUCKETS]; /* when one is full, all are halved */
	float waited[USAGE_DAYS];     /* seconds on day d, at d % USAGE_DAYS */
	/* Their uses are halved every day, so that shares are those of the last days. */
	struct usage_namespace in[USAGE_NAMESPACES_MAX];
	size_t n_in;
	uint32_t elsewhere; /* uses in further namespaces */
};

struct usage_images { /* zeroed: empty */
	struct usage_image **at;
	size_t n, cap;
	struct usage_image **slots; /* by hash, open addressing */
	int64_t hour;               /* the newest one that can be counted in; 0: none yet */
	uint64_t evicted;
};

void usage_images_done(struct usage_images *all);
/* NULL: not known. */
struct usage_image *usage_image_find(const struct usage_images *all, uint64_t hash);
/* Adds it if it is not known; others may go. reference is copied. */
struct usage_image *usage_image_get(struct usage_images *all, const char *reference, uint64_t hash);
/* Now it is this hour: counts of a week ago go. An earlier one is ignored. */
void usage_images_hour(struct usage_images *all, int64_t hour);
/* Uses in an hour of the last week; others are not counted. */
void usage_image_use(const struct usage_images *all, struct usage_image *image, int64_t hour,
		     uint64_t uses, const char *ns);
void usage_image_pull(struct usage_image *image, double seconds);
/* A workload waited for a pull of it in that hour; others than those of the last week: ignored. */
void usage_image_wait(const struct usage_images *all, struct usage_image *image, int64_t hour,
		      double seconds);
/* Seconds that workloads waited, in the days of the last USAGE_HOURS. */
double usage_image_waited(const struct usage_image *image);
/* Uses in the hours from from_hour on. */
uint64_t usage_image_uses(const struct usage_images *all, const struct usage_image *image,
			  int64_t from_hour);
/* Seconds in the middle of a bucket. */
double usage_bucket_seconds(size_t bucket);
/* The images, the most valuable first; the array lives until the next call or change. */
void usage_images_sort(struct usage_images *all);

#endif
