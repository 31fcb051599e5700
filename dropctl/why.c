/*
 * dropctl why IMAGE [NODE]: for each node, whether it has the image, and if not, why. The sentences
 * come from the reconciler.
 */
#include "dropctl/dropctl.h"

#include "dropctl/table.h"

static const struct option_def options[] = {CTL_OUTPUT, {NULL}};

static void finish(struct proc *p)
{
	struct ctl *c = proc_state(p);
	struct buf text = {0};
	if (ctl_json(c)) {
		buf_adds(&text, "{\"image\":");
		buf_add_json(&text, ctl_args[0]);
		buf_addf(&text, ",\"nodes\":[%s]}\n", c->out.len > 0 ? c->out.data : "");
	} else if (c->table.len > 0) {
		table_print(&c->table, 3, &text);
	} else {
		buf_adds(&text, "The cluster has no nodes.\n");
	}
	ctl_end(p, &text, PROC_EXIT_OK);
	buf_done(&text);
}

static void on_explained(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_explained *m = in->body;
	if (ctl_unanswered(p, in))
		return;
	if (!m->found) {
		ctl_fail(p, CTL_EXIT_NONE,
			 "there is no CachedImage \"%s\" (dropctl status lists them; for a "
			 "CachedImageSet use the names of its children)",
			 ctl_args[0]);
		return;
	}
	if (ctl_json(c))
		ctl_json_rows(c, in);
	for (size_t i = 0; !ctl_json(c) && i < m->nodes.n; i++) {
		table_cell(&c->table, m->nodes.at[i].node);
		table_cell(&c->table, m->nodes.at[i].state);
		table_cell(&c->table, m->nodes.at[i].text);
	}
	if (m->more && m->nodes.n > 0)
		ctl_again(c, m->nodes.at[m->nodes.n - 1].node);
	else
		finish(p);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	const struct msg_explain ask = {
		.image = ctl_args[0], .node = ctl_args[1], .after = c->after};
	(void)now;
	return ctl_ask(p, PROC_RECONCILER, MSG_explain, &ask);
}

const struct proc_def ctl_why = {
	.name = "ctl",
	.program = "dropctl why",
	.doc = "Why an image is or is not on each node, or on one. Usage: dropctl why IMAGE "
	       "[NODE] [options]",
	.id = PROC_CTL,
	.handlers = {[MSG_explained] = on_explained},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
