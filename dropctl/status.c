/*
 * dropctl status: one line per image: its progress, what it waits for, the estimated end; then the
 * objects that exceed the watcher's memory limit and are not processed. Asks the reconciler page by
 * page, then the watcher; the answer of a standby replica says that it is one.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "base/xalloc.h"
#include "dropctl/table.h"

/* Rows of objects left out. */
#define LEFT_OUT_MAX 1000
/* How long the watcher may take to be there, once the reconciler has answered. */
#define WATCHER_MS 1000

struct status {
	struct ctl ctl;
	bool explained, leading; /* the reconciler has answered; and leads */
	char *lease_trouble;
};

static const char *const heading[] = {"IMAGE",   "PHASE",   "READY",    "PULLING",
				      "WAITING", "BACKOFF", "NOTREADY", "LEFTOUT",
				      "ETA",     "POLICY",  "WHY"};
#define COLUMNS (sizeof(heading) / sizeof(heading[0]))

static const char *const left_out_heading[] = {"LEFT OUT", "NAME", "WHY"};
#define LEFT_OUT_COLUMNS (sizeof(left_out_heading) / sizeof(left_out_heading[0]))

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"check", OPT_BOOL, offsetof(struct ctl, check), NULL, NULL,
	 "exit with 2 unless every image is Ready and nothing is left out", NULL, 0, 0},
	{NULL},
};

static void cell_eta(struct buf *cells, const struct msg_progress *i)
{
	char text[TIME_TEXT_MAX];
	duration_format(text, i->eta_s * 1000);
	if (i->ready == i->targeted && i->targeted > 0)
		table_cell(cells, "-");
	else
		table_cell(cells, i->eta_s > 0 ? text : "?");
}

static void add_rows(struct ctl *c, const struct msg_images_explained *m)
{
	for (size_t k = 0; k < m->images.n; k++) {
		const struct msg_progress *i = &m->images.at[k];
		const char *policy = i->policy != NULL && *i->policy != '\0' ? i->policy : "-";
		table_cell(&c->table, i->image);
		table_cell(&c->table, i->phase);
		table_cellf(&c->table, "%" PRIu64 "/%" PRIu64, i->ready, i->targeted);
		table_cellf(&c->table, "%" PRIu64, i->pulling);
		table_cellf(&c->table, "%" PRIu64, i->waiting);
		table_cellf(&c->table, "%" PRIu64, i->backoff);
		table_cellf(&c->table, "%" PRIu64, i->notready);
		table_cellf(&c->table, "%" PRIu64, i->nodes_skipped);
		cell_eta(&c->table, i);
		table_cellf(&c->table, "%s%s", i->policy_missing ? "missing, so " : "",
			    i->policy_missing && *policy == '-' ? "the default" : policy);
		table_cell(&c->table,
			   i->targeted + i->nodes_skipped > 0 ? i->text : "no node matches it");
	}
}

static void print_table(const char *const *titles, size_t columns, const struct buf *rows,
			struct buf *text)
{
	struct buf cells = {0};
	for (size_t i = 0; i < columns; i++)
		table_cell(&cells, titles[i]);
	buf_add(&cells, rows->data, rows->len);
	table_print(&cells, columns, text);
	buf_done(&cells);
}

/* m NULL: the watcher did not say. */
static void add_left_out(const struct msg_left_out *m, struct buf *text)
{
	struct buf rows = {0};
	if (m == NULL)
		buf_adds(text, "The watcher does not answer; objects left out are not listed.\n");
	if (m == NULL || m->total == 0)
		return;
	for (size_t i = 0; i < m->objects.n; i++) {
		table_cell(&rows, m->objects.at[i].kind);
		table_cell(&rows, m->objects.at[i].name);
		table_cell(&rows, m->objects.at[i].text);
	}
	buf_addf(text, "\n%" PRIu64 " objects left out, not processed:\n", m->total);
	if (m->objects.n > 0)
		print_table(left_out_heading, LEFT_OUT_COLUMNS, &rows, text);
	if (m->total > m->objects.n)
		buf_addf(text, "and %" PRIu64 " more\n", m->total - m->objects.n);
	buf_done(&rows);
}

static void add_json(struct status *s, const struct msg_left_out *m, struct buf *text)
{
	struct ctl *c = &s->ctl;
	buf_addf(text, "{\"leading\":%s,", s->leading ? "true" : "false");
	if (s->lease_trouble != NULL) {
		buf_adds(text, "\"leaseTrouble\":");
		buf_add_json(text, s->lease_trouble);
		buf_adds(text, ",");
	}
	buf_addf(text, "\"images\":[%s]", c->out.len > 0 ? c->out.data : "");
	if (m != NULL) {
		buf_addf(text, ",\"leftOut\":{\"total\":%" PRIu64 ",\"objects\":[", m->total);
		msg_dump_rows(MSG_left_out, m, text);
		buf_adds(text, "]}");
	}
	buf_adds(text, "}\n");
}

static void finish(struct proc *p, const struct msg_left_out *m)
{
	struct status *s = proc_state(p);
	struct ctl *c = &s->ctl;
	struct buf text = {0};
	if (c->check && m != NULL && m->total > 0)
		c->exit_code = CTL_EXIT_NOT_READY;
	if (ctl_json(c)) {
		add_json(s, m, &text);
	} else {
		if (!s->leading)
			buf_adds(&text,
				 "This replica is a standby; the leader's view may be newer.\n");
		if (s->lease_trouble != NULL)
			buf_addf(&text, "The lease cannot be held: %s\n",
				 visible_text(proc_arena(p), s->lease_trouble));
		if (c->table.len > 0)
			print_table(heading, COLUMNS, &c->table, &text);
		else
			buf_adds(&text, "No CachedImages found.\n");
		add_left_out(m, &text);
	}
	ctl_end(p, &text, c->exit_code);
}

static void on_images_explained(struct proc *p, const struct msg_in *in)
{
	struct status *s = proc_state(p);
	struct ctl *c = &s->ctl;
	const struct msg_images_explained *m = in->body;
	if (ctl_unanswered(p, in))
		return;
	for (size_t i = 0; c->check && i < m->images.n; i++)
		if (m->images.at[i].phase == NULL || strcmp(m->images.at[i].phase, "Ready") != 0)
			c->exit_code = CTL_EXIT_NOT_READY;
	if (ctl_json(c))
		ctl_json_rows(c, in);
	else
		add_rows(c, m);
	if (m->more && m->images.n > 0) {
		ctl_again(c, m->images.at[m->images.n - 1].image);
		return;
	}
	s->explained = true;
	s->leading = m->leading;
	s->lease_trouble = m->lease_trouble != NULL ? xstrdup(m->lease_trouble) : NULL;
	c->give_up_ms = 0;
}

static void on_left_out(struct proc *p, const struct msg_in *in)
{
	finish(p, in->body);
}

/* The images are known; a watcher that is away is no reason not to show them. */
static int64_t ask_watcher(struct proc *p, int64_t now_ms)
{
	struct ctl *c = proc_state(p);
	struct err err;
	if (c->asked || c->ended || proc_stopping(p))
		return CLOCK_NEVER;
	if (c->give_up_ms == 0)
		c->give_up_ms = now_ms + WATCHER_MS;
	c->asked = proc_request(p, PROC_WATCHER, MSG_left_out_get,
				&(struct msg_left_out_get){.max = LEFT_OUT_MAX}, 0,
				now_ms + WATCHER_MS, &err) == 0;
	if (!c->asked && now_ms >= c->give_up_ms)
		finish(p, NULL);
	return c->asked || c->ended ? CLOCK_NEVER : c->give_up_ms;
}

static int64_t turn(struct proc *p, struct now now)
{
	struct status *s = proc_state(p);
	if (s->explained && !proc_stopping(p))
		return ask_watcher(p, now.boot_ms);
	return ctl_ask(p, PROC_RECONCILER, MSG_explain_images,
		       &(struct msg_explain_images){.after = s->ctl.after});
}

static void done(struct proc *p)
{
	free(((struct status *)proc_state(p))->lease_trouble);
	ctl_done(p);
}

const struct proc_def ctl_status = {
	.name = "ctl",
	.program = "dropctl status",
	.doc = "Progress of each image: counts of nodes, estimated time, and what it waits for.",
	.id = PROC_CTL,
	.handlers = {[MSG_images_explained] = on_images_explained, [MSG_left_out] = on_left_out},
	.options = options,
	.state_size = sizeof(struct status),
	.turn = turn,
	.done = done,
};
