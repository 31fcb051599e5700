/*
 * dropctl status: one line an image: how far it is, what is in the way, when it is done.
 * Asks page by page; the answer of a standby replica says that it is one.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>
#include <string.h>

#include "base/visible.h"
#include "dropctl/table.h"

static const char *const heading[] = {"IMAGE",   "PHASE",    "READY", "PULLING", "WAITING",
				      "BACKOFF", "NOTREADY", "ETA",   "POLICY",  "WHY"};
#define COLUMNS (sizeof(heading) / sizeof(heading[0]))

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"check", OPT_BOOL, offsetof(struct ctl, check), NULL, NULL,
	 "exit with 2 unless every image is Ready", NULL, 0, 0},
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
		cell_eta(&c->table, i);
		table_cellf(&c->table, "%s%s", i->policy_missing ? "missing, so " : "",
			    i->policy_missing && *policy == '-' ? "the default" : policy);
		table_cell(&c->table, i->text);
	}
}

static void finish(struct proc *p, const struct msg_images_explained *m)
{
	struct ctl *c = proc_state(p);
	struct buf text = {0};
	if (ctl_json(c)) {
		buf_addf(&text, "{\"leading\":%s,", m->leading ? "true" : "false");
		if (m->lease_trouble != NULL) {
			buf_adds(&text, "\"leaseTrouble\":");
			buf_add_json(&text, m->lease_trouble);
			buf_adds(&text, ",");
		}
		buf_addf(&text, "\"images\":[%s]}\n", c->out.len > 0 ? c->out.data : "");
	} else {
		if (!m->leading)
			buf_adds(&text,
				 "This replica is a standby; the leader's view may be newer.\n");
		if (m->lease_trouble != NULL)
			buf_addf(&text, "The lease cannot be held: %s\n",
				 visible_text(proc_arena(p), m->lease_trouble));
		if (c->table.len > 0) {
			struct buf cells = {0};
			for (size_t i = 0; i < COLUMNS; i++)
				table_cell(&cells, heading[i]);
			buf_add(&cells, c->table.data, c->table.len);
			table_print(&cells, COLUMNS, &text);
			buf_done(&cells);
		} else {
			buf_adds(&text, "No CachedImages found.\n");
		}
	}
	ctl_end(p, &text, c->exit_code);
	buf_done(&text);
}

static void on_images_explained(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
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
	if (m->more && m->images.n > 0)
		ctl_again(c, m->images.at[m->images.n - 1].image);
	else
		finish(p, m);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	return ctl_ask(p, PROC_RECONCILER, MSG_explain_images,
		       &(struct msg_explain_images){.after = c->after});
}

const struct proc_def ctl_status = {
	.name = "ctl",
	.program = "dropctl status",
	.doc = "Progress of each image: counts of nodes, estimated time, and what it waits for.",
	.id = PROC_CTL,
	.handlers = {[MSG_images_explained] = on_images_explained},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
