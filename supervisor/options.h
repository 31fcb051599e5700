/*
 * What the supervisor is told, and which of it each child is told in turn. One row an
 * option; the children's own tables (ipc/proc.c, the programs) have the same names.
 */
#ifndef DROP_SUPERVISOR_OPTIONS_H
#define DROP_SUPERVISOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/options.h"

#include "supervisor/decide.h"

struct supervisor_options {
	const char *socket_dir, *kubeconfig, *pod_namespace, *log_level, *log_format;
	bool leader_elect;
	const char *priority_class;
	const char *metrics_bind_address, *metrics_cert_path, *metrics_cert_name, *metrics_cert_key;
	const char *health_probe_bind_address;
	bool metrics_secure, metrics_per_node;
	const char *bin_dir; /* NULL: where our own program is */
};

extern const struct option_def supervisor_option_defs[];

/* argv for that child, NULL-terminated; "--name=value" for each option it knows and that is set. */
char **options_argv(const struct supervisor_options *o, enum process p, const char *program,
		    struct arena *a);

#endif
