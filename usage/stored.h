/*
 * Usage as bytes, for ConfigMaps and for the discoverer (behaviour 52): two parts, each compressed
 * and at most STORED_PART_MAX long, what is worth most first. Pure.
 */
#ifndef DROP_USAGE_STORED_H
#define DROP_USAGE_STORED_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#include "usage/fold.h"

/* Part 0: images, coverage, the version; part 1: the demand of node pools. */
#define STORED_PARTS 2
/* The ConfigMap after them is the report's (reconciler/report/stored.h): 1 MiB in all (52). */
#define STORED_PART_MAX (256 * 1024)
/* Bytes of a part once it is inflated: what is more is refused. */
#define STORED_RAW_MAX (16 * 1024 * 1024)

/* Appends the part to out. Returns how many images found no room. */
size_t usage_store(struct usage *u, int part, struct buf *out);
/*
 * Sets u to what the part has. What was seen last is the time from then on, if our clock is behind
 * it (usage_time). ERR_TERMINAL: it is not understood, and u is as it was.
 */
int usage_restore(struct usage *u, int part, const void *bytes, size_t len, struct now now,
		  struct err *err);

#endif
