/*
 * Prometheus and what speaks its API (behaviour.md 27): one request, query or query_range
 * below the endpoint's path. GET, as upstream asked and as read-only proxies allow; a query
 * too long for the request line of such proxies is posted as a form, as Prometheus' own
 * client does.
 */
#include "discoverer/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/urls.h"
#include "kube/weburl.h"

#include "discoverer/failure.h"
#include "discoverer/prom_answer.h"
#include "discoverer/prom_hint.h"

struct prometheus {
	struct job job;
	struct prom_answer answer;
	struct signal_state *states; /* of the series that arrives */
	bool bad;                    /* the answer was refused while it came */
	struct err why;
};

static int check(const struct discovery_source *spec, struct err *err)
{
	const struct prometheus_source *p = spec->prometheus;
	struct arena scratch = ARENA_INIT;
	struct weburl url;
	if (p == NULL || p->endpoint == NULL || p->query == NULL)
		return err_set(err, ERR_TERMINAL, "prometheus: endpoint and query are required");
	int rc = weburl_parse(&scratch, p->endpoint, &url, err);
	arena_done(&scratch);
	if (rc < 0)
		return err_wrap(err, "prometheus.endpoint");
	if (p->lookback > 0 && prom_step_ms(p) == 0)
		return err_set(err, ERR_TERMINAL,
			       "prometheus.step is not a duration such as 5m, 1d or 30");
	return 0;
}

static const char *url_of(const struct discovery_source *spec)
{
	return spec->prometheus->endpoint;
}

static int on_bytes(void *ctx, const char *bytes, size_t n)
{
	struct query *q = ctx;
	struct prometheus *p = q->backend;
	p->bad = prom_answer_feed(&p->answer, bytes, n, &p->why) < 0;
	return p->bad ? -1 : 0;
}

/* what: what is wrong with the body of a 2xx answer; NULL: r itself is a failure. */
static void refused(struct query *q, const struct fetch_result *r, const char *what)
{
	char text[ERR_TEXT_MAX], hint[PROM_HINT_MAX];
	enum fault fault = failure_of(r, what, text);
	prom_hint(hint, q->spec->prometheus,
		  &(struct prom_refusal){.code = r->code, .html = r->html, .words = text});
	q->retry_after_ms = r->retry_after_ms;
	query_end(q, fault, "%s%s%s%s", text, hint[0] != '\0' ? " (" : "", hint,
		  hint[0] != '\0' ? ")" : "");
}

/* An error with status 200, as some proxies make of it. */
static void failed(struct query *q, const struct prom_answer *a)
{
	char words[FAULT_TEXT_MAX + 1];
	fault_clean(words, arena_printf(&q->mem, "%s%s%s", a->error_type,
					a->error_type[0] && a->error[0] ? ": " : "", a->error));
	query_end(q, strcmp(a->error_type, "timeout") == 0 ? FAULT_TIMEOUT : FAULT_FAILED, "%s",
		  words);
}

static void put_clean(struct query *q, char out[ERR_TEXT_MAX], const char *text)
{
	char words[FAULT_TEXT_MAX + 1];
	fault_clean(words, text);
	if (!auth_leaks(&q->auth, words))
		snprintf(out, ERR_TEXT_MAX, "%s", words);
}

static void answered(struct query *q, const struct prom_answer *a)
{
	char text[ERR_TEXT_MAX], words[FAULT_TEXT_MAX + 1];
	prom_answer_lacks(a, text);
	if (text[0] != '\0') {
		q->partial = true;
		fault_clean(words, text);
		query_end(q, a->partial || a->incomplete > 0 ? FAULT_FAILED : FAULT_INVALID, "%s",
			  words);
		return;
	}
	if (a->warnings > 0)
		put_clean(q, q->warning, a->warning);
	if (q->results.n == 0) {
		prom_answer_empty(a, text);
		put_clean(q, q->note, text);
	}
	query_end(q, FAULT_NONE, "%s", "");
}

static void on_done(void *ctx, const struct fetch_result *r)
{
	struct query *q = ctx;
	struct prometheus *p = q->backend;
	struct prom_answer *a = &p->answer;
	q->samples = a->samples;
	if (p->bad)
		refused(q, r, p->why.text);
	else if (r->end != FETCH_ANSWER || r->code < 200 || r->code > 299)
		refused(q, r, NULL);
	else if (prom_answer_end(a, &p->why) < 0)
		refused(q, r, p->why.text);
	else if (prom_answer_failed(a))
		failed(q, a);
	else
		answered(q, a);
}

static void add_param(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s%s=", b->len > 0 ? "&" : "", name);
	url_escape(b, value);
}

static void add_range(struct query *q, struct buf *b)
{
	const struct prometheus_source *p = q->spec->prometheus;
	int64_t now_ms = clock_wall_us() / 1000, start_ms = now_ms - p->lookback;
	int64_t step_ms = prom_step_ms(p); /* check() has */
	char text[64];
	snprintf(text, sizeof(text), "%" PRId64 ".%03d", start_ms / 1000, (int)(start_ms % 1000));
	add_param(b, "start", text);
	snprintf(text, sizeof(text), "%" PRId64 ".%03d", now_ms / 1000, (int)(now_ms % 1000));
	add_param(b, "end", text);
	snprintf(text, sizeof(text), "%" PRId64 ".%03d", step_ms / 1000, (int)(step_ms % 1000));
	add_param(b, "step", text);
}

static void start(struct query *q)
{
	const struct prometheus_source *spec = q->spec->prometheus;
	struct prometheus *p = q->backend = xcalloc(1, sizeof(*p));
	struct weburl url;
	struct buf params = {0};
	if (!query_url(q, spec->endpoint, &url))
		return;
	q->results.sum = spec->lookback > 0 && !q->results.fractions;
	p->answer.results = &q->results;
	p->states = xcalloc(q->results.n_rules + 1, sizeof(*p->states));
	p->answer.states = q->results.n_rules > 0 ? p->states : NULL;
	add_param(&params, "query", spec->query);
	if (spec->lookback > 0)
		add_range(q, &params);
	weburl_below(&q->mem, &url, spec->lookback > 0 ? "/api/v1/query_range" : "/api/v1/query");
	bool post = params.len > URL_QUERY_MAX;
	if (!post)
		weburl_add_query(&q->mem, &url, params.data);
	p->job = query_job(q, &url, on_bytes, on_done);
	p->job.call.form = post ? arena_strdup(&q->mem, params.data) : NULL;
	p->job.call.body_max = PROM_ANSWER_MAX;
	buf_done(&params);
	job_start(q->env->limiter, &p->job);
}

static void stop(struct query *q)
{
	struct prometheus *p = q->backend;
	if (p == NULL)
		return;
	job_stop(&p->job);
	for (size_t i = 0; p->states != NULL && i < q->results.n_rules; i++)
		signal_clear(&p->states[i]);
	free(p->states);
	free(p);
	q->backend = NULL;
}

const struct source_ops source_prometheus = {
	.type = "prometheus",
	.check = check,
	.url = url_of,
	.start = start,
	.stop = stop,
};
