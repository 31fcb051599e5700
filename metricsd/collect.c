/*
 * Gets the metrics of every process, page by page. Invariant: the metrics shown of a process are
 * always those of one complete answer; pages of an incomplete answer are dropped.
 */
#include "metricsd/metricsd.h"

#include <string.h>

bool collect_asks(enum proc_id q)
{
	return q > PROC_NONE && q < PROC_CTL && q != PROC_METRICSD;
}

static void settle(struct metricsd *m, struct peer_view *peer, bool up)
{
	peer->pending = false;
	peer->up = up;
	m->n_pending--;
	if (!up)
		snapshot_done(&peer->coming);
}

static void ask(struct proc *p, enum proc_id q, uint64_t after)
{
	struct metricsd *m = proc_state(p);
	int64_t until_ms = clock_boot_ms() + COLLECT_PAGE_MS;
	struct err err;
	if (until_ms > m->began_ms + COLLECT_ALL_MS)
		until_ms = m->began_ms + COLLECT_ALL_MS;
	if (proc_request(p, q, MSG_metrics_get, &(struct msg_metrics_get){.after = after},
			 m->round * PROC_COUNT + q, until_ms, &err) != 0)
		settle(m, &m->peers[q], false);
}

void collect_begin(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	m->collecting = true;
	m->round++;
	m->began_ms = clock_boot_ms();
	for (int q = PROC_NONE + 1; q < PROC_CTL; q++) {
		if (!collect_asks((enum proc_id)q))
			continue;
		snapshot_done(&m->peers[q].coming);
		m->peers[q].pending = true;
		m->n_pending++;
	}
	for (int q = PROC_NONE + 1; q < PROC_CTL; q++)
		if (m->peers[q].pending)
			ask(p, (enum proc_id)q, 0);
}

void on_metrics(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	const struct msg_metrics *page = in->body;
	struct peer_view *peer = &m->peers[in->from];
	if (in->tag / PROC_COUNT != m->round || !peer->pending)
		return;
	if (page == NULL) {
		settle(m, peer, false);
		return;
	}
	snapshot_add(&peer->coming, page);
	if (page->more) {
		ask(p, in->from, page->next);
		return;
	}
	snapshot_done(&peer->told);
	peer->told = peer->coming;
	peer->coming = (struct snapshot){0};
	settle(m, peer, true);
}

/* Which processes answered: metrics of our own. */
static void note_tree(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct metrics *own = proc_metrics(p);
	tree_read(proc_common(p)->socket_dir, clock_boot_ms(), &m->tree);
	metric_set(own, METRIC_supervisor_up, m->tree.alive, NULL);
	for (int i = 0; i < m->tree.n; i++)
		metric_set(own, METRIC_process_restarts_total, m->tree.children[i].restarts,
			   LABELS(m->tree.children[i].name));
	for (int q = PROC_NONE + 1; q < PROC_CTL; q++)
		metric_set(own, METRIC_process_up, q == PROC_METRICSD || m->peers[q].up,
			   LABELS(proc_id_name((enum proc_id)q)));
	metric_set(own, METRIC_build_info, 1, LABELS(DROP_VERSION));
	if (m->metrics != NULL)
		metric_set(own, METRIC_http_connections,
			   (int64_t)http_server_connections(m->metrics), LABELS("metrics"));
	if (m->health != NULL)
		metric_set(own, METRIC_http_connections,
			   (int64_t)http_server_connections(m->health), LABELS("health"));
	if (m->page != NULL)
		metric_set(own, METRIC_http_connections, (int64_t)http_server_connections(m->page),
			   LABELS("page"));
}

static void read_own(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct msg_metrics_get get = {0};
	struct msg_metrics page = {.more = true};
	proc_collect(p);
	snapshot_done(&m->own);
	for (; page.more; get.after = page.next) {
		metrics_page(proc_metrics(p), &get, proc_arena(p), &page);
		snapshot_add(&m->own, &page);
	}
}

bool collect_end(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	if (!m->collecting || m->n_pending > 0)
		return false;
	m->collecting = false;
	metric_observe(proc_metrics(p), METRIC_scrape_seconds,
		       (clock_boot_ms() - m->began_ms) * 1000, NULL);
	note_tree(p);
	read_own(p);
	return true;
}
