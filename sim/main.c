/* drop-sim: a pretend cluster behind a real API; what it is made of is in sim/sim.h. */
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"

#include "sim/attach.h"
#include "sim/load.h"
#include "sim/sim.h"

enum { EXIT_FINE = 0, EXIT_USAGE = 100, EXIT_ENVIRONMENT = 111 };

static const char program[] = "drop-sim";

static void print_help(const struct options_target *target)
{
	struct buf text = {0};
	options_help(program, "Serves the Kubernetes API of a cluster that is pretended.", target,
		     1, &text);
	fputs(text.data, stdout);
	buf_done(&text);
}

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
	return rc == 0 ? EXIT_FINE : EXIT_ENVIRONMENT;
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
		return EXIT_ENVIRONMENT;
	}
	int status = sim_run(s);
	sim_free(s);
	return status;
}

int main(int argc, char **argv)
{
	struct sim_options options = {0};
	struct options_target target = {sim_option_defs, &options};
	struct err err;
	switch (options_parse(argc, argv, &target, 1, &err)) {
	case OPTIONS_HELP:
		print_help(&target);
		return EXIT_FINE;
	case OPTIONS_VERSION:
		printf("%s %s\n", program, DROP_VERSION);
		return EXIT_FINE;
	case OPTIONS_BAD:
		fprintf(stderr, "%s: %s\n", program, err.text);
		return EXIT_USAGE;
	case OPTIONS_OK:
		break;
	}
	return run(&options);
}
