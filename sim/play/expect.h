/*
 * Whether a scene has come to the end it names (the `expect` rows of a scenario): the
 * status of objects as the operator wrote it, and nothing left to happen. Reads the store
 * only; decides for the demo's exit code and for the tests of all scenes.
 */
#ifndef DROP_SIM_PLAY_EXPECT_H
#define DROP_SIM_PLAY_EXPECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "sim/scenario/scenario.h"

struct sim_world; /* sim/play/timeline.h */

/* The first SIM_EXPECT_MAX things that are not yet so, one sentence each, in the arena. n == 0:
 * met.
 */
struct api_strings expect_missing(const struct sim_expects *expect, const struct sim_world *world,
				  struct arena *a);

#endif
