/*
 * The supervisor's options. Columns say which children get the option too and whether a
 * running tree can take another value, so that what is parsed, passed on, reloaded and
 * documented cannot drift.
 */
#include "supervisor/options.h"

#include <assert.h>
#include <string.h>

#define TO(NAME)    (1U << PROCESS_##NAME)
#define TO_NOBODY   0U
#define TO_EVERYONE ((1U << PROCESS_COUNT) - 1)

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const secrets_modes[] = {"any", "labelled", "named", NULL};

/* O(member, name, type, default, arg, one_of, to, change, doc) */
/* The first five are ipc/proc.c's, word for word; tests/check compares the --help texts. */
#define OPTIONS(O)                                                                                 \
	O(socket_dir, "socket-dir", STRING, NULL, "DIR", NULL, TO_EVERYONE, RESTART,               \
	  "folder of the sockets between processes; the first of /run/drop, "                      \
	  "$XDG_RUNTIME_DIR/drop and /dev/shm/drop-UID that can be had")                           \
	O(kubeconfig, "kubeconfig", STRING, NULL, "FILE", NULL, TO_EVERYONE, RESTART,              \
	  "how to reach the API server; the pod's service account, else $KUBECONFIG")              \
	O(pod_namespace, "pod-namespace", STRING, "drop-system", "NAME", NULL, TO_EVERYONE,        \
	  RESTART, "namespace of pull pods and of the lease")                                      \
	O(log_level, "log-level", STRING, "info", "LEVEL", levels, TO_EVERYONE, LIVE,              \
	  "least important lines to log")                                                          \
	O(log_format, "log-format", STRING, "text", "FORMAT", formats, TO_EVERYONE, RESTART,       \
	  "form of the log lines")                                                                 \
	O(leader_elect, "leader-elect", BOOL, "true", NULL, NULL, TO(WATCHER), RESTART,            \
	  "act only while holding the Lease; false: this is the only instance")                    \
	O(priority_class, "priority-class", STRING, NULL, "NAME", NULL, TO(PULLER), RESTART,       \
	  "priorityClassName of the pull pods; without it the cluster's default")                  \
	O(pull_pod_labels, "pull-pod-labels", STRING, NULL, "PAIRS", NULL, TO(PULLER), RESTART,    \
	  "further labels of the pull pods, KEY=VALUE separated by commas; those of "              \
	  "spec.podMetadata win")                                                                  \
	O(pull_pod_annotations, "pull-pod-annotations", STRING, NULL, "PAIRS", NULL, TO(PULLER),   \
	  RESTART, "further annotations of the pull pods; a comma in a value is written \\,")      \
	O(pull_pod_resources, "pull-pod-resources", STRING,                                        \
	  "requests.cpu=10m,requests.memory=16Mi,limits.memory=64Mi", "RESOURCES", NULL,           \
	  TO(PULLER), RESTART,                                                                     \
	  "requests.RESOURCE=QUANTITY and limits.RESOURCE=QUANTITY of the pull pods, "             \
	  "separated by commas")                                                                   \
	O(pull_pod_user, "pull-pod-user", STRING, "65534", "ID", NULL, TO(PULLER), RESTART,        \
	  "runAsUser of the pull pods; none: left out, for clusters that set it")                  \
	O(pull_pod_group, "pull-pod-group", STRING, "65534", "ID", NULL, TO(PULLER), RESTART,      \
	  "runAsGroup of the pull pods; none: left out")                                           \
	O(pull_pod_service_account, "pull-pod-service-account", STRING, NULL, "NAME", NULL,        \
	  TO(PULLER), RESTART,                                                                     \
	  "serviceAccountName of the pull pods, whose token is not mounted; without it the "       \
	  "namespace's default")                                                                   \
	O(pull_pod_runtime_class, "pull-pod-runtime-class", STRING, NULL, "NAME", NULL,            \
	  TO(PULLER), RESTART, "runtimeClassName of the pull pods")                                \
	O(pull_pod_image_pull_secrets, "pull-pod-image-pull-secrets", STRING, NULL, "NAMES", NULL, \
	  TO(PULLER), RESTART,                                                                     \
	  "names of secrets, separated by commas, with which every image may be pulled")           \
	O(metrics_bind_address, "metrics-bind-address", STRING, "0", "ADDRESS", NULL,              \
	  TO(METRICSD), RESTART, "where metrics are served, such as :8443; 0: nowhere")            \
	O(metrics_secure, "metrics-secure", BOOL, "true", NULL, NULL, TO(METRICSD), RESTART,       \
	  "metrics over https, for those who may GET /metrics in the cluster; false: plain, for "  \
	  "everybody")                                                                             \
	O(metrics_cert_path, "metrics-cert-path", STRING, NULL, "DIR", NULL, TO(METRICSD),         \
	  RESTART, "folder of the certificate for metrics; without it one is made at start")       \
	O(metrics_cert_name, "metrics-cert-name", STRING, "tls.crt", "FILE", NULL, TO(METRICSD),   \
	  RESTART, "the certificate's file in that folder")                                        \
	O(metrics_cert_key, "metrics-cert-key", STRING, "tls.key", "FILE", NULL, TO(METRICSD),     \
	  RESTART, "its key's file")                                                               \
	O(health_probe_bind_address, "health-probe-bind-address", STRING, ":8081", "ADDRESS",      \
	  NULL, TO(METRICSD), RESTART, "where /healthz and /readyz are served; 0: nowhere")        \
	O(status_page, "status-page", BOOL, "false", NULL, NULL, TO(METRICSD), RESTART,            \
	  "a page of what goes on, at / and /status.json beside the metrics, for the same "        \
	  "readers")                                                                               \
	O(metrics_per_node, "metrics-per-node", BOOL, "false", NULL, NULL, TO(RECONCILER),         \
	  RESTART, "metrics of pulls name the node: as many series as images times nodes")         \
	O(discovery_secrets, "discovery-secrets", STRING, "any", "WHICH", secrets_modes,           \
	  TO(DISCOVERER), RESTART,                                                                 \
	  "secrets that DiscoveryPolicies may use: any of the pod namespace, those labelled "      \
	  "drop.corewire.io/allow=discovery, or those of --discovery-secret-names")                \
	O(discovery_secret_names, "discovery-secret-names", STRING, NULL, "NAMES", NULL,           \
	  TO(DISCOVERER), RESTART,                                                                 \
	  "names of secrets, separated by commas, for --discovery-secrets=named")                  \
	O(require_tls_credentials, "require-tls-credentials", BOOL, "false", NULL, NULL,           \
	  TO(DISCOVERER), RESTART, "send credentials of DiscoveryPolicies over https only")        \
	O(excluded_node_taints, "excluded-node-taints", STRING, NULL, "KEYS", NULL,                \
	  TO(RECONCILER), RESTART,                                                                 \
	  "taint keys, comma-separated, each KEY or PREFIX*, of nodes that get no pull pods")      \
	O(config, "config", STRING, NULL, "FILE", NULL, TO_NOBODY, RESTART,                        \
	  "YAML file of these options by name; the command line wins over it")                     \
	O(bin_dir, "bin-dir", STRING, NULL, "DIR", NULL, TO_NOBODY, RESTART,                       \
	  "folder of the programs to start; without it the folder of drop-supervisor itself")

#define OPTION_DEF(member, option, kind, dflt, argument, allowed, to, change, text)                \
	{.name = (option),                                                                         \
	 .type = OPT_##kind,                                                                       \
	 .offset = offsetof(struct supervisor_options, member),                                    \
	 .def = (dflt),                                                                            \
	 .arg = (argument),                                                                        \
	 .doc = (text),                                                                            \
	 .one_of = (allowed)},
const struct option_def supervisor_option_defs[] = {OPTIONS(OPTION_DEF){0}};

#define OPTION_TO(member, option, kind, dflt, argument, allowed, to, change, text) (to),
static const unsigned passed_to[] = {OPTIONS(OPTION_TO)};

#define N_OPTIONS (sizeof(passed_to) / sizeof(passed_to[0]))

#define OPTION_CHANGE(member, option, kind, dflt, argument, allowed, to, change, text)             \
	OPTION_CHANGE_##change,
static const enum option_change changes[] = {OPTIONS(OPTION_CHANGE)};
static_assert(N_OPTIONS <= OPTIONS_MAX, "options_changed() has room for all");

#define IGNORED_DEF(member, option, kind)                                                          \
	{.name = (option),                                                                         \
	 .type = OPT_##kind,                                                                       \
	 .offset = offsetof(struct supervisor_ignored, member),                                    \
	 .ignored = true},
const struct option_def supervisor_ignored_defs[] = {SUPERVISOR_IGNORED(IGNORED_DEF){0}};

static const void *member(const struct supervisor_options *o, const struct option_def *d)
{
	return (const char *)o + d->offset;
}

/* NULL: not set. The text of a number is in the arena. */
static const char *value_text(const struct supervisor_options *o, const struct option_def *d,
			      struct arena *a)
{
	switch (d->type) {
	case OPT_BOOL:
		return *(const bool *)member(o, d) ? "true" : "false";
	case OPT_INT:
		return arena_printf(a, "%lld", (long long)*(const int64_t *)member(o, d));
	case OPT_DURATION:
		return arena_printf(a, "%lldms", (long long)*(const int64_t *)member(o, d));
	case OPT_STRING:
		break;
	}
	const char *text;
	memcpy(&text, member(o, d), sizeof(text));
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
		const char *value = value_text(o, d, a);
		if ((passed_to[i] & (1U << p)) != 0 && value != NULL)
			argv[n++] = arena_printf(a, "--%s=%s", d->name, value);
	}
	return argv;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

size_t options_changed(const struct supervisor_options *from, const struct supervisor_options *to,
		       const struct option_def **ret, struct arena *a)
{
	size_t n = 0;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		if (!same(value_text(from, d, a), value_text(to, d, a)))
			ret[n++] = d;
	}
	return n;
}

enum option_change option_change(const struct option_def *d)
{
	return changes[d - supervisor_option_defs];
}

void options_take_live(struct supervisor_options *into, const struct supervisor_options *from)
{
	static const size_t sizes[] = {
		[OPT_STRING] = sizeof(const char *),
		[OPT_BOOL] = sizeof(bool),
		[OPT_INT] = sizeof(int64_t),
		[OPT_DURATION] = sizeof(int64_t),
	};
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_def *d = &supervisor_option_defs[i];
		if (changes[i] == OPTION_CHANGE_LIVE)
			memcpy((char *)into + d->offset, member(from, d), sizes[d->type]);
	}
}
