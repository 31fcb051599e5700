/*
 * How a visit ends: its answer, counted by path and code. Invariant: a visit is freed with its
 * answer, or when its client has left.
 */
#include "metricsd/metricsd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void visit_free(struct metricsd *m, struct visit *v)
{
	TAILQ_REMOVE(&m->visits, v, link);
	if (v->token != NULL)
		explicit_bzero(v->token, strlen(v->token));
	free(v->token);
	free(v);
}

const char *visit_path(enum visit_page page)
{
	static const char *const paths[] = {
		[VISIT_METRICS] = "/metrics",
		[VISIT_READY] = "/readyz",
		[VISIT_PAGE] = "/",
		[VISIT_JSON] = "/status.json",
	};
	return paths[page];
}

static void count(struct proc *p, const char *path, int code)
{
	char text[12];
	snprintf(text, sizeof(text), "%d", code);
	metric_add(proc_metrics(p), METRIC_http_requests_total, 1, LABELS(path, text));
}

void visit_answer(struct proc *p, struct visit *v, const struct http_answer *answer)
{
	count(p, visit_path(v->page), answer->code);
	http_reply(v->exchange, answer);
	visit_free(proc_state(p), v);
}

void visit_say(struct proc *p, struct http_exchange *x, const char *path, int code,
	       const char *text)
{
	struct buf body = {0};
	buf_adds(&body, text);
	const struct http_answer answer = {
		.code = code,
		.type = "text/plain; charset=utf-8",
		.challenge = code == 401 ? "Bearer" : NULL,
		.retry_after_s = code == 503 ? 1 : 0,
		.body = &body,
	};
	count(p, path, code);
	http_reply(x, &answer);
	buf_done(&body);
}

void visit_dismiss(struct proc *p, struct visit *v, int code, const char *text)
{
	visit_say(p, v->exchange, visit_path(v->page), code, text);
	visit_free(proc_state(p), v);
}

void visits_unknown(struct proc *p, const struct access_key *key)
{
	struct metricsd *m = proc_state(p);
	struct visit *v, *next;
	for (v = TAILQ_FIRST(&m->visits); v != NULL; v = next) {
		next = TAILQ_NEXT(v, link);
		if (v->state == VISIT_AT_THE_DOOR && access_same(&v->key, key))
			visit_dismiss(p, v, 503,
				      "The API server cannot be asked about this token now\n");
	}
}
