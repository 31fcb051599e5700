/* drop-supervisor: reads its options and supervises; see supervise.h. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/options.h"

#include "ipc/endpoint.h"

#include "supervisor/supervise.h"

static const char program[] = "drop-supervisor";

static void print_help(const struct options_target *target)
{
	struct buf text = {0};
	options_help(program, "Starts the processes of drop, restarts and stops them.", target, 1,
		     &text);
	fputs(text.data, stdout);
	buf_done(&text);
}

int main(int argc, char **argv)
{
	struct supervisor_options options = {0};
	struct options_target target = {supervisor_option_defs, &options};
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
	char dir[ENDPOINT_MAX];
	endpoint_default_dir(dir, sizeof(dir));
	if (options.socket_dir == NULL)
		options.socket_dir = dir;
	log_init("supervisor", (enum log_level)log_level_parse(options.log_level),
		 strcmp(options.log_format, "json") == 0);
	return supervise(&options);
}
