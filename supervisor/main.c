/* drop-supervisor: reads its options and supervises; see supervise.h. */
#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/log.h"

#include "supervisor/config.h"
#include "supervisor/supervise.h"

static void warn_of_ignored(const struct supervisor_ignored *ignored)
{
	for (const struct option_def *d = supervisor_ignored_defs; d->name != NULL; d++) {
		const char *given;
		memcpy(&given, (const char *)ignored + d->offset, sizeof(given));
		if (given != NULL)
			log_warn("option of upstream drop without effect here, ignoring",
				 LS("option", d->name));
	}
}

int main(int argc, char **argv)
{
	struct supervisor_options options = {0};
	struct supervisor_ignored ignored = {0};
	struct config config;
	struct err err;
	const struct options_target targets[] = {{supervisor_option_defs, &options},
						 {supervisor_ignored_defs, &ignored}};
	int code = command_options("drop-supervisor",
				   "Starts the processes of drop, restarts and stops them.", argc,
				   argv, targets, sizeof(targets) / sizeof(targets[0]));
	if (code >= 0)
		return code;
	if (config_load(argc, argv, &config, &err) != 0) {
		fprintf(stderr, "drop-supervisor: %s\n", err.text);
		return COMMAND_USAGE;
	}
	log_init("supervisor", (enum log_level)log_level_parse(config.options.log_level),
		 strcmp(config.options.log_format, "json") == 0);
	warn_of_ignored(&config.ignored);
	code = supervise(&config);
	config_done(&config);
	return code;
}
