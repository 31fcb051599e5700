/*
 * Loki (behaviour.md 55): query_range in pages, the newest lines first, so that what a bound cuts
 * is the oldest. A page ends where the next begins: its last nanosecond is asked for again, and
 * lines of it that were read already are left out.
 */
#include "discoverer/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "kube/urls.h"
#include "kube/weburl.h"

#include "discoverer/failure.h"
#include "discoverer/loki_answer.h"
#include "discoverer/loki_event.h"

/* Lines asked for in a page: what a server allows by default. In all of a sync: lines, bytes. */
#define PAGE_LINES     5000
#define LOKI_LINES_MAX 50000
#define LOKI_BYTES_MAX (16 * 1024 * 1024)
/* Of one page, which is read whole: its newest lines may be in any stream. */
#define PAGE_BYTES_MAX (64 * 1024 * 1024)
#define NS_PER_MS      INT64_C(1000000)
#define NS_PER_S       INT64_C(1000000000)

struct hashes { /* a set: open addressing, 0 is free; cap is a power of two or 0 */
	uint64_t *at;
	size_t n, cap;
};

struct loki {
	struct job job;
	struct weburl url; /* without a query */
	struct loki_answer answer;
	struct event_reader *events; /* NULL: no parser */
	char image[RESULTS_IMAGE_MAX + 2];
	uint64_t stream;           /* hash of the labels of the stream we are in */
	int64_t start_ns, end_ns;  /* of what is asked next; end is not in it */
	int64_t oldest_ns;         /* of the lines of this page */
	struct hashes edge;        /* of the lines at end_ns - 1, which were read already */
	struct hashes oldest;      /* of those at oldest_ns */
	struct hashes pulls;       /* of messages of pods, so that each counts once */
	size_t limit, page, pages; /* lines asked for; lines on this page */
	size_t lines, bytes, with_image, cut;
	bool bad, over;
	struct err why;
	char line[LOKI_LINE_MAX + 1];
};

static int check(const struct discovery_source *spec, struct err *err)
{
	const struct loki_source *l = spec->loki;
	struct arena scratch = ARENA_INIT;
	struct weburl url;
	if (l == NULL || l->endpoint == NULL || l->query == NULL)
		return err_set(err, ERR_TERMINAL, "loki: endpoint and query are required");
	int rc = weburl_parse(&scratch, l->endpoint, &url, err);
	arena_done(&scratch);
	return rc < 0 ? err_wrap(err, "loki.endpoint") : 0;
}

static const char *url_of(const struct discovery_source *spec)
{
	return spec->loki->endpoint;
}

/* ---- lines ---- */

static void hashes_clear(struct hashes *h)
{
	if (h->cap > 0)
		memset(h->at, 0, h->cap * sizeof(*h->at));
	h->n = 0;
}

/* Where it is, or the free place for it. */
static size_t place_of(const struct hashes *h, uint64_t hash)
{
	size_t i = hash & (h->cap - 1);
	while (h->at[i] != 0 && h->at[i] != hash)
		i = (i + 1) & (h->cap - 1);
	return i;
}

static bool has(const struct hashes *h, uint64_t hash)
{
	hash |= 1; /* 0 is free */
	return h->n > 0 && h->at[place_of(h, hash)] == hash;
}

static void add(struct hashes *h, uint64_t hash)
{
	hash |= 1;
	if (2 * h->n >= h->cap) {
		struct hashes old = *h;
		h->cap = old.cap != 0 ? 2 * old.cap : 64;
		h->at = xcalloc(h->cap, sizeof(*h->at));
		for (size_t i = 0; i < old.cap; i++)
			if (old.at[i] != 0)
				h->at[place_of(h, old.at[i])] = old.at[i];
		free(old.at);
	}
	size_t at = place_of(h, hash);
	h->n += h->at[at] == 0;
	h->at[at] = hash;
}

static void on_stream(void *ctx)
{
	struct query *q = ctx;
	struct loki *l = q->backend;
	l->stream = HASH_START;
	l->image[0] = '\0';
	if (l->events != NULL)
		event_stream(l->events);
}

static void on_label(void *ctx, const char *name, const char *value)
{
	struct query *q = ctx;
	struct loki *l = q->backend;
	l->stream = hash_str(hash_str(l->stream, name), value);
	if (strcmp(name, "image") == 0)
		snprintf(l->image, sizeof(l->image), "%s", value);
	if (l->events != NULL)
		event_label(l->events, name, value);
}

/* Two collectors may have logged the same event. */
static bool counted_already(struct loki *l, const struct event_found *e)
{
	if (*e->pod == '\0')
		return false;
	uint64_t hash = hash_str(hash_str(HASH_START, e->pod), e->message);
	if (has(&l->pulls, hash))
		return true;
	add(&l->pulls, hash);
	return false;
}

static void take_event(struct query *q, int64_t time_ns, const char *line, size_t len)
{
	struct loki *l = q->backend;
	struct event_found e;
	char image[RESULTS_IMAGE_MAX + 2];
	if (!event_line(l->events, line, len, &e) || counted_already(l, &e))
		return;
	l->with_image++;
	size_t n = e.len < sizeof(image) - 1 ? e.len : sizeof(image) - 1;
	memcpy(image, e.image, n);
	image[n] = '\0';
	struct sample sample = {time_ns / NS_PER_MS, e.pull.seconds};
	if (e.pull.seconds >= 0)
		results_sample(&q->results, image, n, SERIES_PULL_SECONDS, &sample);
	sample.value = e.pull.bytes;
	if (e.pull.bytes >= 0)
		results_sample(&q->results, image, n, SERIES_IMAGE_BYTES, &sample);
	q->samples += (e.pull.seconds >= 0) + (e.pull.bytes >= 0);
}

static void take_line(struct query *q, int64_t time_ns)
{
	struct loki *l = q->backend;
	const struct sample sample = {time_ns / NS_PER_MS, 1};
	if (l->image[0] == '\0')
		return;
	l->with_image++;
	q->samples++;
	results_sample(&q->results, l->image, strlen(l->image), SERIES_VALUES, &sample);
}

static void on_entry(void *ctx, int64_t time_ns, const char *line, size_t len)
{
	struct query *q = ctx;
	struct loki *l = q->backend;
	uint64_t hash = hash_str(l->stream, line);
	l->page++;
	if (time_ns < l->oldest_ns) {
		l->oldest_ns = time_ns;
		hashes_clear(&l->oldest);
	}
	if (time_ns == l->oldest_ns)
		add(&l->oldest, hash);
	if (time_ns >= l->end_ns || (time_ns == l->end_ns - 1 && has(&l->edge, hash)))
		return;
	if (++l->lines > LOKI_LINES_MAX) {
		l->over = true;
		return;
	}
	if (l->events != NULL)
		take_event(q, time_ns, line, len);
	else
		take_line(q, time_ns);
}

static int on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct query *q = ctx;
	struct loki *l = q->backend;
	l->bytes += n;
	l->bad = loki_answer_feed(&l->answer, bytes, n, &l->why) < 0;
	return l->bad ? -1 : 0;
}

/* ---- pages ---- */

static void refused(struct query *q, const struct fetch_result *r, const char *what)
{
	struct loki *l = q->backend;
	char text[ERR_TEXT_MAX];
	enum fault fault = failure_of(r, what, text);
	q->retry_after_ms = r->retry_after_ms;
	q->partial = l->pages > 0;
	if (l->pages > 0)
		query_end(q, fault, "page %zu: %s", l->pages + 1, text);
	else
		query_end(q, fault, "%s", text);
}

static void ask_page(struct query *q);

/* "max entries limit per query exceeded, limit > max_entries_limit (5000 > 1000)" */
static bool fewer_lines(struct loki *l, const struct fetch_result *r)
{
	const char *at = strstr(r->body, "max_entries_limit");
	size_t asked, most;
	if (r->end != FETCH_ANSWER || r->code != 400 || at == NULL ||
	    sscanf(at, "max_entries_limit%*[^(](%zu > %zu)", &asked, &most) != 2 || most == 0 ||
	    most >= l->limit)
		return false;
	l->limit = most;
	return true;
}

static void finished(struct query *q)
{
	struct loki *l = q->backend;
	char oldest[TIME_TEXT_MAX];
	if (l->over) {
		time_format(oldest, l->oldest_ns / NS_PER_S);
		snprintf(q->warning, sizeof(q->warning),
			 "only the newest %zu lines were read, back to %s: shorten lookback or "
			 "narrow the query",
			 l->lines < LOKI_LINES_MAX ? l->lines : (size_t)LOKI_LINES_MAX, oldest);
	} else if (l->cut > 0) {
		snprintf(q->warning, sizeof(q->warning), "%zu lines longer than %d KiB were cut",
			 l->cut, LOKI_LINE_MAX / 1024);
	}
	if (q->results.n == 0 && l->lines == 0)
		snprintf(q->note, sizeof(q->note), "the query returned no lines");
	else if (q->results.n == 0 && l->with_image == 0)
		snprintf(q->note, sizeof(q->note),
			 l->events != NULL
				 ? "none of %zu lines is an event Pulled with a duration or a size"
				 : "none of %zu lines has a label image; for events set parser",
			 l->lines);
	query_end(q, FAULT_NONE, "%s", "");
}

/* A page that is not full is the last. */
static void page_read(struct query *q)
{
	struct loki *l = q->backend;
	struct hashes edge = l->edge;
	l->pages++;
	l->cut += l->answer.cut;
	if (l->page < l->limit || l->over || l->oldest_ns <= l->start_ns) {
		finished(q);
		return;
	}
	if (l->lines >= LOKI_LINES_MAX || l->bytes >= LOKI_BYTES_MAX) {
		l->over = true;
		finished(q);
		return;
	}
	/* All of the page is of one nanosecond: the rest of that one cannot be asked for. */
	bool stuck = l->oldest_ns == l->end_ns - 1;
	l->end_ns = stuck ? l->oldest_ns : l->oldest_ns + 1;
	l->edge = l->oldest;
	l->oldest = edge;
	ask_page(q);
}

static void on_done(void *ctx, const struct fetch_result *r)
{
	struct query *q = ctx;
	struct loki *l = q->backend;
	if (l->bad)
		refused(q, r, l->why.text);
	else if (fewer_lines(l, r))
		ask_page(q);
	else if (r->end != FETCH_ANSWER || r->code < 200 || r->code > 299)
		refused(q, r, NULL);
	else if (loki_answer_end(&l->answer, &l->why) < 0)
		refused(q, r, l->why.text);
	else
		page_read(q);
}

static void ask_page(struct query *q)
{
	struct loki *l = q->backend;
	struct buf params = {0};
	buf_adds(&params, "query=");
	url_escape(&params, q->spec->loki->query);
	buf_addf(&params, "&start=%" PRId64 "&end=%" PRId64 "&limit=%zu&direction=backward",
		 l->start_ns, l->end_ns, l->limit);
	struct weburl url = l->url;
	bool post = params.len > URL_QUERY_MAX;
	if (!post)
		weburl_add_query(&q->mem, &url, params.data);
	const char *form = post ? arena_strdup(&q->mem, params.data) : NULL;
	buf_done(&params);
	l->answer = (struct loki_answer){.stream = on_stream,
					 .label = on_label,
					 .entry = on_entry,
					 .ctx = q,
					 .line = l->line};
	l->page = 0;
	l->oldest_ns = l->end_ns;
	hashes_clear(&l->oldest);
	l->job = query_job(q, &url, on_bytes, on_done);
	l->job.call.form = form;
	l->job.call.body_max = PAGE_BYTES_MAX;
	job_start(q->env->limiter, &l->job);
}

static void start(struct query *q)
{
	const struct loki_source *spec = q->spec->loki;
	struct loki *l = q->backend = xcalloc(1, sizeof(*l));
	if (!query_url(q, spec->endpoint, &l->url))
		return;
	weburl_below(&q->mem, &l->url, "/loki/api/v1/query_range");
	l->limit = PAGE_LINES;
	l->end_ns = clock_wall_us() * 1000;
	l->start_ns = l->end_ns - spec->lookback * NS_PER_MS;
	if (spec->parser != NULL) {
		l->events = xcalloc(1, sizeof(*l->events));
		event_reader_init(l->events, spec->parser);
	}
	ask_page(q);
}

static void stop(struct query *q)
{
	struct loki *l = q->backend;
	if (l == NULL)
		return;
	job_stop(&l->job);
	free(l->events);
	free(l->edge.at);
	free(l->oldest.at);
	free(l->pulls.at);
	free(l);
	q->backend = NULL;
}

const struct source_ops source_loki = {
	.type = "loki",
	.check = check,
	.url = url_of,
	.start = start,
	.stop = stop,
};
