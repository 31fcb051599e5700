/*
 * A core of sets, a clock and a small pretend API server, for tests that tell a story:
 * what the core writes is done and shown to it again, unless the story says otherwise.
 */
#ifndef DROP_TESTS_RECONCILER_SETS_SETS_RIG_H
#define DROP_TESTS_RECONCILER_SETS_SETS_RIG_H

#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>

#include "reconciler/sets/sets.h"

#define RIG_BOOT_MS 1000000
#define RIG_WALL_S  1700000000
#define RIG_OBJECTS 256
#define RIG_ROOM    64

struct sets_rig {
	struct sets *sets;
	struct now now;
	struct arena turn, keep;
	struct set_actions acts;
	int64_t next_ms;
	uint64_t rv, uids;
	struct cachedimage *images[RIG_OBJECTS]; /* what the API server has; NULL: free */
	struct cachedimageset set;               /* the set of the story, named "s" */
	size_t n_creates, n_adopts, n_patches, n_deletes, n_statuses; /* done by rig_settle */
};

void rig_new(struct sets_rig *r);
void rig_done(struct sets_rig *r);
/* Forgets the core, and shows another all there is. */
void rig_restart(struct sets_rig *r);
void rig_lead(struct sets_rig *r);

/* "nginx:1 redis@sha256:..": the set's list, as image and tag or digest. New or changed. */
void rig_set(struct sets_rig *r, const char *images);
/* Shows the set as it stands in r->set, as a new generation. */
void rig_set_changed(struct sets_rig *r);
/* ready: status of its Ready condition, or NULL; refs: separated by blanks. */
void rig_discovery(struct sets_rig *r, const char *name, const char *ready, const char *refs);

/* Makes a CachedImage by hand; owner: uid of a set, or NULL. Returns what the server has. */
struct cachedimage *rig_image(struct sets_rig *r, const char *name, const char *owner,
			      const char *reference);
/* Shows it again, with another resourceVersion, after the story changed it. */
void rig_changed(struct sets_rig *r, struct cachedimage *ci);
void rig_phase(struct sets_rig *r, struct cachedimage *ci, const char *phase);
void rig_remove(struct sets_rig *r, struct cachedimage *ci);
struct cachedimage *rig_get(struct sets_rig *r, const char *name);
/* "a b c": names of all CachedImages, sorted. */
const char *rig_names(struct sets_rig *r);

/* Lets time pass and takes a turn; what it wants is in r->acts. */
void rig_turn(struct sets_rig *r, int64_t ms);
/* Does one write and shows what came of it. */
void rig_do(struct sets_rig *r, const struct set_write *w);
/* Turns, everything done, until nothing is wanted any more. */
void rig_settle(struct sets_rig *r);
/* The only write of that kind in the last turn; fails if there is none or more. */
const struct set_write *rig_only(struct sets_rig *r, enum set_verb verb);
size_t rig_count(const struct sets_rig *r, enum set_verb verb);
const struct api_condition *rig_ready(const struct sets_rig *r);

#endif
