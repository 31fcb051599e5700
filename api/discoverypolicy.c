/*
 * DiscoveryPolicy: where lists of images come from (behaviour.md 26-31). The members of the
 * pipeline form are in discoverypipeline.c.
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

/* The CEL rules of a source run for each: these bound their cost (behaviour.md 33). */
#define SOURCES_MAX 100
#define QUERIES_MAX 32
#define SIGNALS_MAX 64

static const char *const source_types[] = {"prometheus", "registry", "cluster", NULL};

static const struct desc_rule source_rules[] = {
	{"self.type != 'prometheus' || has(self.prometheus)",
	 "type prometheus needs the prometheus block"},
	{"self.type != 'registry' || has(self.registry)", "type registry needs the registry block"},
	{"self.type == 'prometheus' || !has(self.prometheus)",
	 "the prometheus block belongs to type prometheus only"},
	{"self.type == 'registry' || !has(self.registry)",
	 "the registry block belongs to type registry only"},
	{"self.type == 'cluster' || !has(self.cluster)",
	 "the cluster block belongs to type cluster only"},
	{0},
};

static const struct field prometheus_source_rows[] = {
	ROW(prometheus_source, endpoint, "endpoint", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_URL_MAX,
	    .doc = "Base URL of Prometheus or a compatible server; may include a path."),
	ROW(prometheus_source, query, "query", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_QUERY_MAX,
	    .doc = "PromQL query. Each series of the result needs a label image; its value is the "
		   "score."),
	ROW(prometheus_source, lookback, "lookback", F_DURATION,
	    .doc = "Query a range of this length up to now and sum the values; left out: an "
		   "instant query."),
	/*
	 * No default in the CRD: one inside a list that is replaced as a whole makes each apply of
	 * a manifest without it a change. The discoverer takes 5m.
	 */
	ROW(prometheus_source, step, "step", F_STRING, .max_len = 64,
	    .pattern = "^([0-9]*\\.?[0-9]+|([0-9]*\\.?[0-9]+(ms|s|m|h|d|w|y))+)$",
	    .doc = "Resolution step of the range query, such as 5m, 1d or 30 (seconds); 5m when "
		   "left out."),
};
static DESC(prometheus_source, "PrometheusSource", "Settings of a source of type prometheus.");

static const struct field registry_source_rows[] = {
	ROW(registry_source, url, "url", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = API_URL_MAX, .doc = "URL of the registry, without a repository."),
	ROW(registry_source, repositories, "repositories", F_STRINGS, .flags = FF_REQUIRED,
	    .min_items = 1, .doc = "Repositories whose tags are listed, such as team/app."),
	ROW(registry_source, tag_filter, "tagFilter", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Regular expression; tags that do not match are ignored. Left out: "
		   "all match."),
	ROW(registry_source, top_x, "topX", F_INT, COUNT32_MIN1,
	    .doc = "Number of tags taken from each repository: the last ones in the order of the "
		   "registry's list. Left out: all."),
	ROW(registry_source, image_template, "imageTemplate", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Template of the image reference. Left out: "
		   "{{.Registry}}/{{.Repository}}:{{.Tag}}."),
};
static DESC(registry_source, "RegistrySource", "Settings of a source of type registry.");

static const struct field discovery_source_rows[] = {
	ROW(discovery_source, type, "type", F_STRING, .flags = FF_REQUIRED, .enums = source_types,
	    .doc = "Type of the source; the block of the same name is required, except for "
		   "cluster."),
	ROW(discovery_source, prometheus, "prometheus", F_OBJECT, .sub = &prometheus_source_desc,
	    .doc = "Settings of a source of type prometheus."),
	ROW(discovery_source, registry, "registry", F_OBJECT, .sub = &registry_source_desc,
	    .doc = "Settings of a source of type registry."),
	ROW(discovery_source, cluster, "cluster", F_OBJECT, .sub = &cluster_source_desc,
	    .flags = FF_ADDITIVE,
	    .doc = "Settings of a source of type cluster, which finds what workloads of this "
		   "cluster start; needs the chart's usage.enabled."),
	ROW(discovery_source, secret_ref, "secretRef", F_OBJECT, .sub = &api_secret_ref_desc,
	    .doc = "Secret with credentials: token, username and password, ca.crt, "
		   "tls.crt and tls.key, headers.<name>; for a registry also "
		   ".dockerconfigjson. Left out: no credentials are sent."),
};
DESC(discovery_source, "DiscoverySource", "A server that is queried for images.",
     .rules = source_rules);

static const struct field discoverypolicy_spec_rows[] = {
	ROW(discoverypolicy_spec, sources, "sources", F_LIST, .sub = &discovery_source_desc,
	    .min_items = 1, .max_items = SOURCES_MAX,
	    .doc = "Servers to query. Their results are merged into one list, ranked by score. Not "
		   "together with queries."),
	ROW(discoverypolicy_spec, image_filter, "imageFilter", F_STRING, .max_len = API_REGEX_MAX,
	    .doc = "Regular expression; image references that do not match are ignored. "
		   "Left out: all match."),
	ROW(discoverypolicy_spec, sync_interval, "syncInterval", F_DURATION,
	    .flags = FF_HAS_DEFAULT, .def_str = "30m",
	    .doc = "Interval between two queries of each source."),
	ROW(discoverypolicy_spec, max_images, "maxImages", F_INT, .flags = FF_HAS_DEFAULT,
	    .def_num = 50, COUNT32_MIN1,
	    .doc = "Maximum number of images in the status; those with the highest scores are "
		   "kept."),
	ROW(discoverypolicy_spec, remove_after, "removeAfter", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 1, COUNT32_MIN1,
	    .doc = "Remove an image after it was missing from this many consecutive results of its "
		   "source."),
	ROW(discoverypolicy_spec, max_shrink_percent, "maxShrinkPercent", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 100, .bits = 32, .min = 0, .max = 100,
	    .doc = "Maximum share of the list, in percent rounded up, that one sync may remove; "
		   "100: no limit."),
	ROW(discoverypolicy_spec, queries, "queries", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "name", .sub = &discovery_query_desc, .min_items = 1,
	    .max_items = QUERIES_MAX,
	    .doc = "Queries that return samples of images. Not together with sources."),
	ROW(discoverypolicy_spec, signals, "signals", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "name", .sub = &discovery_signal_desc, .max_items = SIGNALS_MAX,
	    .doc = "Numbers for each image, each computed from the samples of one query."),
	ROW(discoverypolicy_spec, ranking, "ranking", F_OBJECT, .sub = &discovery_ranking_desc,
	    .doc = "Order of the images. Left out: by the highest value of a sample."),
	ROW(discoverypolicy_spec, suspend, "suspend", F_BOOL, .flags = FF_ADDITIVE,
	    .doc = "true: nothing is queried; the list stays as it is. false when left out."),
};
DESC(discoverypolicy_spec, "DiscoveryPolicySpec",
     "Sources or queries, filters and limits of image discovery.", .rules = api_pipeline_rules);

static const struct field discovered_image_rows[] = {
	ROW(discovered_image, image, "image", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Reference of the image."),
	ROW(discovered_image, score, "score", F_INT, .bits = 64,
	    /* Upstream wrote all of int64 (behaviour.md 27). */
	    .flags = FF_WITH_NEXT | FF_CLAMP,
	    .doc = "Score of the image; higher scores rank first."),
	ROW(discovered_image, source, "source", F_STRING,
	    .doc = "Type of the source that found the image."),
	ROW(discovered_image, rank, "rank", F_INT, .bits = 32, .min = 0, .max = INT32_MAX,
	    .doc = "Position of the image in the list, from 1; only for policies with "
		   "queries."),
	ROW(discovered_image, final_score, "finalScore", F_STRING,
	    .doc = "Number by which the image is ranked; only for policies with queries."),
	ROW(discovered_image, signals, "signals", F_LIST, .flags = FF_ADDITIVE,
	    .sub = &signal_value_desc, .doc = "Values of the signals that the ranking uses."),
};
static DESC(discovered_image, "DiscoveredImage", "An image that a source found.");

static const struct field discoverypolicy_status_rows[] = {
	ROW(discoverypolicy_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS | FF_ADDITIVE, .bits = 64,
	    .doc = "metadata.generation of the spec that this status describes."),
	ROW(discoverypolicy_status, last_sync_time, "lastSyncTime", F_TIME,
	    .doc = "Time of the last successful query of the sources."),
	ROW(discoverypolicy_status, discovered_images, "discoveredImages", F_LIST,
	    .sub = &discovered_image_desc, .doc = "Discovered images, highest score first."),
	ROW(discoverypolicy_status, image_count, "imageCount", F_INT, STATUS_COUNT,
	    .doc = "Number of discovered images."),
	ROW(discoverypolicy_status, source_count, "sourceCount", F_INT, STATUS_COUNT,
	    .doc = "Number of sources."),
	ROW(discoverypolicy_status, query_results, "queryResults", F_LIST,
	    .sub = &query_result_desc, .doc = "Result of the last run of each query."),
	ROW(discoverypolicy_status, conditions, "conditions", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Conditions Ready and SourceHealthy; Reconciling, Stalled and Suspended only "
		   "while they apply."),
};
DESC(discoverypolicy_status, "DiscoveryPolicyStatus", "Observed state, written by drop.");

static const struct field discoverypolicy_rows[] = {
	ROW(discoverypolicy, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA,
	    .sub = &api_meta_desc),
	ROW(discoverypolicy, spec, "spec", F_INLINE, .flags = FF_REQUIRED,
	    .sub = &discoverypolicy_spec_desc,
	    .doc = "Sources or queries, filters and limits of image discovery."),
	ROW(discoverypolicy, status, "status", F_INLINE, API_STATUS_DEFAULT,
	    .sub = &discoverypolicy_status_desc, .doc = "Observed state, written by drop."),
};
DESC(discoverypolicy, "DiscoveryPolicy",
     "A list of images discovered from registries, Prometheus or Loki and kept up to date.");
