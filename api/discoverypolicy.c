/*
 * DiscoveryPolicy: where lists of images come from (behaviour.md 26-31).
 */
#include "api/kinds.h"

#include "api/row.h"
#include "api/tables.h"

/* The CEL rules of a source run for each: this bounds their cost (behaviour.md 33). */
#define SOURCES_MAX 100
#define URL_MAX     2048
#define REGEX_MAX   4096
#define QUERY_MAX   65536

static const char *const source_types[] = {"prometheus", "registry", NULL};

static const struct desc_rule source_rules[] = {
	{"self.type != 'prometheus' || has(self.prometheus)",
	 "type prometheus needs the prometheus block"},
	{"self.type != 'registry' || has(self.registry)", "type registry needs the registry block"},
	{"self.type == 'prometheus' || !has(self.prometheus)",
	 "the prometheus block belongs to type prometheus only"},
	{"self.type == 'registry' || !has(self.registry)",
	 "the registry block belongs to type registry only"},
	{0},
};

static const struct field prometheus_source_rows[] = {
	ROW(prometheus_source, endpoint, "endpoint", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = URL_MAX,
	    .doc = "Base URL of the Prometheus API, or of what speaks it; a path is kept."),
	ROW(prometheus_source, query, "query", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = QUERY_MAX,
	    .doc = "PromQL whose series carry an image label; the value is the score."),
	ROW(prometheus_source, lookback, "lookback", F_DURATION,
	    .doc = "Sum the values of this long a range instead of asking for now."),
	/*
	 * No default in the CRD: one inside a list that is replaced as a whole makes each apply of
	 * a manifest without it a change. The discoverer takes 5m.
	 */
	ROW(prometheus_source, step, "step", F_STRING, .max_len = 64,
	    .pattern = "^([0-9]*\\.?[0-9]+|([0-9]*\\.?[0-9]+(ms|s|m|h|d|w|y))+)$",
	    .doc = "Distance of the points of a range, such as 5m, 1d or 30 (seconds); 5m when "
		   "left out."),
};
static DESC(prometheus_source, "PrometheusSource", "How to ask Prometheus.");

static const struct field registry_source_rows[] = {
	ROW(registry_source, url, "url", F_STRING, .flags = FF_REQUIRED, .min_len = 1,
	    .max_len = URL_MAX, .doc = "URL of the registry, without a repository."),
	ROW(registry_source, repositories, "repositories", F_STRINGS, .flags = FF_REQUIRED,
	    .min_items = 1, .doc = "Repositories whose tags are listed, such as team/app."),
	ROW(registry_source, tag_filter, "tagFilter", F_STRING, .max_len = REGEX_MAX,
	    .doc = "Regular expression; only tags it matches are taken."),
	ROW(registry_source, top_x, "topX", F_INT, COUNT32_MIN1,
	    .doc = "Take this many tags a repository, the last as the registry lists them."),
	ROW(registry_source, image_template, "imageTemplate", F_STRING, .max_len = REGEX_MAX,
	    .doc = "How a reference is put together from {{.Registry}}, {{.Repository}} and "
		   "{{.Tag}}."),
};
static DESC(registry_source, "RegistrySource", "How to ask a registry.");

static const struct field discovery_source_rows[] = {
	ROW(discovery_source, type, "type", F_STRING, .flags = FF_REQUIRED, .enums = source_types,
	    .doc = "Which of the two blocks below is given."),
	ROW(discovery_source, prometheus, "prometheus", F_OBJECT, .sub = &prometheus_source_desc,
	    .doc = "How to ask Prometheus."),
	ROW(discovery_source, registry, "registry", F_OBJECT, .sub = &registry_source_desc,
	    .doc = "How to ask a registry."),
	ROW(discovery_source, secret_ref, "secretRef", F_OBJECT, .sub = &api_secret_ref_desc,
	    .doc = "Secret with credentials: token, username and password, ca.crt, tls.crt and "
		   "tls.key, headers.<name>; for a registry also .dockerconfigjson."),
};
DESC(discovery_source, "DiscoverySource", "One place to look for images.", .rules = source_rules);

static const struct field discoverypolicy_spec_rows[] = {
	ROW(discoverypolicy_spec, sources, "sources", F_LIST, .flags = FF_REQUIRED,
	    .sub = &discovery_source_desc, .min_items = 1, .max_items = SOURCES_MAX,
	    .doc = "Places to look; what they find is merged and ranked together."),
	ROW(discoverypolicy_spec, image_filter, "imageFilter", F_STRING, .max_len = REGEX_MAX,
	    .doc = "Regular expression; only references it matches are kept."),
	ROW(discoverypolicy_spec, sync_interval, "syncInterval", F_DURATION,
	    .flags = FF_HAS_DEFAULT, .def_str = "30m", .doc = "How often the sources are asked."),
	ROW(discoverypolicy_spec, max_images, "maxImages", F_INT, .flags = FF_HAS_DEFAULT,
	    .def_num = 50, COUNT32_MIN1, .doc = "Keep this many images, the best ranked."),
	ROW(discoverypolicy_spec, remove_after, "removeAfter", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 1, COUNT32_MIN1,
	    .doc = "Drop an image when this many answers in a row of its source lack it."),
	ROW(discoverypolicy_spec, max_shrink_percent, "maxShrinkPercent", F_INT,
	    .flags = FF_HAS_DEFAULT | FF_ADDITIVE, .def_num = 100, .bits = 32, .min = 0, .max = 100,
	    .doc = "The list gets shorter by at most this part of it, rounded up, in one sync; "
		   "100: no "
		   "limit."),
};
DESC(discoverypolicy_spec, "DiscoveryPolicySpec", "Where to look, and what to keep.");

static const struct field discovered_image_rows[] = {
	ROW(discovered_image, image, "image", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Reference of the image."),
	ROW(discovered_image, score, "score", F_INT, .bits = 64,
	    /* Upstream wrote all of int64 (behaviour.md 27). */
	    .flags = FF_REQUIRED | FF_ALWAYS | FF_CLAMP, .doc = "Its rank; higher is more wanted."),
	ROW(discovered_image, source, "source", F_STRING, .flags = FF_REQUIRED,
	    .doc = "Kind of the source that found it."),
};
static DESC(discovered_image, "DiscoveredImage", "An image that a source found.");

static const struct field discoverypolicy_status_rows[] = {
	ROW(discoverypolicy_status, observed_generation, "observedGeneration", F_INT,
	    .flags = FF_ALWAYS | FF_ADDITIVE, .bits = 64,
	    .doc = "Generation of the spec this status is about."),
	ROW(discoverypolicy_status, last_sync_time, "lastSyncTime", F_TIME,
	    .doc = "When the sources were last asked with success."),
	ROW(discoverypolicy_status, discovered_images, "discoveredImages", F_LIST,
	    .sub = &discovered_image_desc, .doc = "What was found, the best ranked first."),
	ROW(discoverypolicy_status, image_count, "imageCount", F_INT, STATUS_COUNT,
	    .doc = "Number of images found."),
	ROW(discoverypolicy_status, source_count, "sourceCount", F_INT, STATUS_COUNT,
	    .doc = "Number of sources."),
	ROW(discoverypolicy_status, conditions, "conditions", F_LIST, .flags = FF_LIST_KEYED,
	    .list_key = "type", .sub = &api_condition_desc,
	    .doc = "Ready and SourceHealthy, with reasons."),
};
DESC(discoverypolicy_status, "DiscoveryPolicyStatus", "What was found.");

static const struct field discoverypolicy_rows[] = {
	ROW(discoverypolicy, meta, "metadata", F_INLINE, .flags = FF_NOSCHEMA,
	    .sub = &api_meta_desc),
	ROW(discoverypolicy, spec, "spec", F_INLINE, .flags = FF_REQUIRED,
	    .sub = &discoverypolicy_spec_desc, .doc = "Where to look, and what to keep."),
	ROW(discoverypolicy, status, "status", F_INLINE, .sub = &discoverypolicy_status_desc,
	    .doc = "What was found; written by drop."),
};
DESC(discoverypolicy, "DiscoveryPolicy", "A list of images that keeps itself up to date.");
