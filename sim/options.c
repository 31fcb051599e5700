/* The table of options. */
#include "sim/options.h"

#include <stddef.h>

#define PLAIN_NODES_MAX 5000 /* as a real cluster's limit */

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const screens[] = {"auto", "live", "lines", "none", NULL};

#define AT(member) offsetof(struct sim_options, member)

const struct option_def sim_option_defs[] = {
	{"scenario", OPT_STRING, AT(scenario), .arg = "FILE",
	 .doc = "what the cluster is made of and what happens to it"},
	{"nodes", OPT_INT, AT(nodes), .def = "3", .arg = "N", .min = 0, .max = PLAIN_NODES_MAX,
	 .doc = "without a scenario: so many nodes that are alike"},
	{"seed", OPT_INT, AT(seed), .arg = "N", .min = 0, .max = INT64_MAX,
	 .doc = "the same seed gives the same run; 0: the scenario's"},
	{"instant", OPT_BOOL, AT(instant),
	 .doc = "kubelets need no time: each pull is done at once"},
	{"listen", OPT_STRING, AT(listen), .def = "127.0.0.1:0", .arg = "ADDRESS",
	 .doc = "where the API is served; port 0: any that is free"},
	{"tls", OPT_BOOL, AT(tls),
	 .doc = "serve https with a certificate of its own, and want a token"},
	{"kubeconfig-out", OPT_STRING, AT(kubeconfig_out), .arg = "FILE",
	 .doc = "written when the API serves; has its address, authority and token"},
	{"registries-out", OPT_STRING, AT(registries_out), .arg = "FILE",
	 .doc = "the value for the operator's --registries: it asks this server about images"},
	{"namespace", OPT_STRING, AT(ns), .def = "drop-system", .arg = "NAME",
	 .doc = "a namespace made at start, and the default one of the kubeconfig"},
	{"audit-log", OPT_STRING, AT(audit_log), .arg = "FILE",
	 .doc = "a JSON line for each request that was answered, as a real API server writes them"},
	{"clock-file", OPT_STRING, AT(clock_file), .arg = "FILE",
	 .doc = "how far the operator's clocks have jumped, for clockshim"},
	{"screen", OPT_STRING, AT(screen), .def = "none", .arg = "MODE", .one_of = screens,
	 .doc = "what is shown: a live table, lines of what changes, nothing"},
	{"until-expected", OPT_DURATION, AT(until_expected_ms), .arg = "TIME", .min = 0,
	 .max = INT64_MAX,
	 .doc = "end when the scenario's expectations hold, with 1 if they don't in that time"},
	{"nodes-only", OPT_BOOL, AT(nodes_only),
	 .doc = "serve no API: add the nodes to the cluster of --kubeconfig"},
	{"kubeconfig", OPT_STRING, AT(kubeconfig), .arg = "FILE", .doc = "that cluster"},
	{"log-level", OPT_STRING, AT(log_level), .def = "info", .arg = "LEVEL", .one_of = levels,
	 .doc = "lowest severity that is logged"},
	{0},
};
