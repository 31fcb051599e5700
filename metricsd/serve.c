/* Answers requests once every process has answered, or has run out of time. */
#include "metricsd/metricsd.h"

#include <string.h>

#include "base/log.h"

#include "kube/lease_trouble.h"
#include "metricsd/expose.h"
#include "metricsd/gzip.h"
#include "metricsd/health.h"

static int64_t told(const struct metricsd *m, enum proc_id q, enum metric_id id)
{
	return snapshot_value(&m->peers[q].told, id, "", 0);
}

/* A sentence, or NULL: what keeps the watcher from holding the lease, from its metrics. */
static const char *lease_trouble(const struct metricsd *m)
{
	for (int t = LEASE_FINE + 1; t < LEASE_TROUBLES; t++) {
		char labels[64];
		snprintf(labels, sizeof(labels), "reason=\"%s\"",
			 lease_trouble_name((enum lease_trouble)t));
		if (snapshot_value(&m->peers[PROC_WATCHER].told, METRIC_lease_trouble, labels, 0) !=
		    0)
			return lease_trouble_text((enum lease_trouble)t);
	}
	return NULL;
}

bool serve_health(struct proc *p, bool ready, struct buf *body)
{
	struct metricsd *m = proc_state(p);
	tree_read(proc_common(p)->socket_dir, clock_boot_ms(), &m->tree);
	const struct health h = {
		.supervised = m->tree.supervised,
		.supervisor_alive = m->tree.alive,
		.watcher_up = m->peers[PROC_WATCHER].up,
		.watcher_synced = told(m, PROC_WATCHER, METRIC_process_ready) != 0,
		.lease_known = told(m, PROC_WATCHER, METRIC_lease_known) != 0,
		.leads = told(m, PROC_WATCHER, METRIC_lease_held) != 0,
		.lease_trouble = lease_trouble(m),
		.reconciler_up = m->peers[PROC_RECONCILER].up,
		.reconciler_synced = told(m, PROC_RECONCILER, METRIC_process_ready) != 0,
		.puller_up = m->peers[PROC_PULLER].up,
	};
	return ready ? health_ready(&h, body) : health_alive(&h, body);
}

/* -1: too long. */
static int metrics_text(const struct metricsd *m, enum expose_form form, struct buf *out)
{
	struct exposed list[PROC_COUNT];
	size_t n = 0;
	for (int q = PROC_NONE + 1; q < PROC_CTL; q++)
		list[n++] = (struct exposed){
			proc_id_name((enum proc_id)q),
			q == PROC_METRICSD ? &m->own : &m->peers[q].told,
		};
	return expose(list, n, form, out);
}

static void compress(struct buf *body)
{
	struct buf smaller = {0};
	gzip_add(&smaller, body->data, body->len);
	buf_done(body);
	*body = smaller;
}

/* An answer that all requests of one turn for the same content share. */
struct served {
	struct http_answer answer; /* code 0: not built yet */
	struct http_body *body;
};
/* Two forms of metrics, the page and its JSON, each compressed or not; by server. */
#define SERVED_MAX 8

static struct http_server *server_of(const struct metricsd *m, const struct request *v)
{
	return v->local ? m->page : m->metrics;
}

static int served_index(const struct request *v)
{
	int text = v->page == REQUEST_PAGE   ? 2
		   : v->page == REQUEST_JSON ? 3
					     : v->form == EXPOSE_OPENMETRICS;
	return text * 2 + v->gzip;
}

/* Builds it from the answers of the processes. -1: longer than EXPOSE_MAX. */
static int make_text(struct proc *p, const struct request *v, struct buf *body)
{
	if (v->page != REQUEST_METRICS)
		show_text(p, v->page == REQUEST_PAGE, body);
	else if (metrics_text(proc_state(p), v->form, body) != 0)
		return -1;
	if (v->gzip)
		compress(body);
	return 0;
}

static void make(struct proc *p, const struct request *v, struct served *s)
{
	struct metricsd *m = proc_state(p);
	struct buf body = {0};
	s->answer = (struct http_answer){
		.code = 200,
		.type = v->page == REQUEST_METRICS ? expose_types[v->form] : show_type(v->page),
		.encoding = v->gzip ? "gzip" : NULL,
	};
	s->body = http_body_recent(server_of(m, v), served_index(v), RECENT_MS);
	if (s->body == NULL && make_text(p, v, &body) == 0)
		s->body = http_body_new(server_of(m, v), &body, served_index(v));
	if (s->body == NULL) {
		log_error("metrics exceed the size limit of a response", LN("bytes", EXPOSE_MAX));
		buf_done(&body);
		buf_adds(&body, "Metrics exceed the size limit of a response\n");
		s->answer = (struct http_answer){.code = 500, .type = "text/plain; charset=utf-8"};
		s->body = http_body_new(server_of(m, v), &body, SERVED_MAX);
	}
	s->answer.shared = s->body;
}

static void answer_shared(struct proc *p, struct request *v, struct served *s)
{
	if (s->answer.code == 0)
		make(p, v, s);
	request_answer(p, v, &s->answer);
}

static void answer_ready(struct proc *p, struct request *v)
{
	struct buf body = {0};
	bool well = serve_health(p, true, &body);
	const struct http_answer answer = {
		.code = well ? 200 : 500, .type = "text/plain; charset=utf-8", .body = &body};
	request_answer(p, v, &answer);
	buf_done(&body);
}

void serve_admitted(struct proc *p, bool page)
{
	struct metricsd *m = proc_state(p);
	struct served served[2][SERVED_MAX] = {0};
	struct request *v, *next;
	for (v = TAILQ_FIRST(&m->requests); v != NULL; v = next) {
		next = TAILQ_NEXT(v, link);
		bool wants_page = v->page == REQUEST_PAGE || v->page == REQUEST_JSON;
		if (v->state != REQUEST_ADMITTED || wants_page != page)
			continue;
		if (v->page == REQUEST_READY)
			answer_ready(p, v);
		else
			answer_shared(p, v, &served[v->local][served_index(v)]);
	}
	for (size_t i = 0; i < SERVED_MAX; i++) {
		http_body_free(served[false][i].body);
		http_body_free(served[true][i].body);
	}
}
