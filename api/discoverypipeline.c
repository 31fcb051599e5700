/*
 * The pipeline form of a DiscoveryPolicy (upstream 2.x; behaviour.md 55): queries, signals and
 * ranking, and what its status says of them. The sizes of the lists bound the cost of the rules.
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

#define PART_NAME_MAX    63
#define ZONE_NAME_MAX    64
#define REPOSITORIES_MAX 1024

/* resource.Quantity, as upstream's CRD has it. */
#define QUANTITY_PATTERN                                                                           \
	"^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]" \
	"+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
#define QUANTITY      .flags = FF_REQUIRED | FF_QUANTITY, .max_len = 64, .pattern = QUANTITY_PATTERN
#define CLOCK_PATTERN "^([01][0-9]|2[0-3]):[0-5][0-9]$"
#define NAME_OF       .flags = FF_REQUIRED, .min_len = 1, .max_len = PART_NAME_MAX

static const char *const query_types[] = {"prometheus", "loki", "registry", "cluster", NULL};
static const char *const range_or_instant[] = {"range", "instant", NULL};
static const char *const range_only[] = {"range", NULL};
static const char *const parser_types[] = {"kubernetesEvents", NULL};
static const char *const signal_types[] = {"aggregate", "timeWeightedAggregate", "windowAggregate",
					   "eventPullTime", NULL};
static const char *const methods[] = {"sum", "count", "avg", "max", "min", NULL};
static const char *const metrics[] = {"pullTime", "imageSize", NULL};
static const char *const statistics[] = {"p50", "p90", "p95", "avg", "max", "count", NULL};
static const char *const strategies[] = {"signal", "weightedSum", "modelExposure", "waitingSaved",
					 NULL};
static const char *const normalizes[] = {"minMax", NULL};
static const char *const missing_signals[] = {"zero", "drop", NULL};
static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", NULL};

/* ---- queries ---- */

static const struct field prometheus_query_rows[] = {
	ROW(prometheus_source, endpoint, "endpoint", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_URL_MAX,
	    .doc = "Base URL of Prometheus or a compatible server; may include a path."),
	ROW(prometheus_source, query, "query", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_QUERY_MAX,
	    .doc = "PromQL query. Each series of the result needs a label image."),
	ROW(prometheus_source, query_type, "queryType", F_STRING, .enums = range_or_instant,
	    .doc = "range or instant; range when left out."),
	ROW(prometheus_source, lookback, "lookback", F_DURATION,
	    .doc = "Length of the range, up to now; 24h when left out."),
	ROW(prometheus_source, step_ms, "step", F_DURATION,
	    .doc = "Resolution step of the range; 5m when left out."),
};
static DESC_OF(prometheus_query, prometheus_source, "PrometheusQuery",
	       "Settings of a query of type prometheus.");

static const struct field loki_parser_rows[] = {
	ROW(loki_parser, type, "type", F_STRING, .flags = FF_REQUIRED, .enums = parser_types,
	    .doc = "kubernetesEvents: lines are events of kubelets, from which the duration and "
		   "the size of each pull are taken."),
	ROW(loki_parser, pod_field, "podField", F_STRING, .max_len = PART_NAME_MAX,
	    .doc = "Label or JSON member with the pod's name; involvedObject_name when left out."),
	ROW(loki_parser, reason_field, "reasonField", F_STRING, .max_len = PART_NAME_MAX,
	    .doc = "Label or JSON member with the event's reason; reason when left out."),
	ROW(loki_parser, message_field, "messageField", F_STRING, .max_len = PART_NAME_MAX,
	    .doc = "Label or JSON member with the event's message; message when left out."),
	ROW(loki_parser, image_field, "imageField", F_STRING, .max_len = PART_NAME_MAX,
	    .doc = "Label or JSON member whose text has the image in double quotes; message when "
		   "left out."),
};
static DESC(loki_parser, "LokiParser", "Conversion of log lines to samples.");

static const struct field loki_source_rows[] = {
	ROW(loki_source, endpoint, "endpoint", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_URL_MAX, .doc = "Base URL of Loki; may include a path."),
	ROW(loki_source, query, "query", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_QUERY_MAX, .doc = "LogQL query that returns log lines."),
	ROW(loki_source, query_type, "queryType", F_STRING, .enums = range_only,
	    .doc = "range, also when left out."),
	ROW(loki_source, lookback, "lookback", F_DURATION,
	    .doc = "Length of the range, up to now; 24h when left out."),
	ROW(loki_source, parser, "parser", F_OBJECT, .sub = &loki_parser_desc,
	    .doc = "Left out: each line is a sample of value 1 for the label image of its stream."),
};
static DESC(loki_source, "LokiQuery", "Settings of a query of type loki.");

static const struct field registry_query_rows[] = {
	ROW(registry_source, url, "url", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_URL_MAX, .doc = "URL of the registry, without a repository."),
	ROW(registry_source, repositories, "repositories", F_STRINGS, .flags = FF_REQUIRED,
	    .min_items = 1, .max_items = REPOSITORIES_MAX,
	    .doc = "Repositories whose tags are listed, such as team/app."),
	ROW(registry_source, tag_filter, "tagFilter", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Regular expression; tags that do not match are ignored. Left out: all match."),
	ROW(registry_source, image_template, "imageTemplate", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Template of the image reference. Left out: "
		   "{{.Registry}}/{{.Repository}}:{{.Tag}}."),
	ROW(registry_source, tag_seek, "tagSeek", F_STRING, .max_len = API_TAG_MAX,
	    .doc = "Start of the list: the tags after this one in the order of the registry."),
	ROW(registry_source, max_scan, "maxScan", F_INT, COUNT32_MIN1,
	    .doc = "Maximum number of tags read of each repository; 1000 when left out."),
	ROW(registry_source, version_pattern, "versionPattern", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Regular expression with one group, which is the version in a tag. Left out: "
		   "the tag itself, with or without v, else the first part of it that looks like a "
		   "version."),
	ROW(registry_source, top_x, "topX", F_INT, COUNT32_MIN1,
	    .doc = "Number of tags taken from each repository: those with the newest versions. "
		   "Left out: all."),
};
static DESC_OF(registry_query, registry_source, "RegistryQuery",
	       "Settings of a query of type registry.");

#define NAMESPACES .max_items = 256, .max_len = API_NAME_MAX

static const struct desc_rule lookback_rules[] = {
	{"duration(self) <= duration('168h')", "usage is known for 168h"},
	{0},
};

static const struct field cluster_source_rows[] = {
	ROW(cluster_source, namespaces, "namespaces", F_STRINGS, NAMESPACES,
	    .doc = "Namespaces whose workloads count, with * for any characters. Left out: all."),
	ROW(cluster_source, exclude_namespaces, "excludeNamespaces", F_STRINGS, NAMESPACES,
	    .doc = "Namespaces whose workloads do not count, with * for any characters."),
	ROW(cluster_source, min_namespaces, "minNamespaces", F_INT, .bits = 32, .min = 1, .max = 8,
	    .doc = "Images that were used in fewer namespaces than this are ignored; 1 when left "
		   "out."),
	ROW(cluster_source, lookback, "lookback", F_DURATION, .rules = lookback_rules,
	    .doc = "How far back uses count; 168h when left out, which is also the maximum."),
};
DESC(cluster_source, "ClusterSource",
     "Settings of type cluster: the images that workloads of this cluster start.");

static const struct desc_rule query_rules[] = {
	{"has(self.prometheus) == (self.type == 'prometheus') && has(self.loki) == (self.type == "
	 "'loki') && has(self.registry) == (self.type == 'registry') && (!has(self.cluster) || "
	 "self.type == 'cluster')",
	 "a query needs the block named by its type, and no other"},
	{0},
};

static const struct field discovery_query_rows[] = {
	ROW(discovery_source, name, "name", F_STRING, NAME_OF,
	    .doc = "Name of the query, to which signals refer."),
	ROW(discovery_source, type, "type", F_STRING, .flags = FF_REQUIRED, .enums = query_types,
	    .doc = "Type of the query; the block of the same name is required, except for "
		   "cluster."),
	ROW(discovery_source, prometheus, "prometheus", F_OBJECT, .sub = &prometheus_query_desc,
	    .doc = "Settings of a query of type prometheus."),
	ROW(discovery_source, loki, "loki", F_OBJECT, .sub = &loki_source_desc,
	    .doc = "Settings of a query of type loki."),
	ROW(discovery_source, registry, "registry", F_OBJECT, .sub = &registry_query_desc,
	    .doc = "Settings of a query of type registry."),
	ROW(discovery_source, cluster, "cluster", F_OBJECT, .sub = &cluster_source_desc,
	    .flags = FF_ADDITIVE,
	    .doc = "Settings of a query of type cluster: each use of an image is a sample of "
		   "value 1. Needs the chart's usage.enabled."),
	ROW(discovery_source, secret_ref, "secretRef", F_OBJECT, .sub = &api_secret_ref_desc,
	    .doc = "Secret with credentials: token, username and password, ca.crt, "
		   "tls.crt and tls.key, headers.<name>; for a registry also "
		   ".dockerconfigjson. Left out: no credentials are sent."),
};
DESC_OF(discovery_query, discovery_source, "DiscoveryQuery",
	"A query that returns samples of images.", .rules = query_rules);

/* ---- signals ---- */

#define METHOD(tag)                                                                                \
	ROW(tag, method, "method", F_STRING, .flags = FF_REQUIRED, .enums = methods,               \
	    .doc = "Aggregation of the samples of an image: sum, count, avg, max or min.")
#define TIMEZONE(tag)                                                                              \
	ROW(tag, timezone, "timezone", F_STRING, .max_len = ZONE_NAME_MAX,                         \
	    .doc = "IANA time zone, such as Europe/Berlin; UTC when left out.")

static const struct field signal_aggregate_rows[] = {METHOD(signal_aggregate)};
static DESC(signal_aggregate, "AggregateSignal", "All samples of an image.");

static const struct field signal_hours_rows[] = {
	ROW(signal_hours, start_hour, "startHour", F_INT, .flags = FF_REQUIRED | FF_ALWAYS,
	    .bits = 32, .min = 0, .max = 23, .doc = "First hour of the window."),
	ROW(signal_hours, end_hour, "endHour", F_INT, .flags = FF_REQUIRED, .bits = 32, .min = 1,
	    .max = 24,
	    .doc = "Hour at which the window ends; on the next day if it is less than "
		   "startHour."),
	ROW(signal_hours, weight, "weight", F_STRING, QUANTITY,
	    .doc = "Factor of the samples in the window."),
};
static DESC(signal_hours, "HourWindow", "Hours of the day, and the weight of their samples.");

static const struct field signal_weighted_rows[] = {
	METHOD(signal_weighted),
	TIMEZONE(signal_weighted),
	ROW(signal_weighted, default_weight, "defaultWeight", F_STRING, .flags = FF_QUANTITY,
	    .max_len = 64, .pattern = QUANTITY_PATTERN,
	    .doc = "Factor of the samples in no window; 1 when left out."),
	ROW(signal_weighted, windows, "windows", F_LIST, .flags = FF_REQUIRED,
	    .sub = &signal_hours_desc, .min_items = 1, .max_items = 24,
	    .doc = "The first window that contains a sample's local hour gives its weight."),
};
static DESC(signal_weighted, "TimeWeightedSignal",
	    "All samples of an image, each multiplied by the weight of its hour.");

static const struct field signal_day_window_rows[] = {
	ROW(signal_day_window, start, "start", F_STRING, .flags = FF_REQUIRED,
	    .pattern = CLOCK_PATTERN, .max_len = 5, .doc = "Time of day, HH:MM."),
	ROW(signal_day_window, end, "end", F_STRING, .flags = FF_REQUIRED, .pattern = CLOCK_PATTERN,
	    .max_len = 5,
	    .doc = "Time of day at which the window ends, HH:MM; on the next day if it is "
		   "earlier than start."),
};
static DESC(signal_day_window, "DayWindow", "A part of each day.");

static const struct desc_rule window_rules[] = {
	{"has(self.relativeWindow) != has(self.window)",
	 "set relativeWindow or window, and not both"},
	{0},
};

static const struct field signal_window_rows[] = {
	METHOD(signal_window),
	ROW(signal_window, relative_window, "relativeWindow", F_DURATION,
	    .doc = "Samples from this period before the query."),
	ROW(signal_window, window, "window", F_OBJECT, .sub = &signal_day_window_desc,
	    .doc = "Samples of this part of each day."),
	TIMEZONE(signal_window),
};
static DESC(signal_window, "WindowSignal", "The samples of an image in a window of time.",
	    .rules = window_rules);

static const struct field signal_event_rows[] = {
	ROW(signal_event, metric, "metric", F_STRING, .enums = metrics,
	    .doc = "pullTime, in seconds, or imageSize, in bytes; pullTime when left out."),
	ROW(signal_event, statistic, "statistic", F_STRING, .flags = FF_REQUIRED,
	    .enums = statistics,
	    .doc = "Aggregation of the values of an image: p50, p90, p95, avg, max or "
		   "count."),
};
static DESC(signal_event, "EventPullTimeSignal", "Durations or sizes of the pulls of an image.");

static const struct desc_rule signal_rules[] = {
	{"has(self.aggregate) == (self.type == 'aggregate') && has(self.timeWeightedAggregate) == "
	 "(self.type == 'timeWeightedAggregate') && has(self.windowAggregate) == (self.type == "
	 "'windowAggregate') && has(self.eventPullTime) == (self.type == 'eventPullTime')",
	 "a signal needs the block named by its type, and no other"},
	{0},
};

static const struct field discovery_signal_rows[] = {
	ROW(discovery_signal, name, "name", F_STRING, NAME_OF,
	    .doc = "Name of the signal, to which the ranking refers."),
	ROW(discovery_signal, query, "query", F_STRING, NAME_OF,
	    .doc = "Name of the query that supplies the samples."),
	ROW(discovery_signal, type, "type", F_STRING, .flags = FF_REQUIRED, .enums = signal_types,
	    .doc = "Type of the signal; the block of the same name is required."),
	ROW(discovery_signal, aggregate, "aggregate", F_OBJECT, .sub = &signal_aggregate_desc,
	    .doc = "Settings of type aggregate."),
	ROW(discovery_signal, weighted, "timeWeightedAggregate", F_OBJECT,
	    .sub = &signal_weighted_desc, .doc = "Settings of type timeWeightedAggregate."),
	ROW(discovery_signal, window, "windowAggregate", F_OBJECT, .sub = &signal_window_desc,
	    .doc = "Settings of type windowAggregate."),
	ROW(discovery_signal, event, "eventPullTime", F_OBJECT, .sub = &signal_event_desc,
	    .doc = "Settings of type eventPullTime."),
};
DESC(discovery_signal, "DiscoverySignal", "One number for each image.", .rules = signal_rules);

/* ---- ranking ---- */

static const struct field ranking_term_rows[] = {
	ROW(ranking_term, signal, "signal", F_STRING, NAME_OF, .doc = "Name of a signal."),
	ROW(ranking_term, weight, "weight", F_STRING, QUANTITY, .doc = "Factor of the signal."),
};
static DESC(ranking_term, "RankingTerm", "A signal and its weight.");

static const struct field ranking_weighted_rows[] = {
	ROW(ranking_weighted, normalize, "normalize", F_STRING, .enums = normalizes,
	    .doc = "minMax: the lowest value of a signal counts as 0, the highest as 1. minMax "
		   "when left out."),
	ROW(ranking_weighted, missing_signal, "missingSignal", F_STRING, .enums = missing_signals,
	    .doc = "Images that have no value for a signal. zero: the value is 0. drop: "
		   "the image is ignored. zero when left out."),
	ROW(ranking_weighted, terms, "terms", F_LIST, .flags = FF_REQUIRED,
	    .sub = &ranking_term_desc, .min_items = 1, .max_items = 64,
	    .doc = "Signals to add up, with their weights."),
};
static DESC(ranking_weighted, "WeightedSum", "A weighted sum of normalized signals.");

static const struct field selector_requirement_rows[] = {
	ROW(selector_requirement, key, "key", F_STRING, .flags = FF_REQUIRED,
	    .max_len = API_LABEL_KEY_MAX, .doc = "Key of a label, or metadata.name."),
	ROW(selector_requirement, op, "operator", F_STRING, .flags = FF_REQUIRED,
	    .enums = operators, .doc = "In, NotIn, Exists, DoesNotExist, Gt or Lt."),
	ROW(selector_requirement, values, "values", F_STRINGS, .max_items = 256,
	    .max_len = API_NAME_MAX, .doc = "Values to compare with; one number for Gt and Lt."),
};
static DESC(selector_requirement, "NodeSelectorRequirement", "A condition on one label.");

static const struct field selector_term_rows[] = {
	ROW(selector_term, expressions, "matchExpressions", F_LIST, .max_items = 64,
	    .sub = &selector_requirement_desc, .doc = "Conditions on labels; all must be met."),
	ROW(selector_term, fields, "matchFields", F_LIST, .max_items = 64,
	    .sub = &selector_requirement_desc, .doc = "Conditions on metadata.name."),
};
static DESC(selector_term, "NodeSelectorTerm", "Conditions that must all be met.");

static const struct field node_selector_rows[] = {
	ROW(node_selector, terms, "nodeSelectorTerms", F_LIST, .flags = FF_REQUIRED,
	    .sub = &selector_term_desc, .min_items = 1, .max_items = 64,
	    .doc = "A node matches if it matches one of them."),
};
static DESC(node_selector, "NodeSelector", "Nodes that are counted; a NodeSelector of core/v1.");

static const struct field exposure_nodes_rows[] = {
	ROW(exposure_nodes, count, "count", F_INT, COUNT32_MIN1,
	    .doc = "Number of nodes, if there is no selector or no Ready node matches it."),
	ROW(exposure_nodes, selector, "selector", F_OBJECT, .sub = &node_selector_desc,
	    .doc = "Ready nodes that match it are counted."),
};
static DESC(exposure_nodes, "ExposureNodes", "Number of nodes among which workloads are placed.");

static const struct field ranking_exposure_rows[] = {
	ROW(ranking_exposure, nodes, "nodes", F_OBJECT, .sub = &exposure_nodes_desc,
	    .doc = "Number of nodes; all Ready nodes when left out."),
	ROW(ranking_exposure, before, "preWindowUsageSignal", F_STRING, NAME_OF,
	    .doc = "Signal: uses of the image before the window."),
	ROW(ranking_exposure, target, "targetWindowUsageSignal", F_STRING, NAME_OF,
	    .doc = "Signal: uses of the image in the window."),
	ROW(ranking_exposure, pull_time, "pullTimeSignal", F_STRING, NAME_OF,
	    .doc = "Signal: seconds that a pull of the image takes."),
};
static DESC(ranking_exposure, "ModelExposure",
	    "Expected waiting: uses in a window, times the probability that no earlier use has "
	    "brought the image to the node, times the duration of a pull.");

static const struct desc_rule ranking_rules[] = {
	{"has(self.signal) == (self.strategy == 'signal') && has(self.weightedSum) == "
	 "(self.strategy == 'weightedSum') && has(self.modelExposure) == (self.strategy == "
	 "'modelExposure')",
	 "a ranking needs the member named by its strategy, and no other"},
	{0},
};

static const struct field discovery_ranking_rows[] = {
	ROW(discovery_ranking, strategy, "strategy", F_STRING, .flags = FF_REQUIRED,
	    .enums = strategies,
	    .doc = "signal, weightedSum or modelExposure; the member of that name is required. "
		   "waitingSaved, for queries of type cluster, orders images by the waiting "
		   "time that they save on a new node; it has no settings."),
	ROW(discovery_ranking, signal, "signal", F_STRING, .min_len = 1, .max_len = PART_NAME_MAX,
	    .doc = "Of strategy signal: the signal whose value ranks the images; 0 if an image "
		   "has none."),
	ROW(discovery_ranking, weighted, "weightedSum", F_OBJECT, .sub = &ranking_weighted_desc,
	    .doc = "Settings of strategy weightedSum."),
	ROW(discovery_ranking, exposure, "modelExposure", F_OBJECT, .sub = &ranking_exposure_desc,
	    .doc = "Settings of strategy modelExposure."),
};
DESC(discovery_ranking, "DiscoveryRanking", "How the images are ordered.", .rules = ranking_rules);

/* ---- the spec as a whole ---- */

const struct desc_rule api_pipeline_rules[] = {
	{"!has(self.sources) || !(has(self.queries) || has(self.signals) || has(self.ranking))",
	 "set sources, or queries with signals and ranking, and not both"},
	{"!has(self.signals) || self.signals.all(s, has(self.queries) && self.queries.exists(q, "
	 "q.name == s.query))",
	 "a signal names a query that does not exist"},
	{"!has(self.signals) || !has(self.queries) || self.signals.all(s, s.type == 'aggregate' || "
	 "self.queries.all(q, q.name != s.query || (s.type == 'eventPullTime' ? q.type in "
	 "['loki', 'cluster'] : "
	 "q.type != 'registry')))",
	 "eventPullTime needs a query of type loki or cluster; tags of a registry have no times "
	 "for "
	 "timeWeightedAggregate and windowAggregate"},
	{"!has(self.ranking) || !has(self.ranking.signal) || (has(self.signals) && "
	 "self.signals.exists(s, s.name == self.ranking.signal))",
	 "ranking.signal names a signal that does not exist"},
	{"!has(self.ranking) || !has(self.ranking.weightedSum) || "
	 "self.ranking.weightedSum.terms.all(t, has(self.signals) && self.signals.exists(s, s.name "
	 "== t.signal))",
	 "a term of ranking.weightedSum names a signal that does not exist"},
	{"!has(self.ranking) || !has(self.ranking.modelExposure) || "
	 "[self.ranking.modelExposure.preWindowUsageSignal, "
	 "self.ranking.modelExposure.targetWindowUsageSignal, "
	 "self.ranking.modelExposure.pullTimeSignal].all(n, has(self.signals) && "
	 "self.signals.exists(s, s.name == n))",
	 "ranking.modelExposure names a signal that does not exist"},
	{"!has(self.ranking) || self.ranking.strategy != 'waitingSaved' || (has(self.queries) && "
	 "self.queries.exists(q, q.type == 'cluster'))",
	 "waitingSaved needs a query of type cluster"},
	{0},
};

/* ---- status ---- */

static const struct field signal_value_rows[] = {
	ROW(signal_value, name, "name", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Name of the signal."),
	ROW(signal_value, value, "value", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Its value for the image, a decimal number."),
};
DESC(signal_value, "SignalValue", "The value of a signal.");

static const struct field query_result_rows[] = {
	ROW(query_result, name, "name", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Name of the query."),
	ROW(query_result, type, "type", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Type of the query."),
	ROW(query_result, status, "status", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Result of the last run: success or failed."),
	ROW(query_result, message, "message", F_STRING,
	    .doc = "Why it failed, or a warning about its result."),
};
DESC(query_result, "QueryResult", "Result of the last run of a query.");
