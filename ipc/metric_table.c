/*
 * The metrics as a table, from ipc/metrics.def, and the texts that come of it: values,
 * label values, docs/metrics.md.
 */
#include "ipc/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

#define BOUNDS(name, ...) static const int64_t bounds_##name[] = {__VA_ARGS__};
METRIC_BUCKETS(BOUNDS)

#define BOUNDS_none     .bounds = NULL
#define BOUNDS_doubling OF_BOUNDS(bounds_doubling)
#define BOUNDS_usual    OF_BOUNDS(bounds_usual)
#define OF_BOUNDS(b)    .bounds = (b), .n_bounds = sizeof(b) / sizeof((b)[0])
#define L(label)        label,
#define OPEN(...)       __VA_ARGS__

#define INFO(id, process, kind, in, names, buckets, text)                                          \
	[METRIC_##id] = {.name = "drop_" #id,                                                      \
			 .owner = #process,                                                        \
			 .type = METRIC_##kind,                                                    \
			 .unit = METRIC_##in,                                                      \
			 .labels = {OPEN names NULL},                                              \
			 BOUNDS_##buckets,                                                         \
			 .help = (text)},
const struct metric_info metric_infos[METRIC_COUNT] = {METRICS(INFO)};

#define ZERO(id, ...) {METRIC_##id, {__VA_ARGS__}},
const struct metric_zero metric_zeros[] = {METRIC_ZEROS(ZERO){METRIC_COUNT, {NULL}}};

bool metric_of_any(enum metric_id id)
{
	return strcmp(metric_infos[id].owner, "any") == 0;
}

int metric_find(const char *name)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		if (strcmp(metric_infos[i].name, name) == 0)
			return i;
	return -1;
}

void metric_add_value(struct buf *out, enum metric_unit unit, int64_t v)
{
	if (unit != METRIC_SECONDS) {
		buf_addf(out, "%" PRId64, v);
		return;
	}
	uint64_t us = v < 0 ? -(uint64_t)v : (uint64_t)v;
	buf_addf(out, "%s%" PRIu64, v < 0 ? "-" : "", us / 1000000);
	if (us % 1000000 == 0)
		return;
	buf_addf(out, ".%06" PRIu64, us % 1000000);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
}

void metric_add_escaped(struct buf *out, const char *value)
{
	for (const char *from = value; *from != '\0';) {
		size_t len = utf8_len(from);
		if (len == 0)
			buf_adds(out, "\xef\xbf\xbd"); /* U+FFFD: the output is UTF-8 */
		else if (*from == '\n')
			buf_adds(out, "\\n");
		else if (*from == '"' || *from == '\\')
			buf_adds(out, *from == '"' ? "\\\"" : "\\\\");
		else
			buf_add(out, from, len);
		from += len > 0 ? len : 1;
	}
}

/* ---- docs/metrics.md ---- */

static void doc_labels(struct buf *out, enum metric_id id)
{
	const struct metric_info *info = &metric_infos[id];
	size_t told = 0;
	if (metric_of_any(id))
		buf_addf(out, "%s`process`", told++ == 0 ? "" : ", ");
	for (size_t i = 0; info->labels[i] != NULL; i++)
		buf_addf(out, "%s`%s`", told++ == 0 ? "" : ", ", info->labels[i]);
}

/* What METRIC_ZEROS has of the row: `failed`/`node` where there are two labels. */
static bool doc_values(struct buf *out, enum metric_id id)
{
	bool any = false;
	for (const struct metric_zero *z = metric_zeros; z->id != METRIC_COUNT; z++) {
		if (z->id != id)
			continue;
		for (size_t i = 0; metric_infos[id].labels[i] != NULL; i++)
			buf_addf(out, "%s`%s`",
				 i > 0 ? "/"
				 : any ? ", "
				       : " Values: ",
				 z->labels[i][0] != '\0' ? z->labels[i] : "\"\"");
		any = true;
	}
	return any;
}

static void doc_row(struct buf *out, enum metric_id id)
{
	static const char *const types[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_HISTOGRAM] = "histogram"};
	const struct metric_info *info = &metric_infos[id];
	buf_addf(out, "| `%s` | %s | ", info->name, types[info->type]);
	doc_labels(out, id);
	buf_addf(out, " | %s", info->help);
	for (size_t i = 0; i < info->n_bounds; i++) {
		buf_adds(out, i == 0 ? " Buckets: " : ", ");
		metric_add_value(out, info->unit, info->bounds[i]);
	}
	buf_adds(out, info->n_bounds > 0 || doc_values(out, id) ? ". |\n" : " |\n");
}

static void doc_owner(struct buf *out, const char *owner)
{
	static const char head[] = "\n| name | type | labels | |\n|---|---|---|---|\n";
	bool any = false;
	for (int i = 0; i < METRIC_COUNT; i++) {
		if (strcmp(metric_infos[i].owner, owner) != 0)
			continue;
		if (!any && strcmp(owner, "any") == 0)
			buf_addf(out, "\n## Every process\n%s", head);
		else if (!any)
			buf_addf(out, "\n## drop-%s\n%s", owner, head);
		any = true;
		doc_row(out, (enum metric_id)i);
	}
}

void metrics_doc(struct buf *out)
{
	static const char *const owners[] = {"reconciler", "discoverer", "watcher",
					     "puller",     "metricsd",   "any"};
	buf_adds(out,
		 "# Metrics\n\n"
		 "<!-- Written by ipc/metricdoc from ipc/metrics.def; run `make manifests`. -->\n\n"
		 "Grouped by the process that records them. Counters start at 0 when their process "
		 "starts;\n"
		 "where the values of their labels are listed, with a series for each.\n"
		 "`dropctl stats PROCESS` shows the same numbers as JSON.\n");
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		doc_owner(out, owners[i]);
}
