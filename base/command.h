/*
 * Command line of all programs: parsing by tables, --help, --version, usage errors. Defines the
 * exit codes of all programs, on which the supervisor and users rely.
 */
#ifndef DROP_BASE_COMMAND_H
#define DROP_BASE_COMMAND_H

#include <stddef.h>

#include "base/options.h"

enum {
	COMMAND_FINE = 0,
	COMMAND_USAGE = 100, /* the same words will fail again */
	COMMAND_ENV = 111,   /* the environment: sockets, files, the system */
};

/*
 * Fills the targets. program: as people type it; doc: one sentence for --help. -1: go on; else
 * the exit code, everything having been said.
 */
int command_options(const char *program, const char *doc, int argc, char **argv,
		    const struct options_target *targets, size_t n);

#endif
