/*
 * Sends the answer to a request and counts it by path and code. Invariant: a request is freed when
 * it is answered, or when its client has closed the connection.
 */
#include "metricsd/metricsd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void request_free(struct metricsd *m, struct request *v)
{
	TAILQ_REMOVE(&m->requests, v, link);
	if (v->token != NULL)
		explicit_bzero(v->token, strlen(v->token));
	free(v->token);
	free(v);
}

const char *request_path(enum request_page page)
{
	static const char *const paths[] = {
		[REQUEST_METRICS] = "/metrics",
		[REQUEST_READY] = "/readyz",
		[REQUEST_PAGE] = "/",
		[REQUEST_JSON] = "/status.json",
	};
	return paths[page];
}

static void count(struct proc *p, const char *path, int code)
{
	char text[12];
	snprintf(text, sizeof(text), "%d", code);
	metric_add(proc_metrics(p), METRIC_http_requests_total, 1, LABELS(path, text));
}

void request_answer(struct proc *p, struct request *v, const struct http_answer *answer)
{
	count(p, request_path(v->page), answer->code);
	http_reply(v->exchange, answer);
	request_free(proc_state(p), v);
}

void request_reply(struct proc *p, struct http_exchange *x, const char *path, int code,
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

void request_refuse(struct proc *p, struct request *v, int code, const char *text)
{
	request_reply(p, v->exchange, request_path(v->page), code, text);
	request_free(proc_state(p), v);
}

void requests_not_reviewed(struct proc *p, const struct access_key *key)
{
	struct metricsd *m = proc_state(p);
	struct request *v, *next;
	for (v = TAILQ_FIRST(&m->requests); v != NULL; v = next) {
		next = TAILQ_NEXT(v, link);
		if (v->state == REQUEST_UNREVIEWED && access_same(&v->key, key))
			request_refuse(p, v, 503,
				       "The API server cannot be asked about this token now\n");
	}
}
