/*
 * dropctl gate: the nodes with a startup taint and what they wait for. dropctl gate open NODE, or
 * --all: removes their startup taints now, even if images are missing. The one command that changes something: it asks the
 * reconciler to.
 */
#include "dropctl/dropctl.h"

#include <inttypes.h>
#include <string.h>

#include "dropctl/table.h"

static const struct option_def options[] = {
	CTL_OUTPUT,
	{"all", OPT_BOOL, offsetof(struct ctl, all), "false", NULL,
	 "with open: every node that is held", NULL, 0, 0},
	{"limit", OPT_INT, offsetof(struct ctl, limit), "50", "N", "maximum number of entries",
	 NULL, 1, 400},
	{NULL},
};

static void on_held_explained(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_held_explained *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	if (ctl_json(c)) {
		ctl_json_rows(c, in);
		buf_addf(&text, "{\"held\":%" PRIu64 ",\"nodes\":[%s]}\n", m->held,
			 c->out.len > 0 ? c->out.data : "");
	} else if (m->nodes.n == 0) {
		buf_adds(&text, "No node is held.\n");
	}
	for (size_t i = 0; !ctl_json(c) && i < m->nodes.n; i++) {
		table_cell(&c->table, m->nodes.at[i].node);
		table_cell(&c->table, m->nodes.at[i].pool);
		table_cell(&c->table, m->nodes.at[i].state);
		table_cell(&c->table, m->nodes.at[i].text);
	}
	table_print(&c->table, 4, &text);
	if (!ctl_json(c) && m->held > m->nodes.n)
		buf_addf(&text, "The first %zu of %" PRIu64 " nodes.\n", m->nodes.n, m->held);
	ctl_end(p, &text, PROC_EXIT_OK);
}

static void on_gate_opened(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_gate_opened *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in) || ctl_standby(p, m->leading))
		return;
	if (!m->found) {
		ctl_fail(p, CTL_EXIT_NONE, "there is no node \"%s\"", ctl_args[1]);
		return;
	}
	if (ctl_json(c))
		buf_addf(&text, "{\"opened\":%" PRIu64 "}\n", m->opened);
	else if (m->opened == 0)
		buf_adds(&text, c->all ? "No node is held.\n" : "The node is not held.\n");
	else
		buf_addf(&text, "%" PRIu64 " opening.\n", m->opened);
	ctl_end(p, &text, PROC_EXIT_OK);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	(void)now;
	if (ctl_args[0] == NULL)
		return ctl_ask(p, PROC_RECONCILER, MSG_explain_held,
			       &(struct msg_explain_held){.max = (uint64_t)c->limit});
	if (strcmp(ctl_args[0], "open") != 0 || (ctl_args[1] != NULL) == c->all) {
		ctl_fail(p, PROC_EXIT_USAGE,
			 "usage: dropctl gate, dropctl gate open NODE or dropctl gate open --all");
		return CLOCK_NEVER;
	}
	return ctl_ask(p, PROC_RECONCILER, MSG_gate_open,
		       &(struct msg_gate_open){.node = ctl_args[1]});
}

const struct proc_def ctl_gate = {
	.name = "ctl",
	.program = "dropctl gate",
	.doc = "Nodes with a startup taint, and what they wait for. Usage: dropctl gate, dropctl "
	       "gate "
	       "open NODE or dropctl gate open --all: removes their startup taints now, even if images are missing",
	.id = PROC_CTL,
	.handlers = {[MSG_held_explained] = on_held_explained, [MSG_gate_opened] = on_gate_opened},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
