/*
 * Configuration of the supervisor: the file given by --config and the command line, which takes
 * precedence. The file is a YAML map of option names and values; an unknown name or an invalid
 * value is an error with file and line. Reloading creates a new struct config and leaves the old
 * one unchanged.
 */
#ifndef DROP_SUPERVISOR_CONFIG_H
#define DROP_SUPERVISOR_CONFIG_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"

#include "ipc/endpoint.h"

#include "supervisor/options.h"

struct config {
	int argc;
	char **argv; /* borrowed for ever */
	struct supervisor_options options;
	struct supervisor_ignored ignored;
	struct arena texts; /* the file's values */
	struct stat stamp;  /* of the file when it was read; zero: none */
};

/* Bytes of the file at the most. */
#define CONFIG_BYTES_MAX (64 * 1024)

/* Makes options from argv, which must have been parsed without complaint, and the file.
 * ERR_TERMINAL; *ret is written on success only. Free with config_done(). */
int config_load(int argc, char **argv, struct config *ret, struct err *err);
void config_done(struct config *c);
/* Has the file been replaced or written since? False also while it is not there. */
bool config_changed(const struct config *c);
/* Sets what the text of a file says, which is called name in errors; some of it may be set on
 * failure. */
int config_text(struct config *c, const char *name, const char *text, size_t len, struct err *err);
/* Takes from fresh what a running tree can take (OPTION_CHANGE_LIVE), and frees it. */
void config_adopt(struct config *c, struct config *fresh);
/* Takes note of the file as it is now, without reading it. */
void config_seen(struct config *c);

#endif
