/* The tables of options that processes parse, made of the rows of options.h. */
#include "ipc/options.h"

const char *const option_log_levels[] = {"error", "warn", "info", "debug", NULL};
const char *const option_log_formats[] = {"text", "json", NULL};
const char *const option_secrets[] = {"any", "labelled", "named", NULL};

#define WATCHER_DEF(...)    OPTION_DEF(struct watcher_options, __VA_ARGS__)
#define RECONCILER_DEF(...) OPTION_DEF(struct reconciler_options, __VA_ARGS__)
#define PULLER_DEF(...)     OPTION_DEF(struct puller_options, __VA_ARGS__)
#define DISCOVERER_DEF(...) OPTION_DEF(struct discoverer_options, __VA_ARGS__)
#define METRICSD_DEF(...)   OPTION_DEF(struct metricsd_options, __VA_ARGS__)

const struct option_def watcher_option_defs[] = {
	WATCHER_OPTIONS(WATCHER_DEF){
		.name = "identity",
		.type = OPT_STRING,
		.offset = offsetof(struct watcher_options, identity),
		.arg = "NAME",
		.doc = "holder name in the Lease; by default $DROP_IDENTITY, else the host name "
		       "and a random number",
	},
	{0},
};
const struct option_def reconciler_option_defs[] = {RECONCILER_OPTIONS(RECONCILER_DEF){0}};
const struct option_def puller_option_defs[] = {PULLER_OPTIONS(PULLER_DEF){0}};
const struct option_def discoverer_option_defs[] = {DISCOVERER_OPTIONS(DISCOVERER_DEF){0}};
const struct option_def metricsd_option_defs[] = {METRICSD_OPTIONS(METRICSD_DEF){0}};
