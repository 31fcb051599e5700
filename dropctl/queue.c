/* dropctl queue: the pull queue in order, and what each entry waits for. */
#include "dropctl/dropctl.h"

#include "dropctl/table.h"

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N", "maximum number of entries",
	 NULL, 1, 400},
	{NULL},
};

static void on_queue_explained(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_queue_explained *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	if (ctl_json(c)) {
		ctl_json_rows(c, in);
		buf_addf(&text, "{\"queue\":[%s]}\n", c->out.len > 0 ? c->out.data : "");
	} else if (m->queue.n == 0) {
		buf_adds(
			&text,
			"The queue is empty; images that back off are listed by dropctl status.\n");
	}
	for (size_t i = 0; !ctl_json(c) && i < m->queue.n; i++) {
		table_cell(&c->table, m->queue.at[i].image);
		table_cell(&c->table, m->queue.at[i].node);
		table_cell(&c->table, m->queue.at[i].turn);
		table_cell(&c->table, m->queue.at[i].text);
	}
	table_print(&c->table, 4, &text);
	ctl_end(p, &text, PROC_EXIT_OK);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	return ctl_ask(p, PROC_RECONCILER, MSG_explain_queue,
		       &(struct msg_explain_queue){.max = (uint64_t)c->limit});
}

const struct proc_def ctl_queue = {
	.name = "ctl",
	.program = "dropctl queue",
	.doc = "The pull queue in order, and what each entry waits for.",
	.id = PROC_CTL,
	.handlers = {[MSG_queue_explained] = on_queue_explained},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
