/*
 * The descriptor tables of sim/scenario/scenario.h, for the reader and the reference page.
 */
#ifndef DROP_SIM_SCENARIO_TABLES_H
#define DROP_SIM_SCENARIO_TABLES_H

#include "api/desc.h"

#include "sim/scenario/scenario.h"

/* Keys of a step whose value is an object, kept as its JSON text; ended by NULL. */
extern const char *const sim_step_objects[];

extern const struct desc sim_scenario_desc, sim_step_desc, sim_api_fault_desc;

#endif
