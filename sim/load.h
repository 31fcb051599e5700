/* The scenario that the options ask for: a file, or nodes alone. */
#ifndef DROP_SIM_LOAD_H
#define DROP_SIM_LOAD_H

#include "base/arena.h"
#include "base/err.h"

#include "sim/scenario/scenario.h"
#include "sim/options.h"

/* Bytes of a scenario file. */
#define SCENARIO_MAX (16 * 1024 * 1024)

/* In an object: where drop-sim serves, "http://127.0.0.1:40404". */
#define SCENARIO_SERVER "$SERVER"

/* Everything lives in the arena. ERR_TERMINAL names the file, the place, and what is wrong. */
int load_scenario(const struct sim_options *options, struct arena *a, struct sim_scenario *ret,
		  struct err *err);
/* Writes where the server is into the objects of the scenario: each SCENARIO_SERVER in them. */
void load_server(struct sim_scenario *scenario, const char *url, struct arena *a);

#endif
