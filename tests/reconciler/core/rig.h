/*
 * A core, a clock and the shortest way to say what it sees; for tests that tell a
 * story. The rig keeps the last turn's actions and gives pods their fate by the start
 * that asked for them.
 */
#ifndef DROP_TESTS_RECONCILER_CORE_RIG_H
#define DROP_TESTS_RECONCILER_CORE_RIG_H

#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>

#include "reconciler/core/core.h"

#define RIG_BOOT_MS 1000000
#define RIG_WALL_S  1700000000

struct rig {
	struct core *core;
	struct now now;
	int64_t set_s;           /* how far the wall clock was set, from the next turn on */
	struct arena turn, keep; /* keep: what a story remembers of actions */
	struct core_actions acts;
	int64_t next_ms;
	/* Deletes are not obeyed, and a pod's start is not answered by itself. */
	bool keep_pods;
	const char *image_id;            /* what rig_pod() tells of a pulled image; NULL: nothing */
	struct cachedimage_status api;   /* what the last status write made of the first image */
	struct pullpolicy_status policy; /* the same, of the last PullPolicy written */
	size_t n_policy_writes;
};

enum fate {
	POD_PENDING,
	POD_CREATING,
	POD_PULLED,
	POD_NOT_FOUND,
	POD_NO_HOST,
	POD_NO_PLATFORM,
	POD_ODD, /* waits for a reason that is no condition reason */
	POD_EVICTED,
	POD_SCRATCH, /* pulled, and `true` is not in it; of a batch */
};

void rig_new(struct rig *r);
/* Forgets the core and begins another; the arenas stay. */
void rig_restart(struct rig *r);
/* After a restart what rig_one_node() made is read again, but for the node: the image with its
 * status. */
void rig_next_life(struct rig *r);
void rig_done(struct rig *r);

void rig_node(struct rig *r, const char *name);
/* uid, ready, taint key (NoSchedule) or NULL, created (unix), arch. */
void rig_node_as(struct rig *r, const char *name, const char *uid, bool ready, const char *taint,
		 int64_t created, const char *arch);
struct rig_listed { /* one image in node.status.images */
	const char *names[NODE_IMAGE_NAMES_MAX + 1];
	int64_t size;
};
/* A ready node that says at `heartbeat` that it has these images; ends with an unnamed one. */
void rig_node_lists(struct rig *r, const char *name, int64_t heartbeat,
		    const struct rig_listed *images);
void rig_policy(struct rig *r, const char *name, int64_t nodes, int64_t delay_ms);
struct cachedimage rig_image_of(const char *name, const char *tag, const char *policy);
void rig_image(struct rig *r, const char *name, const char *tag, const char *policy);
void rig_put_image(struct rig *r, const struct cachedimage *img);
void rig_lead(struct rig *r);

/* The usual beginning: node a, image i:1 under policy p (9 nodes, no delay), one turn. */
void rig_one_node(struct rig *r);

/* Takes the last turn's writes and deletes as made, lets time pass, and takes a turn. */
void rig_turn(struct rig *r, int64_t ms);
/* Turns at this moment, a few: what was asked for is done. Their starts are not kept. */
void rig_settle(struct rig *r);
/* The only start of the last turn; fails if there is none or more. */
const struct core_start *rig_start(struct rig *r);
/* All starts of the last turn, to be kept. */
const struct core_start *rig_all_starts(struct rig *r, size_t *ret_n);
/* "a b c": the nodes of the last turn's starts, in order. */
const char *rig_starts(struct rig *r);
/* Answers a start, and shows its pod. */
void rig_made(struct rig *r, const struct core_start *s);
void rig_pod(struct rig *r, const struct core_start *s, enum fate fate);
/* The same for a pod of several images: a fate for each container, one status. */
void rig_batch(struct rig *r, const struct core_start *s, const enum fate *fates);
/* Takes the last turn's writes as made, now; the last one is in r->api. */
void rig_written(struct rig *r);
const struct api_condition *rig_condition(struct rig *r, const char *type);

#endif
