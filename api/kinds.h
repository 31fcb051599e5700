/*
 * The kinds this project reads or writes, each as one plain struct whose fields
 * mirror the JSON (behaviour.md for the additive ones). The
 * descriptor tables in api/<kind>.c are the only place that knows JSON names,
 * defaults, limits and descriptions. Ownership as in api/meta.h.
 *
 * Units: durations are milliseconds, times unix seconds, sizes bytes.
 */
#ifndef DROP_API_KINDS_H
#define DROP_API_KINDS_H

#include "api/meta.h"

struct arena; /* base/arena.h */
struct desc;  /* api/desc.h */

/* ---- CachedImage ---- */

/* Of a CachedImage: the set whose child it is (behaviour 23), its name cut if it is too long. */
#define API_SET_LABEL "drop.corewire.io/imageset"

/* Entries of each map, and characters of an annotation; the CRDs refuse more. */
#define POD_METADATA_MAX   32
#define POD_ANNOTATION_MAX 1024

struct pod_metadata { /* additive, behaviour 57 */
	struct api_map labels, annotations;
};

struct cachedimage_spec {
	const char *image, *tag, *digest;
	const char *image_pull_policy; /* default Always */
	struct api_name_refs image_pull_secrets;
	struct api_map node_selector;
	struct api_tolerations tolerations;
	int64_t priority;
	struct api_name_ref *policy_ref;
	struct pod_metadata *pod_metadata;
	bool gate_nodes; /* additive, behaviour 45 */
	bool suspend;    /* additive, behaviour 50 */
};

/* Limits of status.failedNodes, refused beyond by the CRD: writers cut to them. */
#define FAILED_NODES_MAX   100
#define FAILED_MESSAGE_MAX 1024 /* characters */

struct failed_node { /* additive, behaviour.md 19 */
	const char *node, *reason, *message;
	int64_t attempts;
	int64_t last_attempt_at;
};

struct failed_nodes {
	struct failed_node *at;
	size_t n;
};

/* Rows of status.registry.platforms; an index with more is cut to them by who writes. */
#define PLATFORMS_TOLD_MAX 32

struct image_platform {
	const char *platform; /* api/platform.h; "": of an image that is no index */
	int64_t bytes;        /* compressed; 0: not known */
};

struct image_platforms {
	struct image_platform *at;
	size_t n; /* 0: not known */
};

struct registry_status { /* additive, behaviour 35, 37, 39 */
	const char *digest;
	int64_t checked_at, settled_at;
	struct image_platforms platforms;
	const char *message; /* why the last check told nothing; NULL: it did */
};

/* Room for one hash per row of its table (reconciler/core/status_hash.h). */
#define CACHEDIMAGE_STATUS_ROWS_MAX 20

struct cachedimage_status {
	int64_t observed_generation;
	const char *phase, *ready, *resolved_digest;
	int64_t nodes_targeted, nodes_ready, nodes_pulling;
	int64_t nodes_skipped; /* additive, behaviour 39 */
	const char
		*cached_image; /* additive, behaviour.md 16: the reference cachedNodes is about */
	struct api_strings cached_nodes;
	struct failed_nodes failed_nodes;
	int64_t consecutive_failures;
	int64_t last_pulled_at, last_attempted_at;
	struct registry_status *registry; /* NULL: never asked */
	struct api_conditions conditions;
};

struct cachedimage {
	struct api_meta meta;
	struct cachedimage_spec spec;
	struct cachedimage_status status;
};

/* ---- CachedImageSet ---- */

struct image_entry {
	const char *image, *tag, *digest;
};

struct image_entries {
	struct image_entry *at;
	size_t n;
};

struct cachedimageset_spec {
	struct api_name_ref *policy_ref, *discovery_policy_ref;
	const char *image_pull_policy;
	struct api_name_refs image_pull_secrets;
	struct api_map node_selector;
	struct api_tolerations tolerations;
	struct pod_metadata *pod_metadata;
	bool gate_nodes; /* additive, behaviour 45 */
	bool suspend;    /* additive, behaviour 50 */
	struct image_entries images;
};

struct cachedimageset_status {
	int64_t observed_generation;
	const char *phase;
	int64_t images_managed, images_ready;
	struct api_conditions conditions;
};

struct cachedimageset {
	struct api_meta meta;
	struct cachedimageset_spec spec;
	struct cachedimageset_status status;
};

/* ---- DiscoveryPolicy ---- */

struct prometheus_source {
	const char *endpoint, *query;
	int64_t lookback; /* of a source, 0: instant query; of a query, 0: 24h if it has a range */
	const char *step; /* of a source */
	const char *query_type; /* of a query: range or instant; NULL: range */
	int64_t step_ms;        /* of a query; 0: 5m */
};

struct loki_parser {
	const char *type;
	const char *pod_field, *reason_field, *message_field, *image_field; /* NULL: the default */
};

struct loki_source {
	const char *endpoint, *query, *query_type;
	int64_t lookback; /* 0: 24h */
	struct loki_parser *parser;
};

struct registry_source {
	const char *url;
	struct api_strings repositories;
	const char *tag_filter;
	int64_t top_x; /* 0: unset */
	const char *image_template;
	const char *tag_seek, *version_pattern; /* of a query, as the next */
	int64_t max_scan;                       /* 0: 1000 */
};

struct cluster_source {                                    /* additive, behaviour 53 */
	struct api_strings namespaces, exclude_namespaces; /* with * for any characters */
	int64_t min_namespaces;                            /* 0: 1 */
	int64_t lookback;                                  /* 0: 168h */
};

/*
 * What is asked for images: an entry of spec.sources, or of spec.queries, which is the same with
 * more members and has a table of its own (api/discoverypipeline.c).
 */
struct discovery_source {
	const char *name; /* of a query */
	const char *type;
	struct prometheus_source *prometheus;
	struct loki_source *loki; /* of a query */
	struct registry_source *registry;
	struct cluster_source *cluster; /* NULL: as if it were empty, of type cluster */
	struct api_name_ref *secret_ref;
};

struct discovery_sources {
	struct discovery_source *at;
	size_t n;
};

/* One number for each image, of the samples of one query (the pipeline form). */
struct signal_aggregate {
	const char *method;
};

struct signal_hours {
	int64_t start_hour, end_hour;
	const char *weight;
};

struct signal_hours_list {
	struct signal_hours *at;
	size_t n;
};

struct signal_weighted {
	const char *method, *timezone, *default_weight;
	struct signal_hours_list windows;
};

struct signal_day_window {
	const char *start, *end; /* "HH:MM" */
};

struct signal_window {
	const char *method, *timezone;
	int64_t relative_window; /* 0: unset */
	struct signal_day_window *window;
};

struct signal_event {
	const char *metric, *statistic;
};

struct discovery_signal {
	const char *name, *query, *type;
	struct signal_aggregate *aggregate;
	struct signal_weighted *weighted;
	struct signal_window *window;
	struct signal_event *event;
};

struct discovery_signals {
	struct discovery_signal *at;
	size_t n;
};

struct ranking_term {
	const char *signal, *weight;
};

struct ranking_terms {
	struct ranking_term *at;
	size_t n;
};

struct ranking_weighted {
	const char *normalize, *missing_signal;
	struct ranking_terms terms;
};

/* core/v1 NodeSelector: terms are alternatives, what is in a term has to match together. */
struct selector_requirement {
	const char *key, *op;
	struct api_strings values;
};

struct selector_requirements {
	struct selector_requirement *at;
	size_t n;
};

struct selector_term {
	struct selector_requirements expressions, fields;
};

struct selector_terms {
	struct selector_term *at;
	size_t n;
};

struct node_selector {
	struct selector_terms terms;
};

struct exposure_nodes {
	int64_t count; /* 0: unset */
	struct node_selector *selector;
};

struct ranking_exposure {
	struct exposure_nodes *nodes;
	const char *before, *target, *pull_time; /* names of signals */
};

struct discovery_ranking {
	const char *strategy, *signal;
	struct ranking_weighted *weighted;
	struct ranking_exposure *exposure;
};

struct discoverypolicy_spec {
	struct discovery_sources sources;
	const char *image_filter;
	int64_t sync_interval, max_images;
	int64_t remove_after;       /* additive; default 1: with the first answer that lacks it */
	int64_t max_shrink_percent; /* additive; default 100: no limit */
	struct discovery_sources queries; /* the pipeline form, as the next two; not with sources */
	struct discovery_signals signals;
	struct discovery_ranking *ranking; /* NULL: the highest raw value counts */
	bool suspend;                      /* additive, behaviour 50 */
};

struct signal_value {
	const char *name, *value; /* the shortest decimal */
};

struct signal_values {
	struct signal_value *at;
	size_t n;
};

struct discovered_image { /* score and source, or, in the pipeline form, the others */
	const char *image;
	int64_t score;
	const char *source;
	int64_t rank; /* from 1; 0: none */
	const char *final_score;
	struct signal_values signals; /* additive: those that the ranking uses */
};

struct discovered_images {
	struct discovered_image *at;
	size_t n;
};

struct query_result {
	const char *name, *type, *status, *message;
};

struct query_results {
	struct query_result *at;
	size_t n;
};

struct discoverypolicy_status {
	int64_t observed_generation; /* additive, behaviour 59 */
	int64_t last_sync_time;
	struct discovered_images discovered_images;
	int64_t image_count, source_count;
	struct query_results query_results; /* of the pipeline form */
	struct api_conditions conditions;
};

struct discoverypolicy {
	struct api_meta meta;
	struct discoverypolicy_spec spec;
	struct discoverypolicy_status status;
};

/* ---- PullPolicy ---- */

struct failure_backoff {
	int64_t initial, max; /* default 30s and 5m */
};

/* concurrencyScope, where the limits are for each image (behaviour 55). */
#define PULLPOLICY_SCOPE_IMAGE "Image"

/* Windows of a PullPolicy: the API server refuses more. */
#define PULL_WINDOWS_MAX 16

struct pull_window_spec {        /* additive, behaviour 51 */
	const char *start, *end; /* "HH:MM" */
	struct api_strings days; /* Mon ... Sun, of the start; none: all */
	const char *timezone;    /* IANA; NULL: UTC */
};

struct pull_window_specs {
	struct pull_window_spec *at;
	size_t n;
};

struct pullpolicy_spec {
	int64_t max_concurrent_nodes;            /* default 1 */
	const char *concurrency_scope;           /* additive, behaviour 55; default Policy */
	int64_t max_concurrent_pulls;            /* additive, behaviour.md 12; 0: no limit */
	int64_t max_pulls_per_node;              /* additive, behaviour.md 12; default 2 */
	int64_t max_held_nodes;                  /* additive, behaviour 46; 0: no limit */
	int64_t max_images_per_pod;              /* additive, behaviour 42; 0: 1 */
	int64_t min_delay_between_pulls;         /* default 10s; 0: none */
	int64_t pull_timeout;                    /* additive, behaviour.md 9; default 30m */
	struct failure_backoff *failure_backoff; /* NULL: the defaults */
	int64_t repull_interval;                 /* 0: never */
	const char *max_image_size;              /* additive, behaviour 41; NULL: no limit */
	int64_t max_node_image_disk_percent;     /* additive, behaviour 41; 0: no limit */
	const char *max_bytes_per_second;        /* additive, behaviour 40; NULL: no limit */
	const char *repull_mode;                 /* additive, behaviour 37; default Auto */
	const char *registry_checks;             /* additive, behaviour 36; default Auto */
	bool suspend;                            /* additive, behaviour 50 */
	struct pull_window_specs pull_windows;   /* additive, behaviour 51 */
	const char *new_nodes_in_windows;        /* additive, behaviour 51; default Ignore */
	struct api_map node_selector;
	struct api_tolerations tolerations;
};

struct pullpolicy_status { /* additive, behaviour 59 */
	int64_t observed_generation;
	struct api_conditions conditions;
};

struct pullpolicy {
	struct api_meta meta;
	struct pullpolicy_spec spec;
	struct pullpolicy_status status;
};

/* ---- Node: what we read of it ---- */

struct node_taint {
	const char *key, *value, *effect;
};

struct node_taints {
	struct node_taint *at;
	size_t n;
};

/* The condition that drop writes (behaviour 47). */
#define NODE_CONDITION "drop.corewire.io/ImagesReady"

struct node_condition { /* the watcher keeps Ready, DiskPressure and ours only */
	const char *type, *status;
	int64_t heartbeat; /* lastHeartbeatTime; node_trim() keeps Ready's */
	int64_t since;     /* lastTransitionTime; node_trim() keeps Ready's */
};

struct node_conditions {
	struct node_condition *at;
	size_t n;
};

/* Names of one image in status.images: at most so many, more are hidden (behaviour.md 18). */
#define NODE_IMAGE_NAMES_MAX 5

struct node_image {
	struct api_strings names; /* after node_trim(): node_name_hash() reads them */
	int64_t size;
};

struct node_images {
	struct node_image *at;
	size_t n;
};

/*
 * Of the metadata name, uid, labels, creation and deletion are read. Not the
 * resourceVersion: a heartbeat must not look like a change.
 */
struct node {
	struct api_meta meta;
	struct node_taints taints;
	struct node_conditions conditions;
	const char *os, *arch; /* status.nodeInfo */
	const char *machine;   /* status.nodeInfo.machineID: of the installed system, or NULL */
	const char *kubelet_version; /* status.nodeInfo.kubeletVersion: "v1.36.3", or NULL */
	const char *disk;            /* status.capacity["ephemeral-storage"]: "100Gi", or NULL */
	const char *runtime; /* status.nodeInfo.containerRuntimeVersion: "containerd://1.7.20" */
	struct node_images images; /* status.images: the largest first, cut by the kubelet */
};

/*
 * Keeps what rules ask for, in place, the same for the same facts: the conditions Ready,
 * DiskPressure (behaviour.md 2) and ours, and of each image name a hash of what it means (18), as
 * text that lives in a: 12 bytes instead of 100.
 */
void node_trim(struct node *node, struct arena *a);
/* ref_hash() of the name that node_trim() made this text of; 0: it was no reference. */
uint64_t node_name_hash(const char *text);
/*
 * "sha256:..." by which an untrimmed node names, in the repository of the reference, the image
 * that it lists under that reference (behaviour.md 19); in a. NULL: it does not say.
 */
const char *node_digest(const struct node *node, const char *reference, struct arena *a);
/* The condition of that type, or NULL. */
struct node_condition *node_condition_find(const struct node *node, const char *type);

/* ---- Pod: what we read of it ---- */

struct pod_condition {
	const char *type, *status, *reason, *message;
};

struct pod_conditions {
	struct pod_condition *at;
	size_t n;
};

struct container_waiting {
	const char *reason, *message;
};

struct container_terminated {
	int64_t exit_code;
	const char *reason, *message;
	int64_t started_at, finished_at;
};

struct container_status {
	const char *name, *image, *image_id, *container_id;
	struct container_waiting *waiting;       /* state.waiting */
	struct container_terminated *terminated; /* state.terminated */
	int64_t running_since;                   /* state.running.startedAt, or 0 */
};

struct container_statuses {
	struct container_status *at;
	size_t n;
};

struct pod_container {
	const char *name, *image;
};

struct pod_containers {
	struct pod_container *at;
	size_t n;
};

struct pod {
	struct api_meta meta;
	const char *node_name;
	struct pod_containers containers;
	const char *phase, *reason, *message; /* status */
	int64_t start_time;
	struct pod_conditions conditions;
	struct container_statuses container_statuses, init_container_statuses;
};

/* The condition of a pod that is kept: its sandbox is up. */
#define POD_READY_TO_START "PodReadyToStartContainers"

/*
 * Keeps what rules ask for (behaviour.md 6, 8, 9), in place, the same for the same facts: labels
 * and annotations of drop, a container's image if it is not the reference of its annotation, the
 * condition POD_READY_TO_START, of each container its cause to wait,
 * its image's ID without its path, or else its own, and how and when it ended. Control characters
 * of the node's and the server's words are escaped (base/visible.h); these texts live in a.
 */
void pod_trim(struct pod *pod, struct arena *a);

/* ---- Lease (coordination.k8s.io/v1) ---- */

struct lease {
	struct api_meta meta;
	const char *holder; /* spec.holderIdentity; NULL or "": free */
	int64_t duration_s, transitions;
	const char *acquire_time, *renew_time; /* MicroTime texts, passed through */
};

/* ---- the table of kinds ---- */

enum kind {
	KIND_NODE,
	KIND_POD,
	KIND_CACHEDIMAGE,
	KIND_CACHEDIMAGESET,
	KIND_DISCOVERYPOLICY,
	KIND_PULLPOLICY,
	KIND_LEASE,
	KIND_COUNT,
};

struct kind_info {
	const char *kind;       /* "CachedImage" */
	const char *plural;     /* "cachedimages" */
	const char *singular;   /* "cachedimage" */
	const char *short_name; /* "ci", of ours */
	const char *group;      /* "" for core */
	const char *version;
	bool namespaced;
	bool ours;                 /* a CRD of this project: has spec.default, status subresource */
	size_t size;               /* sizeof its struct, which starts with struct api_meta */
	const struct desc *desc;   /* descriptor of the whole object */
	const struct desc *status; /* of its status alone; NULL: not ours */
};

extern const struct kind_info kinds[KIND_COUNT];

/* By "CachedImage"; -1 if we don't know it. */
int kind_find(const char *kind);

#endif
