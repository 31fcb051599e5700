/*
 * Scenario files and steps of any bytes: a scenario whose parts are within their limits, or an
 * error text.
 */
#include <stdlib.h>

#include "sim/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena a = ARENA_INIT;
	struct sim_scenario s = {0};
	struct sim_step step = {0};
	struct err err = {.text = ""};
	int rc = scenario_read((const char *)data, size, &a, &s, &err);
	if (rc == 0 ? s.timeline.n > SIM_STEPS_MAX || s.image_size_mib == 0 : err.text[0] == '\0')
		abort();
	err.text[0] = '\0';
	rc = scenario_read_step((const char *)data, size, &a, &step, &err);
	if (rc == 0 ? sim_step_kind(step.what) < 0 : err.text[0] == '\0')
		abort();
	arena_done(&a);
	return 0;
}
