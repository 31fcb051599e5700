/*
 * Builds the status page: requests images and queue from the reconciler and policies from the
 * watcher, once for all HTTP requests that wait. Invariant: `showing` counts the open requests to
 * these two; each is answered or runs out of time.
 */
#include "metricsd/metricsd.h"

#include <string.h>

#include "base/log.h"
#include "ipc/objpack.h"

#include "metricsd/grid.h"
#include "metricsd/page.h"

/* Long, as the reconciler visits every pair. */
#define SHOW_MS 2000
/* Images per answer; bytes of policies per answer. */
#define SHOW_IMAGES 50
#define SHOW_BYTES  (256 * 1024)
#define SHOW_KINDS  (UINT64_C(1) << KIND_PULLPOLICY | UINT64_C(1) << KIND_DISCOVERYPOLICY)

static void ask(struct proc *p, enum proc_id to, enum msg_type type, const void *body)
{
	struct metricsd *m = proc_state(p);
	struct err err;
	if (proc_request(p, to, type, body, m->showing_round, clock_boot_ms() + SHOW_MS, &err) == 0)
		m->showing++;
	else
		m->stats_whole = false;
}

/* An answer to a request of this round? */
static bool answered(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (in->tag != m->showing_round || m->showing == 0)
		return false;
	m->showing--;
	if (in->body == NULL)
		m->stats_whole = false;
	return in->body != NULL;
}

void show_begin(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	const struct msg_changes_since policies = {.kinds = SHOW_KINDS, .max_bytes = SHOW_BYTES};
	stats_done(&m->stats);
	m->stats_whole = m->is_showing = true;
	m->showing_round++;
	m->shown_at = 0;
	ask(p, PROC_RECONCILER, MSG_overview_get,
	    &(struct msg_overview_get){.max = STATS_IMAGES_MAX, .max_rows = GRID_ROWS});
	ask(p, PROC_RECONCILER, MSG_explain_queue,
	    &(struct msg_explain_queue){.max = STATS_QUEUE_MAX});
	ask(p, PROC_RECONCILER, MSG_explain_held,
	    &(struct msg_explain_held){.max = STATS_HELD_MAX});
	ask(p, PROC_RECONCILER, MSG_report_get, &(struct msg_report_get){.max = 1});
	ask(p, PROC_WATCHER, MSG_changes_since, &policies);
}

/* The next images of those that the overview named. */
static void ask_images(struct proc *p)
{
	struct metricsd *m = proc_state(p);
	struct msg_image_name list[SHOW_IMAGES];
	size_t n = 0;
	while (n < SHOW_IMAGES &&
	       (list[n].image = stats_next_name(&m->stats, &m->shown_at)) != NULL)
		n++;
	if (n > 0)
		ask(p, PROC_RECONCILER, MSG_explain_images,
		    &(struct msg_explain_images){.max = n, .wanted = {list, n}});
}

void on_overview(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (!answered(p, in))
		return;
	stats_add_overview(&m->stats, in->body);
	ask_images(p);
}

void on_images_explained(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (!answered(p, in))
		return;
	stats_add_images(&m->stats, in->body);
	ask_images(p);
}

void on_queue_explained(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (answered(p, in))
		stats_add_queue(&m->stats, in->body);
}

void on_held_explained(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (answered(p, in))
		stats_add_held(&m->stats, in->body);
}

void on_report(struct proc *p, const struct msg_in *in)
{
	struct metricsd *m = proc_state(p);
	if (answered(p, in))
		stats_add_report(&m->stats, in->body, proc_now(p).wall_s);
}

static void add_object(struct proc *p, const struct msg_change *change)
{
	struct metricsd *m = proc_state(p);
	bool pull = change->kind == KIND_PULLPOLICY;
	if (change->gone || (!pull && change->kind != KIND_DISCOVERYPOLICY))
		return;
	const struct kind_info *kind = &kinds[change->kind];
	void *obj = arena_alloc(proc_arena(p), kind->size);
	struct err err;
	if (obj_unpack(kind->desc, change->object.data, change->object.len, proc_arena(p), obj,
		       &err) != 0)
		log_debug("policy cannot be decoded, ignoring", LS("error", err.text));
	else if (pull)
		stats_add_policy(&m->stats, obj);
	else
		stats_add_discovery(&m->stats, obj);
}

void on_changes(struct proc *p, const struct msg_in *in)
{
	const struct msg_changes *got = in->body;
	if (!answered(p, in))
		return;
	for (size_t i = 0; i < got->changes.n; i++)
		add_object(p, &got->changes.at[i]);
	const struct msg_changes_since next = {.epoch = got->epoch,
					       .seq = got->next,
					       .kinds = SHOW_KINDS,
					       .max_bytes = SHOW_BYTES};
	if (got->more)
		ask(p, PROC_WATCHER, MSG_changes_since, &next);
}

/* ---- the answer ---- */

static size_t list_processes(const struct metricsd *m, struct page_process list[PROC_COUNT])
{
	size_t n = 0;
	for (int q = PROC_NONE + 1; q < PROC_CTL; q++) {
		const struct snapshot *s = q == PROC_METRICSD ? &m->own : &m->peers[q].told;
		struct page_process *row = &list[n++];
		*row = (struct page_process){
			.name = proc_id_name((enum proc_id)q),
			.state = "",
			.up = q == PROC_METRICSD || m->peers[q].up,
			.ready = snapshot_value(s, METRIC_process_ready, "", 0) != 0,
			.resident_bytes =
				snapshot_value(s, METRIC_process_resident_memory_bytes, "", 0),
			.cpu_us = snapshot_value(s, METRIC_process_cpu_seconds_total, "", 0),
		};
		for (int i = 0; i < m->tree.n; i++)
			if (strcmp(m->tree.children[i].name, row->name) == 0) {
				row->state = m->tree.children[i].state;
				row->restarts = m->tree.children[i].restarts;
			}
	}
	return n;
}

const char *show_type(enum request_page page)
{
	return page == REQUEST_PAGE ? "text/html; charset=utf-8" : "application/json";
}

void show_text(struct proc *p, bool html, struct buf *body)
{
	const struct metricsd *m = proc_state(p);
	struct page_process processes[PROC_COUNT];
	const struct page page = {
		.stats = &m->stats,
		.processes = processes,
		.n_processes = list_processes(m, processes),
		.supervisor_alive = m->tree.alive,
		.stats_whole = m->stats_whole,
		.wall_s = proc_now(p).wall_s,
	};
	if (html)
		page_html(&page, body);
	else
		page_json(&page, body);
}
