/*
 * A small API over what is known anyway. Each answer is written as the real server words it;
 * whatever is not understood is an error and never a guess.
 */
#include "sim/play/sources.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/play/registry_http.h"
#include "sim/play/target.h"

#define PROMETHEUS "/prometheus/api/v1/"
#define US_S       1000000.0

enum { OK = 200, BAD = 400, UNKNOWN = 404 };

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool sources_own(const char *uri)
{
	return registry_http_own(uri) || starts(uri, PROMETHEUS);
}

static const char *query_of(const char *uri)
{
	const char *mark = strchr(uri, '?');
	return mark != NULL ? mark + 1 : "";
}

/* ---- Prometheus ---- */

static int bad_data(const char *text, struct buf *out)
{
	buf_adds(out, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":");
	buf_add_json(out, text);
	buf_adds(out, "}\n");
	return BAD;
}

/* Of the query or the form. Seconds since 1970, or seconds. -1: absent or no number. */
static int number_of(const struct sources_request *r, const char *key, struct arena *a, double *ret)
{
	const char *text = target_value(query_of(r->uri), key, a);
	char *end;
	if (text == NULL)
		text = target_value(r->form, key, a);
	if (text == NULL || text[0] == '\0')
		return -1;
	*ret = strtod(text, &end);
	return *end == '\0' && isfinite(*ret) ? 0 : -1;
}

static void add_point(double at, int64_t value, struct buf *out)
{
	buf_addf(out, "[%.3f,\"%" PRId64 "\"]", at, value);
}

struct range {
	double start, step;
	size_t points; /* 0: an instant, at start */
};

static void write_series(const struct sim_metric *m, const struct range *range, struct buf *out)
{
	buf_adds(out, "{\"metric\":{\"image\":");
	buf_add_json(out, m->image);
	buf_adds(out, range->points == 0 ? "},\"value\":" : "},\"values\":[");
	if (range->points == 0)
		add_point(range->start, m->value, out);
	for (size_t i = 0; i < range->points; i++) {
		buf_adds(out, i == 0 ? "" : ",");
		add_point(range->start + (double)i * range->step, m->value, out);
	}
	buf_adds(out, range->points == 0 ? "}" : "]}");
}

static int read_range(const struct sources_request *r, struct arena *a, struct range *ret,
		      struct buf *out)
{
	double end;
	if (number_of(r, "start", a, &ret->start) != 0 || number_of(r, "end", a, &end) != 0 ||
	    number_of(r, "step", a, &ret->step) != 0)
		return bad_data("start, end and step must be numbers of seconds", out);
	if (ret->step <= 0 || end < ret->start)
		return bad_data("step must be positive, and end not before start", out);
	if ((end - ret->start) / ret->step > SOURCES_POINTS_MAX)
		return bad_data("exceeded maximum resolution of 11,000 points per timeseries", out);
	ret->points = (size_t)((end - ret->start) / ret->step) + 1;
	return OK;
}

static int ask_metrics(const struct sources *s, const struct sources_request *r, struct arena *a,
		       struct buf *out)
{
	const char *what = r->uri + strlen(PROMETHEUS);
	const char *query = target_value(query_of(r->uri), "query", a);
	struct range range = {.start = (double)r->wall_us / US_S};
	size_t len = strcspn(what, "?");
	bool ranged = len == strlen("query_range") && starts(what, "query_range");
	if (!ranged && (len != strlen("query") || !starts(what, "query"))) {
		buf_adds(out, "404 page not found\n");
		return UNKNOWN;
	}
	if (query == NULL)
		query = target_value(r->form, "query", a);
	if (query == NULL || query[0] == '\0')
		return bad_data("invalid parameter \"query\": no expression found in input", out);
	if (ranged && read_range(r, a, &range, out) != OK)
		return BAD;
	buf_addf(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
		 ranged ? "matrix" : "vector");
	for (size_t i = 0; i < s->metrics->n; i++) {
		buf_adds(out, i == 0 ? "" : ",");
		write_series(&s->metrics->at[i], &range, out);
	}
	buf_adds(out, "]}}\n");
	return OK;
}

struct sources_answer sources_answer(const struct sources *s, const struct sources_request *request,
				     struct arena *a, struct buf *out)
{
	struct sources_answer ret = {.type = "application/json"};
	if (registry_http_own(request->uri))
		registry_http_answer(s->registries, request, a, out, &ret);
	else
		ret.code = ask_metrics(s, request, a, out);
	return ret;
}
