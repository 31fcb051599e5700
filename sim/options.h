/*
 * The options of drop-sim: one table for parsing, --help and the check against the man page.
 */
#ifndef DROP_SIM_OPTIONS_H
#define DROP_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/options.h"

struct sim_options {
	const char *scenario; /* NULL: nodes alone */
	int64_t seed;         /* 0: the scenario's */
	int64_t nodes;        /* without a scenario */
	bool instant;
	const char *listen; /* "127.0.0.1:0" */
	bool tls;
	const char *kubeconfig_out, *registries_out, *audit_log, *clock_file;
	const char *ns; /* made at start */
	const char *screen;
	int64_t until_expected_ms; /* 0: runs until it is stopped */
	bool nodes_only;
	const char *kubeconfig; /* of the cluster that gets nodes */
	const char *log_level;
};

extern const struct option_def sim_option_defs[];

#endif
