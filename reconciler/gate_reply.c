/*
 * Answers of the reconciler about held nodes (explain/held_nodes.h), and orders of people to open
 * them (behaviour 46). Bounded as in explain_reply.c.
 */
#include "reconciler/reconciler.h"

#include "base/log.h"
#include "reconciler/explain/held_nodes.h"

/* Rows of one answer: with texts of 1,024 bytes they stay under MSG_MAX. */
#define ROWS_MAX 400

static void answer(struct proc *p, const struct msg_in *in, enum msg_type type, const void *body)
{
	struct err err;
	if (proc_reply(p, &in->reply_to, type, body, &err) != 0)
		log_debug("answer not sent: the client has disconnected", LS("error", err.text));
}

static struct msg_held_node_list nodes_of(const struct held_node *list, size_t n, struct arena *a)
{
	struct msg_held_node_list rows = {arena_array(a, n, sizeof(*rows.at)), n};
	for (size_t i = 0; i < n; i++)
		rows.at[i] = (struct msg_held_node){
			.node = list[i].node,
			.pool = list[i].pool,
			.state = list[i].state,
			.text = list[i].text,
			.gating = list[i].gating,
			.there = list[i].there,
			.deadline_s = list[i].deadline_s,
		};
	return rows;
}

static struct msg_image_state_list images_of(struct proc *p, const char *node)
{
	struct reconciler *r = proc_state(p);
	struct arena *a = proc_arena(p);
	struct node_image_state *list;
	size_t n = held_images(r->core, node, ROWS_MAX, proc_now(p), a, &list);
	struct msg_image_state_list rows = {arena_array(a, n, sizeof(*rows.at)), n};
	for (size_t i = 0; i < n; i++) {
		const struct explain_info *info = &explain_infos[list[i].why.reason];
		rows.at[i] = (struct msg_image_state){
			.image = list[i].image,
			.state = explain_group_names[info->group],
			.reason = info->name,
			.text = explain_text(&list[i].why, a),
			.gates = list[i].gates,
		};
	}
	return rows;
}

void on_explain_held(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_explain_held *ask = in->body;
	struct arena *a = proc_arena(p);
	size_t max = ask->max == 0 || ask->max > ROWS_MAX ? ROWS_MAX : (size_t)ask->max, n = 0;
	struct msg_held_explained reply = {.leading = r->acting};
	struct held_node *list;
	if (ask->node != NULL) {
		list = held_node(r->core, ask->node, proc_now(p), a);
		n = list != NULL;
		if (list != NULL)
			reply.images = images_of(p, ask->node);
	} else {
		reply.held = held_nodes(r->core, max, proc_now(p), a, &list, &n);
	}
	reply.nodes = nodes_of(list, n, a);
	answer(p, in, MSG_held_explained, &reply);
}

void on_gate_open(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_gate_open *ask = in->body;
	struct msg_gate_opened reply = {.leading = r->acting};
	if (r->acting) {
		int n = core_order_open(r->core, ask->node);
		reply.found = n >= 0;
		reply.opened = n > 0 ? (uint64_t)n : 0;
		log_info("opening nodes as requested",
			 LS("node", ask->node != NULL ? ask->node : "all"),
			 LN("held", reply.opened));
	}
	answer(p, in, MSG_gate_opened, &reply);
}
