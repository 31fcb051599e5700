/*
 * What happens to the pretend cluster, and when: the steps of a scenario in the order of
 * their time, and those that come at run time. One function gives a step to whom it
 * concerns (nodes, registries, faults, store, the operator's clocks); `for` schedules the
 * same step with `end`. Time is an argument; the only side effects are those of the parts
 * it was given, and the clock file.
 */
#ifndef DROP_SIM_PLAY_TIMELINE_H
#define DROP_SIM_PLAY_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "sim/scenario/scenario.h"

struct timeline;
struct store;
struct nodes;
struct registries;
struct faults;
struct by_hand;

struct sim_world { /* what steps act on; borrowed. A part that is NULL: its steps are refused */
	struct store *store;
	struct nodes *nodes;
	struct registries *registries;
	struct faults *faults;
	struct by_hand *by_hand;
	const char *clock_file; /* what sim/clockshim.c reads; NULL: clock-jump is refused */
	void *ctx;
	/* Ends the open watches that the rule is about, now; may be NULL. */
	void (*drop_watches)(void *ctx, const struct sim_api_fault *rule);
	/* The store is as in a backup: whoever remembers anything of it looks anew; may be NULL. */
	void (*restored)(void *ctx, struct now now);
};

struct timeline_counts {
	size_t done, failed, waiting;
};

enum { TIMELINE_EVENTS = 16 }; /* that are remembered */

struct timeline_event { /* a step that was done, for people */
	int64_t at_ms;  /* after the start */
	char text[120]; /* "node-vanish late-000 for 5s", "end api-fault hang" */
	bool failed;
};

struct timeline *timeline_new(const struct sim_world *world);
void timeline_free(struct timeline *t);
/* Makes the scenario's objects, adds its faults, schedules its steps from now on. Its texts are
 * copied. ERR_TERMINAL: the first object or fault that was refused, and why. */
int timeline_start(struct timeline *t, const struct sim_scenario *scenario, struct now now,
		   struct err *err);
/*
 * One step at run time: at_ms counts from now; 0 is done at once and its error returned. What
 * waits longer and then fails is logged and counted. ERR_TERMINAL: refused, or SIM_STEPS_MAX wait.
 */
int timeline_do(struct timeline *t, const struct sim_step *step, struct now now, struct err *err);
/* Does what is due; returns the boot ms of the next step, or CLOCK_NEVER. */
int64_t timeline_turn(struct timeline *t, struct now now);
struct timeline_counts timeline_counts(const struct timeline *t);
/* The k-th event since the start, from 0; NULL: not yet, or too long ago to be remembered. */
const struct timeline_event *timeline_event(const struct timeline *t, size_t k);
/* Boot ms of timeline_start. */
int64_t timeline_began(const struct timeline *t);

#endif
