/*
 * Command-line options from a table: parsing, --help and the check of the man pages use one row per
 * option. The syntax is that of Go's flag package: -name or --name, with =value or the value after
 * it; booleans only --name or --name=value, where a value is one of 1, t, T, true, True, TRUE and
 * their opposites; "--" ends the options. Pure, except for the texts it returns.
 */
#ifndef DROP_BASE_OPTIONS_H
#define DROP_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum option_type { OPT_STRING, OPT_BOOL, OPT_INT, OPT_DURATION };

struct option_def {
	const char *name; /* without dashes; NULL ends the table */
	enum option_type type;
	size_t offset; /* in the struct given to options_parse: const char *, bool, int64_t, int64_t
			  ms */
	const char *def; /* default, as text; NULL: NULL, false, 0 */
	const char *arg; /* what --help calls the value: "DIR" */
	const char *doc;
	const char *const *one_of; /* allowed strings, NULL-terminated; NULL: any */
	int64_t min, max;          /* integers and durations; both 0: any */
	/* Taken without effect, for those who come from another program: not in --help, and
	 * the member is a const char *, the text that was given or NULL. */
	bool ignored;
};

struct options_target { /* a table and the struct it fills; several may be parsed together */
	const struct option_def *defs;
	void *into;
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/*
 * Sets the defaults, then what argv says. Strings are borrowed from argv or the
 * tables. A positional argument, an unknown option or a bad value is OPTIONS_BAD
 * with a text that says what would be right.
 */
enum options_result options_parse(int argc, char **argv, const struct options_target *targets,
				  size_t n, struct err *err);
/* Sets one option by its name, as a file does. A name that no table has is ERR_TERMINAL too. */
int options_set(const struct options_target *targets, size_t n, const char *name, const char *value,
		struct err *err);
/* What argv says, over what is set already. */
enum options_result options_override(int argc, char **argv, const struct options_target *targets,
				     size_t n, struct err *err);
/* The --help text: usage, doc, one line an option with its default. */
void options_help(const char *program, const char *doc, const struct options_target *targets,
		  size_t n, struct buf *out);

#endif
