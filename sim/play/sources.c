/*
 * Two small APIs over what is known anyway. Each answer is written as the real server words it;
 * whatever is not understood is an error and never a guess.
 */
#include "sim/play/sources.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/nodes/registry.h"
#include "sim/play/target.h"

#define REGISTRY   "/v2/"
#define PROMETHEUS "/prometheus/api/v1/"
#define TAGS       "/tags/list"
#define US_S       1000000.0

enum { OK = 200, BAD = 400, UNKNOWN = 404 };

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool sources_own(const char *uri)
{
	return starts(uri, REGISTRY) || starts(uri, PROMETHEUS);
}

/* The value of a key in "a=1&b=2", or NULL. */
static const char *value_of(const char *pairs, const char *key, struct arena *a)
{
	size_t len = strlen(key);
	for (const char *p = pairs; *p != '\0';) {
		size_t n = strcspn(p, "&");
		if (n > len && strncmp(p, key, len) == 0 && p[len] == '=')
			return target_decode(p + len + 1, n - len - 1, true, a);
		p += n + (p[n] == '&');
	}
	return NULL;
}

static const char *query_of(const char *uri)
{
	const char *mark = strchr(uri, '?');
	return mark != NULL ? mark + 1 : "";
}

/* ---- the registries ---- */

/* What a mirror says of the registry behind it. */
static const struct {
	int http;
	const char *code, *message;
} refusals[PULL_FAULT_COUNT] = {
	[PULL_FAULT_DNS] = {502, "UNAVAILABLE", "no such host"},
	[PULL_FAULT_REFUSED] = {502, "UNAVAILABLE", "connection refused"},
	[PULL_FAULT_UNAUTHORIZED] = {401, "UNAUTHORIZED", "authentication required"},
	[PULL_FAULT_FORBIDDEN] = {403, "DENIED", "requested access to the resource is denied"},
	[PULL_FAULT_NOT_FOUND] = {404, "NAME_UNKNOWN", "repository name not known to registry"},
	[PULL_FAULT_RATE_LIMITED] = {429, "TOOMANYREQUESTS", "too many requests"},
	[PULL_FAULT_SERVER_ERROR] = {503, "UNAVAILABLE", "service unavailable"},
	[PULL_FAULT_TLS] = {502, "UNAVAILABLE", "certificate signed by unknown authority"},
	[PULL_FAULT_TIMEOUT] = {504, "UNAVAILABLE", "timeout"},
	[PULL_FAULT_INVALID_NAME] = {400, "NAME_INVALID", "invalid repository name"},
};

static int refuse(enum pull_fault fault, struct buf *out)
{
	buf_addf(out, "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}]}\n", refusals[fault].code,
		 refusals[fault].message);
	return refusals[fault].http;
}

/* Of the tags after `last`, at most n; the next page's address, or NULL. */
static const char *write_page(const struct api_strings *tags, const char *repository,
			      const char *last, size_t n, struct arena *a, struct buf *out)
{
	size_t from = 0;
	while (last != NULL && from < tags->n && strcmp(tags->at[from], last) <= 0)
		from++;
	size_t to = tags->n - from > n ? from + n : tags->n;
	buf_adds(out, "{\"name\":");
	buf_add_json(out, repository);
	buf_adds(out, ",\"tags\":[");
	for (size_t i = from; i < to; i++) {
		buf_adds(out, i == from ? "" : ",");
		buf_add_json(out, tags->at[i]);
	}
	buf_adds(out, "]}\n");
	if (to == tags->n)
		return NULL;
	return arena_printf(a, "<" REGISTRY "%s" TAGS "?last=%s&n=%zu>; rel=\"next\"", repository,
			    tags->at[to - 1], n);
}

static int list_tags(const struct sources *s, const struct sources_request *r, struct arena *a,
		     struct buf *out, struct sources_answer *ret)
{
	const char *path = r->uri + strlen(REGISTRY);
	size_t len = strcspn(path, "?"), tail = strlen(TAGS);
	if (len == 0) {
		buf_adds(out, "{}\n");
		return OK;
	}
	if (len <= tail || strncmp(path + len - tail, TAGS, tail) != 0)
		return refuse(PULL_FAULT_NOT_FOUND, out);
	const char *repository = target_decode(path, len - tail, false, a);
	const char *n_text = value_of(query_of(r->uri), "n", a);
	const char *last = value_of(query_of(r->uri), "last", a);
	char *end = NULL;
	unsigned long n = n_text != NULL ? strtoul(n_text, &end, 10) : SIZE_MAX;
	struct api_strings tags;
	enum pull_fault fault = PULL_FAULT_INVALID_NAME;
	if (repository != NULL && n > 0 && (end == NULL || *end == '\0'))
		fault = registries_tags(s->registries, repository, a, &tags, &ret->delay_ms);
	if (fault != PULL_FAULT_NONE)
		return refuse(fault, out);
	ret->link = write_page(&tags, repository, last, n, a, out);
	return OK;
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
	const char *text = value_of(query_of(r->uri), key, a);
	char *end;
	if (text == NULL)
		text = value_of(r->form, key, a);
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
	const char *query = value_of(query_of(r->uri), "query", a);
	struct range range = {.start = (double)r->wall_us / US_S};
	size_t len = strcspn(what, "?");
	bool ranged = len == strlen("query_range") && starts(what, "query_range");
	if (!ranged && (len != strlen("query") || !starts(what, "query"))) {
		buf_adds(out, "404 page not found\n");
		return UNKNOWN;
	}
	if (query == NULL)
		query = value_of(r->form, "query", a);
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
	struct sources_answer ret = {0};
	ret.code = starts(request->uri, REGISTRY) ? list_tags(s, request, a, out, &ret)
						  : ask_metrics(s, request, a, out);
	return ret;
}
