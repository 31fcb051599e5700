/* Answers, once every process has told what it has to tell. */
#include "metricsd/metricsd.h"

#include <string.h>

#include "base/log.h"

#include "metricsd/expose.h"
#include "metricsd/gzip.h"
#include "metricsd/health.h"

static int64_t told(const struct metricsd *m, enum proc_id q, enum metric_id id)
{
	return snapshot_value(&m->peers[q].told, id, "", 0);
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
		.reconciler_up = m->peers[PROC_RECONCILER].up,
		.reconciler_synced = told(m, PROC_RECONCILER, METRIC_process_ready) != 0,
		.puller_up = m->peers[PROC_PULLER].up,
	};
	return ready ? health_ready(&h, body) : health_alive(&h, body);
}

/* -1: too much. */
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

void serve_compress(struct buf *body, struct http_answer *answer)
{
	struct buf smaller = {0};
	gzip_add(&smaller, body->data, body->len);
	buf_done(body);
	*body = smaller;
	answer->encoding = "gzip";
}

static void answer_metrics(struct proc *p, struct visit *v)
{
	struct buf body = {0};
	struct http_answer answer = {.code = 200, .type = expose_types[v->form]};
	if (metrics_text(proc_state(p), v->form, &body) != 0) {
		log_error("more metrics than can be told at once", LN("bytes", EXPOSE_MAX));
		buf_done(&body);
		buf_adds(&body, "More metrics than can be told at once\n");
		answer = (struct http_answer){.code = 500, .type = "text/plain; charset=utf-8"};
	} else if (v->gzip) {
		serve_compress(&body, &answer);
	}
	visit_answer(p, v, &answer, &body);
}

static void answer_ready(struct proc *p, struct visit *v)
{
	struct buf body = {0};
	bool well = serve_health(p, true, &body);
	struct http_answer answer = {.code = well ? 200 : 500, .type = "text/plain; charset=utf-8"};
	visit_answer(p, v, &answer, &body);
}

void serve_inside(struct proc *p, bool page)
{
	struct metricsd *m = proc_state(p);
	struct visit *v, *next;
	for (v = TAILQ_FIRST(&m->visits); v != NULL; v = next) {
		next = TAILQ_NEXT(v, link);
		bool wants_page = v->page == VISIT_PAGE || v->page == VISIT_JSON;
		if (v->state != VISIT_INSIDE || wants_page != page)
			continue;
		if (page)
			show_answer(p, v);
		else if (v->page == VISIT_READY)
			answer_ready(p, v);
		else
			answer_metrics(p, v);
	}
}
