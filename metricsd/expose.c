/* Both formats require that the series of a family are contiguous, so of each family all processes
 * are written before the next family. */
#include "metricsd/expose.h"

#include <inttypes.h>
#include <string.h>

const char *const expose_types[] = {
	[EXPOSE_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[EXPOSE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

struct writer {
	enum expose_form form;
	enum metric_id id;
	const char *process; /* NULL: the family has no such label */
	struct buf *out;
};

/* name_suffix{process="...",labels,le="..."}, without braces if there are no labels. */
static void add_name(const struct writer *w, const char *suffix, const char *labels, const char *le)
{
	const char *between = "{";
	buf_adds(w->out, metric_infos[w->id].name);
	buf_adds(w->out, suffix);
	if (w->process != NULL) {
		buf_addf(w->out, "%sprocess=\"%s\"", between, w->process);
		between = ",";
	}
	if (*labels != '\0') {
		buf_adds(w->out, between);
		buf_adds(w->out, labels);
		between = ",";
	}
	if (le != NULL) {
		buf_addf(w->out, "%sle=\"%s\"", between, le);
		between = ",";
	}
	buf_adds(w->out, *between == ',' ? "} " : " ");
}

/* OpenMetrics requires values of le to be floats. */
static void bound_text(const struct writer *w, size_t i, struct buf *text)
{
	const struct metric_info *info = &metric_infos[w->id];
	buf_clear(text, SIZE_MAX);
	metric_add_value(text, info->unit, info->bounds[i]);
	if (w->form == EXPOSE_OPENMETRICS && strchr(text->data, '.') == NULL)
		buf_adds(text, ".0");
}

static void add_histogram(const struct writer *w, const struct snapshot_row *row)
{
	const struct metric_info *info = &metric_infos[w->id];
	struct buf bound = {0};
	uint64_t sum = 0;
	for (size_t i = 0; i < info->n_bounds; i++) {
		sum += row->counts[i];
		bound_text(w, i, &bound);
		add_name(w, "_bucket", row->labels, bound.data);
		buf_addf(w->out, "%" PRIu64 "\n", sum);
	}
	sum += row->counts[info->n_bounds];
	add_name(w, "_bucket", row->labels, "+Inf");
	buf_addf(w->out, "%" PRIu64 "\n", sum);
	add_name(w, "_sum", row->labels, NULL);
	metric_add_value(w->out, info->unit, row->value);
	buf_adds(w->out, "\n");
	add_name(w, "_count", row->labels, NULL);
	buf_addf(w->out, "%" PRIu64 "\n", sum);
	buf_done(&bound);
}

static void add_row(const struct writer *w, const struct snapshot_row *row)
{
	if (metric_infos[w->id].type == METRIC_HISTOGRAM) {
		add_histogram(w, row);
		return;
	}
	add_name(w, "", row->labels, NULL);
	metric_add_value(w->out, metric_infos[w->id].unit, row->value);
	buf_adds(w->out, "\n");
}

/* In OpenMetrics the name of a counter's family has no _total. */
static void add_head(const struct writer *w)
{
	static const char *const types[] = {[METRIC_COUNTER] = "counter",
					    [METRIC_GAUGE] = "gauge",
					    [METRIC_HISTOGRAM] = "histogram"};
	const struct metric_info *info = &metric_infos[w->id];
	int len = (int)strlen(info->name);
	if (w->form == EXPOSE_OPENMETRICS && info->type == METRIC_COUNTER)
		len -= (int)strlen("_total");
	buf_addf(w->out, "# HELP %.*s %s\n", len, info->name, info->help);
	buf_addf(w->out, "# TYPE %.*s %s\n", len, info->name, types[info->type]);
}

static bool owned_by(enum metric_id id, const char *process)
{
	return metric_of_any(id) || strcmp(metric_infos[id].owner, process) == 0;
}

int expose(const struct exposed *list, size_t n, enum expose_form form, struct buf *out)
{
	out->limit = EXPOSE_MAX;
	for (int id = 0; id < METRIC_COUNT; id++) {
		struct writer w = {.form = form, .id = (enum metric_id)id, .out = out};
		bool told = false;
		for (size_t i = 0; i < n; i++) {
			struct snapshot_row row;
			if (!owned_by(w.id, list[i].process))
				continue;
			w.process = metric_of_any(w.id) ? list[i].process : NULL;
			for (size_t at = 0; snapshot_next(list[i].snapshot, w.id, &at, &row);) {
				if (!told)
					add_head(&w);
				told = true;
				add_row(&w, &row);
			}
		}
	}
	if (form == EXPOSE_OPENMETRICS)
		buf_adds(out, "# EOF\n");
	return out->full ? -1 : 0;
}
