/*
 * The options of the operator, one row each: what a process takes, the supervisor takes and
 * passes on, docs/configuration.md shows. Names and defaults that upstream's entry point has are
 * upstream's.
 *
 * A row is O(member, name, type, default, argument, one_of, change, doc):
 *   type      STRING, BOOL, INT, DURATION (base/options.h)
 *   argument  what --help calls the value; NULL for BOOL
 *   one_of    the texts it may be, NULL-terminated; NULL: any
 *   change    LIVE: a running tree takes another value from the file; RESTART: a new tree does
 */
#ifndef DROP_IPC_OPTIONS_H
#define DROP_IPC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/options.h"

extern const char *const option_log_levels[], *const option_log_formats[];
extern const char *const option_secrets[]; /* by enum secret_mode of the discoverer */

/* ---- of every process ---- */

#define SOCKET_OPTIONS(O)                                                                          \
	O(socket_dir, "socket-dir", STRING, NULL, "DIR", NULL, RESTART,                            \
	  "folder of the sockets between processes; default: the first usable one of /run/drop, "  \
	  "$XDG_RUNTIME_DIR/drop and /dev/shm/drop-UID")

#define API_OPTIONS(O)                                                                             \
	O(kubeconfig, "kubeconfig", STRING, NULL, "FILE", NULL, RESTART,                           \
	  "kubeconfig for the API server; default: the pod's service account, else $KUBECONFIG")   \
	O(pod_namespace, "pod-namespace", STRING, "drop-system", "NAME", NULL, RESTART,            \
	  "namespace of pull pods and of the lease")

#define LOG_OPTIONS(O, LEVEL)                                                                      \
	O(log_level, "log-level", STRING, LEVEL, "LEVEL", option_log_levels, LIVE,                 \
	  "lowest severity that is logged")                                                        \
	O(log_format, "log-format", STRING, "text", "FORMAT", option_log_formats, RESTART,         \
	  "format of the log lines")

#define COMMON_OPTIONS(O) SOCKET_OPTIONS(O) API_OPTIONS(O) LOG_OPTIONS(O, "info")
/* A tool for people speaks to no API server, and says nothing but what it was asked. */
#define TOOL_OPTIONS(O) SOCKET_OPTIONS(O) LOG_OPTIONS(O, "warn")

/* ---- of one process ---- */

#define WATCHER_OPTIONS(O)                                                                         \
	O(leader_elect, "leader-elect", BOOL, "true", NULL, NULL, RESTART,                         \
	  "write only while holding the Lease; false: no leader election, for a single instance")  \
	O(usage, "usage", BOOL, "false", NULL, NULL, RESTART,                                      \
	  "watch events of kubelets to learn which images workloads start; required by sources "   \
	  "of type cluster and by dropctl report; needs the right to list and watch events in "    \
	  "all namespaces")                                                                        \
	O(usage_store, "usage-store", STRING, "drop-usage", "NAME", NULL, RESTART,                 \
	  "where usage is saved: the ConfigMaps NAME-0 to NAME-2 of the pod namespace")           \
	O(usage_pool_label, "usage-pool-label", STRING, NULL, "KEY", NULL, RESTART,                \
	  "label of nodes whose value is their node pool; default: those of Karpenter, EKS, GKE "  \
	  "and AKS")

#define RECONCILER_OPTIONS(O)                                                                      \
	O(metrics_per_node, "metrics-per-node", BOOL, "false", NULL, NULL, RESTART,                \
	  "add the node to pull metrics; this makes one series per image and node")                \
	O(excluded_node_taints, "excluded-node-taints", STRING, NULL, "KEYS", NULL, RESTART,       \
	  "taint keys of nodes that get no pull pods, separated by commas, each KEY or PREFIX*")   \
	O(registry_checks, "registry-checks", BOOL, "true", NULL, NULL, RESTART,                   \
	  "send requests to registries: whether a pull would change anything, and for which "      \
	  "platforms an image is")                                                                 \
	O(startup_taint, "startup-taint", STRING, NULL, "KEYS", NULL, RESTART,                     \
	  "keys of the taints with which new nodes start, separated by commas: tolerated by "      \
	  "pull pods, and removed once the node has the images with spec.gateNodes")               \
	O(tolerate_startup_taint, "tolerate-startup-taint", STRING, NULL, "KEYS", NULL, RESTART,   \
	  "keys of startup taints that another controller removes, separated by commas: "          \
	  "tolerated by pull pods, never removed")                                                 \
	O(startup_taint_deadline, "startup-taint-deadline", DURATION, "8m", "DURATION", NULL,      \
	  RESTART,                                                                                 \
	  "maximum time from a node becoming Ready until its startup taint is removed, even if "   \
	  "images are missing")                                                                    \
	O(node_condition, "node-condition", BOOL, "false", NULL, NULL, RESTART,                    \
	  "write the condition drop.corewire.io/ImagesReady of each node, for the Node "           \
	  "Readiness Controller")

#define PULLER_OPTIONS(O)                                                                          \
	O(priority_class, "priority-class", STRING, NULL, "NAME", NULL, RESTART,                   \
	  "priorityClassName of the pull pods; default: the cluster's default class")              \
	O(pull_pod_labels, "pull-pod-labels", STRING, NULL, "PAIRS", NULL, RESTART,                \
	  "additional labels of the pull pods, KEY=VALUE separated by commas; spec.podMetadata "   \
	  "takes precedence")                                                                      \
	O(pull_pod_annotations, "pull-pod-annotations", STRING, NULL, "PAIRS", NULL, RESTART,      \
	  "additional annotations of the pull pods, KEY=VALUE separated by commas; a comma in a "  \
	  "value is written \\,")                                                                  \
	O(pull_pod_resources, "pull-pod-resources", STRING,                                        \
	  "requests.cpu=10m,requests.memory=16Mi,limits.memory=64Mi", "RESOURCES", NULL, RESTART,  \
	  "requests.RESOURCE=QUANTITY and limits.RESOURCE=QUANTITY of the pull pods, separated "   \
	  "by commas")                                                                             \
	O(pull_pod_user, "pull-pod-user", STRING, "65534", "ID", NULL, RESTART,                    \
	  "runAsUser of the pull pods, not 0; none: not set, for clusters that assign it")         \
	O(pull_pod_group, "pull-pod-group", STRING, "65534", "ID", NULL, RESTART,                  \
	  "runAsGroup of the pull pods; none: not set")                                            \
	O(pull_pod_service_account, "pull-pod-service-account", STRING, NULL, "NAME", NULL,        \
	  RESTART,                                                                                 \
	  "serviceAccountName of the pull pods (its token is not mounted); default: the "          \
	  "namespace's default account")                                                           \
	O(pull_pod_runtime_class, "pull-pod-runtime-class", STRING, NULL, "NAME", NULL, RESTART,   \
	  "runtimeClassName of the pull pods")                                                     \
	O(pull_pod_image_pull_secrets, "pull-pod-image-pull-secrets", STRING, NULL, "NAMES", NULL, \
	  RESTART, "imagePullSecrets of all pull pods, names separated by commas")

#define DISCOVERER_OPTIONS(O)                                                                      \
	O(discovery_secrets, "discovery-secrets", STRING, "any", "WHICH", option_secrets, RESTART, \
	  "secrets of the pod namespace that DiscoveryPolicies may use: any, labelled (with "      \
	  "drop.corewire.io/allow=discovery) or named (by --discovery-secret-names)")              \
	O(discovery_secret_names, "discovery-secret-names", STRING, NULL, "NAMES", NULL, RESTART,  \
	  "names of the secrets for --discovery-secrets=named, separated by commas")               \
	O(require_tls_credentials, "require-tls-credentials", BOOL, "false", NULL, NULL, RESTART,  \
	  "send credentials of DiscoveryPolicies over https only")                                 \
	O(registries, "registries", STRING, NULL, "ENDPOINTS", NULL, RESTART,                      \
	  "endpoints for requests about images, HOST=URL or HOST=URL;ca=FILE, separated by "       \
	  "commas: mirrors, plain http, local addresses")

#define METRICSD_OPTIONS(O)                                                                        \
	O(metrics_bind_address, "metrics-bind-address", STRING, "0", "ADDRESS", NULL, RESTART,     \
	  "address on which metrics are served, such as :8443; 0: disabled")                       \
	O(metrics_secure, "metrics-secure", BOOL, "true", NULL, NULL, RESTART,                     \
	  "serve metrics over https, to clients authorized to get /metrics; false: over http, "    \
	  "without authorization")                                                                 \
	O(metrics_cert_path, "metrics-cert-path", STRING, NULL, "DIR", NULL, RESTART,              \
	  "folder of the TLS certificate for metrics; default: a self-signed certificate is "      \
	  "generated at start")                                                                    \
	O(metrics_cert_name, "metrics-cert-name", STRING, "tls.crt", "FILE", NULL, RESTART,        \
	  "file name of the certificate in that folder")                                           \
	O(metrics_cert_key, "metrics-cert-key", STRING, "tls.key", "FILE", NULL, RESTART,          \
	  "file name of the private key in that folder")                                           \
	O(health_probe_bind_address, "health-probe-bind-address", STRING, ":8081", "ADDRESS",      \
	  NULL, RESTART, "address on which /healthz and /readyz are served; 0: disabled")          \
	O(status_page, "status-page", BOOL, "false", NULL, NULL, RESTART,                          \
	  "serve a status page at / and /status.json on the metrics address, with the same "       \
	  "authorization")                                                                         \
	O(status_page_bind_address, "status-page-bind-address", STRING, "0", "ADDRESS", NULL,      \
	  RESTART,                                                                                 \
	  "loopback address on which the same page is served over http, without "                  \
	  "authorization, such as 127.0.0.1:8090; 0: disabled")

/* ---- the values, and the tables that fill them ---- */

typedef const char *option_string; /* NULL: not given */
typedef bool option_bool;
typedef int64_t option_int, option_duration;
#define OPTION_TYPE_STRING   option_string
#define OPTION_TYPE_BOOL     option_bool
#define OPTION_TYPE_INT      option_int
#define OPTION_TYPE_DURATION option_duration
#define OPTION_MEMBER(member, option, kind, dflt, argument, allowed, change, text)                 \
	OPTION_TYPE_##kind member;
#define OPTION_DEF(type_, member, option, kind, dflt, argument, allowed, change, text)             \
	{.name = (option),                                                                         \
	 .type = OPT_##kind,                                                                       \
	 .offset = offsetof(type_, member),                                                        \
	 .def = (dflt),                                                                            \
	 .arg = (argument),                                                                        \
	 .doc = (text),                                                                            \
	 .one_of = (allowed)},

struct watcher_options {
	WATCHER_OPTIONS(OPTION_MEMBER)
	const char *identity; /* the watcher's only: the supervisor gives it by $DROP_IDENTITY */
};
struct reconciler_options {
	RECONCILER_OPTIONS(OPTION_MEMBER)
};
struct puller_options {
	PULLER_OPTIONS(OPTION_MEMBER)
};
struct discoverer_options {
	DISCOVERER_OPTIONS(OPTION_MEMBER)
};
struct metricsd_options {
	METRICSD_OPTIONS(OPTION_MEMBER)
};

/* A process's state begins with its options: the offsets of these tables are into both. */
extern const struct option_def watcher_option_defs[], reconciler_option_defs[],
	puller_option_defs[], discoverer_option_defs[], metricsd_option_defs[];

#endif
