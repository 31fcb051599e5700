/*
 * The supervisor's options. A column says which children get the option too, so that
 * what is parsed and what is passed on cannot drift.
 */
#include "supervisor/options.h"

#include <string.h>

#define TO(NAME)    (1U << PROCESS_##NAME)
#define TO_NOBODY   0U
#define TO_EVERYONE ((1U << PROCESS_COUNT) - 1)

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};

/* O(member, name, type, default, arg, one_of, to, doc) */
/* The first five are ipc/proc.c's, word for word; tests/check compares the --help texts. */
#define OPTIONS(O)                                                                                 \
	O(socket_dir, "socket-dir", STRING, NULL, "DIR", NULL, TO_EVERYONE,                        \
	  "folder of the sockets between processes; /run/drop, or $XDG_RUNTIME_DIR/drop for "      \
	  "users "                                                                                 \
	  "who may not write there")                                                               \
	O(kubeconfig, "kubeconfig", STRING, NULL, "FILE", NULL, TO_EVERYONE,                       \
	  "how to reach the API server; the pod's service account, else $KUBECONFIG")              \
	O(pod_namespace, "pod-namespace", STRING, "drop-system", "NAME", NULL, TO_EVERYONE,        \
	  "namespace of pull pods and of the lease")                                               \
	O(log_level, "log-level", STRING, "info", "LEVEL", levels, TO_EVERYONE,                    \
	  "least important lines to log")                                                          \
	O(log_format, "log-format", STRING, "text", "FORMAT", formats, TO_EVERYONE,                \
	  "form of the log lines")                                                                 \
	O(leader_elect, "leader-elect", BOOL, "true", NULL, NULL, TO(WATCHER),                     \
	  "act only while holding the Lease; false: this is the only instance")                    \
	O(priority_class, "priority-class", STRING, NULL, "NAME", NULL, TO(PULLER),                \
	  "priorityClassName of the pull pods; without it the cluster's default")                  \
	O(metrics_bind_address, "metrics-bind-address", STRING, "0", "ADDRESS", NULL,              \
	  TO(METRICSD), "where metrics are served, such as :8443; 0: nowhere")                     \
	O(metrics_secure, "metrics-secure", BOOL, "true", NULL, NULL, TO(METRICSD),                \
	  "metrics over https, for those who may GET /metrics in the cluster; false: plain, for "  \
	  "everybody")                                                                             \
	O(metrics_cert_path, "metrics-cert-path", STRING, NULL, "DIR", NULL, TO(METRICSD),         \
	  "folder of the certificate for metrics; without it one is made at start")                \
	O(metrics_cert_name, "metrics-cert-name", STRING, "tls.crt", "FILE", NULL, TO(METRICSD),   \
	  "the certificate's file in that folder")                                                 \
	O(metrics_cert_key, "metrics-cert-key", STRING, "tls.key", "FILE", NULL, TO(METRICSD),     \
	  "its key's file")                                                                        \
	O(health_probe_bind_address, "health-probe-bind-address", STRING, ":8081", "ADDRESS",      \
	  NULL, TO(METRICSD), "where /healthz and /readyz are served; 0: nowhere")                 \
	O(metrics_per_node, "metrics-per-node", BOOL, "false", NULL, NULL, TO(RECONCILER),         \
	  "metrics of pulls name the node: as many series as images times nodes")                  \
	O(bin_dir, "bin-dir", STRING, NULL, "DIR", NULL, TO_NOBODY,                                \
	  "folder of the programs to start; without it the folder of drop-supervisor itself")

#define OPTION_DEF(member, option, kind, dflt, argument, allowed, to, text)                        \
	{.name = (option),                                                                         \
	 .type = OPT_##kind,                                                                       \
	 .offset = offsetof(struct supervisor_options, member),                                    \
	 .def = (dflt),                                                                            \
	 .arg = (argument),                                                                        \
	 .doc = (text),                                                                            \
	 .one_of = (allowed)},
const struct option_def supervisor_option_defs[] = {OPTIONS(OPTION_DEF){0}};

#define OPTION_TO(member, option, kind, dflt, argument, allowed, to, text) (to),
static const unsigned passed_to[] = {OPTIONS(OPTION_TO)};

#define N_OPTIONS (sizeof(passed_to) / sizeof(passed_to[0]))

static const char *value_text(const struct supervisor_options *o, const struct option_def *d)
{
	const char *at = (const char *)o + d->offset;
	if (d->type == OPT_BOOL)
		return *(const bool *)at ? "true" : "false";
	const char *text;
	memcpy(&text, at, sizeof(text));
	return text;
}

char **options_argv(const struct supervisor_options *o, enum process p, const char *program,
		    struct arena *a)
{
	char **argv = arena_array(a, N_OPTIONS + 2, sizeof(*argv));
	size_t n = 0;
	argv[n++] = arena_strdup(a, program);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		const char *value = value_text(o, d);
		if ((passed_to[i] & (1U << p)) != 0 && value != NULL)
			argv[n++] = arena_printf(a, "--%s=%s", d->name, value);
	}
	return argv;
}
