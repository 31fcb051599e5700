/*
 * Options of the supervisor, and which of them are passed to which child: the rows of ipc/options.h
 * and two of its own.
 */
#ifndef DROP_SUPERVISOR_OPTIONS_H
#define DROP_SUPERVISOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/options.h"
#include "ipc/options.h"

#include "supervisor/decide.h"

/* The supervisor's own, besides what it passes on (ipc/options.h). */
#define OWN_OPTIONS(O)                                                                             \
	O(config, "config", STRING, NULL, "FILE", NULL, RESTART,                                   \
	  "YAML file with these options by name; the command line takes precedence")               \
	O(bin_dir, "bin-dir", STRING, NULL, "DIR", NULL, RESTART,                                  \
	  "folder of the programs to start; default: the folder of drop-supervisor")

#define SUPERVISOR_OPTIONS(O)                                                                      \
	COMMON_OPTIONS(O)                                                                          \
	WATCHER_OPTIONS(O)                                                                         \
	RECONCILER_OPTIONS(O)                                                                      \
	PULLER_OPTIONS(O) DISCOVERER_OPTIONS(O) METRICSD_OPTIONS(O) OWN_OPTIONS(O)

struct supervisor_options {
	SUPERVISOR_OPTIONS(OPTION_MEMBER)
};

extern const struct option_def supervisor_option_defs[];

/* Rows of the table at the most. */
#define OPTIONS_MAX 64

/* Flags of upstream's entry point with nothing to set here: I(member, name, type). */
#define SUPERVISOR_IGNORED(I)                                                                      \
	I(zap_devel, "zap-devel", BOOL)                                                            \
	I(zap_encoder, "zap-encoder", STRING)                                                      \
	I(zap_log_level, "zap-log-level", STRING)                                                  \
	I(zap_stacktrace_level, "zap-stacktrace-level", STRING)                                    \
	I(zap_time_encoding, "zap-time-encoding", STRING)                                          \
	I(webhook_cert_path, "webhook-cert-path", STRING)                                          \
	I(webhook_cert_name, "webhook-cert-name", STRING)                                          \
	I(webhook_cert_key, "webhook-cert-key", STRING)                                            \
	I(enable_http2, "enable-http2", BOOL)

#define SUPERVISOR_IGNORED_MEMBER(member, name, type) const char *member;
struct supervisor_ignored { /* what was given; NULL: nothing */
	SUPERVISOR_IGNORED(SUPERVISOR_IGNORED_MEMBER)
};

extern const struct option_def supervisor_ignored_defs[];

/* argv for that child, NULL-terminated; "--name=value" for each option it knows and that is set. */
char **options_argv(const struct supervisor_options *o, enum process p, const char *program,
		    struct arena *a);

enum option_change {
	OPTION_CHANGE_LIVE,    /* a running tree takes the new value; a text is one of a few */
	OPTION_CHANGE_RESTART, /* only a new tree does */
};

/* The rows whose values differ: at most OPTIONS_MAX go to ret, their number is returned. */
size_t options_changed(const struct supervisor_options *from, const struct supervisor_options *to,
		       const struct option_def **ret, struct arena *a);
/* Copies the values of the live rows; nothing is borrowed from where they came. */
void options_take_live(struct supervisor_options *into, const struct supervisor_options *from);
/* d: a row of supervisor_option_defs. */
enum option_change option_change(const struct option_def *d);

#endif
