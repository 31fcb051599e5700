/* See command.h. The only module of base/ that writes to standard output. */
#include "base/command.h"

#include <stdio.h>

#include "base/buf.h"

int command_options(const char *program, const char *doc, int argc, char **argv,
		    const struct options_target *targets, size_t n)
{
	struct err err;
	struct buf help = {0};
	switch (options_parse(argc, argv, targets, n, &err)) {
	case OPTIONS_OK:
		return -1;
	case OPTIONS_HELP:
		options_help(program, doc, targets, n, &help);
		fputs(help.data, stdout);
		buf_done(&help);
		return COMMAND_FINE;
	case OPTIONS_VERSION:
		printf("%s %s\n", program, DROP_VERSION);
		return COMMAND_FINE;
	case OPTIONS_BAD:
		break;
	}
	fprintf(stderr, "%s: %s\n", program, err.text);
	return COMMAND_USAGE;
}
