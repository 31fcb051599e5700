/* drop-sim: a pretend cluster behind a real API; what it is made of is in sim/sim.h. */
#include <stdio.h>

#include "base/command.h"
#include "base/log.h"

#include "sim/nodes/attach.h"
#include "sim/load.h"
#include "sim/sim.h"

static const char program[] = "drop-sim";

/* Nodes on somebody else's API server. */
static int run_nodes(const struct sim_options *options)
{
	struct arena a = ARENA_INIT;
	struct sim_scenario scenario;
	struct err err;
	const struct attach_config config = {.kubeconfig = options->kubeconfig,
					     .scenario = &scenario,
					     .instant = options->instant};
	int rc = load_scenario(options, &a, &scenario, &err);
	if (rc == 0)
		rc = attach_run(&config, &err);
	if (rc != 0)
		fprintf(stderr, "%s: %s\n", program, err.text);
	arena_done(&a);
	return rc == 0 ? COMMAND_FINE : COMMAND_ENV;
}

static int run(const struct sim_options *options)
{
	struct err err;
	log_init("sim", (enum log_level)log_level_parse(options->log_level), false);
	if (options->nodes_only)
		return run_nodes(options);
	struct sim *s = sim_new(options, &err);
	if (s == NULL) {
		fprintf(stderr, "%s: %s\n", program, err.text);
		return COMMAND_ENV;
	}
	int status = sim_run(s);
	sim_free(s);
	return status;
}

int main(int argc, char **argv)
{
	struct sim_options options = {0};
	struct options_target target = {sim_option_defs, &options};
	int code = command_options(program,
				   "Serves the Kubernetes API of a cluster that is pretended.",
				   argc, argv, &target, 1);
	return code >= 0 ? code : run(&options);
}
