/*
 * Has the conditions of nodes written by the puller, as the core wants it (behaviour 47).
 * Invariant: each write is answered to the core exactly once, or forgotten together with all others
 * by node_says_fence().
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "base/xalloc.h"

/* Without the right all else works: a line an hour says so, not one a try and node. */
/* A write that failed is repeated after this; one that is forbidden costs little. */
#define AGAIN_MS           (5 * 1000)
#define AGAIN_FORBIDDEN_MS (5 * 60 * 1000)

static void forget(struct node_ask *k)
{
	free(k->node);
	free(k->node_uid);
	*k = (struct node_ask){0};
}

void node_says_fence(struct reconciler *r)
{
	for (size_t i = 0; i < NODE_SAYS_MAX; i++)
		forget(&r->node_says[i]);
	r->n_node_says = 0;
}

static void tell(struct proc *p, struct node_ask *k, bool done, int64_t again_ms)
{
	struct reconciler *r = proc_state(p);
	core_condition_written(r->core, k->node, k->node_uid, done, again_ms, proc_now(p));
	forget(k);
	r->n_node_says--;
}

void node_say(struct proc *p, const struct core_condition *wanted)
{
	struct reconciler *r = proc_state(p);
	struct now now = proc_now(p);
	struct err err;
	size_t slot = 0;
	while (slot < NODE_SAYS_MAX - 1 && r->node_says[slot].tag != 0)
		slot++;
	struct node_ask *k = &r->node_says[slot];
	struct msg_node_say m = {
		.session = r->takeover.id,
		.valid_until_ms = takeover_deadline(&r->takeover, now.boot_ms),
		.node = wanted->node,
		.node_uid = wanted->node_uid,
		.status = wanted->status,
		.reason = wanted->reason,
		.message = wanted->message,
		.turns = wanted->turns,
		.at_s = now.wall_s,
	};
	*k = (struct node_ask){
		.tag = ++r->node_asked * NODE_SAYS_MAX + slot,
		.node = xstrdup(wanted->node),
		.node_uid = xstrdup(wanted->node_uid),
	};
	r->n_node_says++;
	if (proc_request(p, PROC_PULLER, MSG_node_say, &m, k->tag,
			 m.valid_until_ms + ANSWER_GRACE_MS, &err) < 0)
		tell(p, k, false, AGAIN_MS);
}

static void say_failed(struct proc *p, const struct node_ask *k, const struct msg_node_said *m)
{
	struct reconciler *r = proc_state(p);
	bool forbidden = m != NULL && m->result == NODE_FORBIDDEN;
	LOG_AT(forbidden ? forbidden_log_level(&r->say_told_ms) : write_log_level(r),
	       forbidden ? "no permission to write conditions of nodes, continuing without"
			 : "condition of a node not written, retrying",
	       LS("node", k->node), LN("code", m != NULL ? (int64_t)m->code : 0),
	       LS("error", m != NULL ? m->text : "no answer from the puller"));
}

void on_node_said(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	struct node_ask *k = &r->node_says[in->tag % NODE_SAYS_MAX];
	const struct msg_node_said *m = in->body;
	if (k->tag != in->tag)
		return;
	bool done = m != NULL && (m->result == NODE_WRITTEN || m->result == NODE_UNCHANGED);
	if (!done)
		say_failed(p, k, m);
	if (m != NULL && m->result == NODE_DROPPED)
		takeover_puller_lost(&r->takeover, random_id());
	bool forbidden = m != NULL && m->result == NODE_FORBIDDEN;
	tell(p, k, done, forbidden ? AGAIN_FORBIDDEN_MS : AGAIN_MS);
}
