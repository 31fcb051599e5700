/*
 * dropctl why IMAGE [NODE]: for each node, whether it has the image, and if not, why. dropctl why
 * node NODE: what the node waits for, and each image there. The sentences come from the reconciler.
 */
#include "dropctl/dropctl.h"

#include <string.h>

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

/* ---- why node NODE ---- */

static bool about_node(void)
{
	return ctl_args[1] != NULL && strcmp(ctl_args[0], "node") == 0;
}

static void add_images_json(const struct msg_held_explained *m, struct buf *text)
{
	for (size_t i = 0; i < m->images.n; i++) {
		const struct msg_image_state *row = &m->images.at[i];
		const char *const members[][2] = {{"image", row->image},
						  {"state", row->state},
						  {"reason", row->reason},
						  {"text", row->text}};
		buf_adds(text, i != 0 ? ",{" : "{");
		for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
			buf_addf(text, "\"%s\":", members[k][0]);
			buf_add_json(text, members[k][1] != NULL ? members[k][1] : "");
			buf_adds(text, ",");
		}
		buf_addf(text, "\"gates\":%s}", row->gates ? "true" : "false");
	}
}

static void on_held_explained(struct proc *p, const struct msg_in *in)
{
	struct ctl *c = proc_state(p);
	const struct msg_held_explained *m = in->body;
	struct buf text = {0};
	if (ctl_unanswered(p, in))
		return;
	if (m->nodes.n == 0) {
		ctl_fail(p, CTL_EXIT_NONE, "there is no node \"%s\"", ctl_args[1]);
		return;
	}
	const struct msg_held_node *node = &m->nodes.at[0];
	if (ctl_json(c)) {
		ctl_json_rows(c, in);
		buf_addf(&text, "{\"node\":%s,\"images\":[", c->out.data);
		add_images_json(m, &text);
		buf_adds(&text, "]}\n");
	} else {
		buf_addf(&text, "%s: %s\n", node->state, node->text);
		if (!m->leading)
			buf_adds(&text, "This replica is a standby.\n");
	}
	for (size_t i = 0; !ctl_json(c) && i < m->images.n; i++) {
		table_cell(&c->table, m->images.at[i].image);
		table_cell(&c->table, m->images.at[i].gates ? "gates" : "");
		table_cell(&c->table, m->images.at[i].state);
		table_cell(&c->table, m->images.at[i].text);
	}
	table_print(&c->table, 4, &text);
	ctl_end(p, &text, PROC_EXIT_OK);
}

static int64_t turn(struct proc *p, struct now now)
{
	struct ctl *c = proc_state(p);
	if (about_node())
		return ctl_ask(p, PROC_RECONCILER, MSG_explain_held,
			       &(struct msg_explain_held){.node = ctl_args[1]});
	const struct msg_explain ask = {
		.image = ctl_args[0], .node = ctl_args[1], .after = c->after};
	(void)now;
	return ctl_ask(p, PROC_RECONCILER, MSG_explain, &ask);
}

const struct proc_def ctl_why = {
	.name = "ctl",
	.program = "dropctl why",
	.doc = "Why an image is or is not on each node, or on one. Usage: dropctl why IMAGE "
	       "[NODE] [options], or dropctl why node NODE: what a node waits for",
	.id = PROC_CTL,
	.handlers = {[MSG_explained] = on_explained, [MSG_held_explained] = on_held_explained},
	.options = options,
	.state_size = sizeof(struct ctl),
	.turn = turn,
	.done = ctl_done,
};
