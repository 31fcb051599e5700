/*
 * Has startup taints removed by the puller, as the core wants it (behaviour 45, 46). Invariant:
 * each removal is answered to the core exactly once, or forgotten together with all others by
 * node_opens_fence().
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "base/xalloc.h"

/* Without the right all else works; one log line an hour, not one per try and node. */

static void forget(struct node_ask *k)
{
	free(k->node);
	free(k->node_uid);
	*k = (struct node_ask){0};
}

void node_opens_fence(struct reconciler *r)
{
	for (size_t i = 0; i < NODE_ASKS_MAX; i++)
		forget(&r->node_asks[i]);
	r->n_node_asks = 0;
}

static void tell(struct proc *p, struct node_ask *k, enum core_open_result result)
{
	struct reconciler *r = proc_state(p);
	core_opened(r->core, k->node, k->node_uid, result, proc_now(p));
	forget(k);
	r->n_node_asks--;
}

void node_open(struct proc *p, const struct core_open *wanted)
{
	struct reconciler *r = proc_state(p);
	struct err err;
	size_t slot = 0;
	while (slot < NODE_ASKS_MAX - 1 && r->node_asks[slot].tag != 0)
		slot++;
	struct node_ask *k = &r->node_asks[slot];
	struct msg_node_open m = {
		.session = r->takeover.id,
		.valid_until_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
		.node = wanted->node,
		.node_uid = wanted->node_uid,
		.keys = wanted->keys,
	};
	*k = (struct node_ask){
		.tag = ++r->node_asked * NODE_ASKS_MAX + slot,
		.node = xstrdup(wanted->node),
		.node_uid = xstrdup(wanted->node_uid),
	};
	r->n_node_asks++;
	if (proc_request(p, PROC_PULLER, MSG_node_open, &m, k->tag,
			 m.valid_until_ms + ANSWER_GRACE_MS, &err) < 0)
		tell(p, k, OPEN_FAILED);
}

static void say_failed(struct proc *p, const struct node_ask *k, const struct msg_node_opened *m)
{
	struct reconciler *r = proc_state(p);
	bool forbidden = m != NULL && m->result == NODE_FORBIDDEN;
	LOG_AT(forbidden ? forbidden_log_level(&r->node_told_ms) : write_log_level(r),
	       forbidden ? "no permission to remove startup taints, nodes stay held until it is "
			   "granted"
			 : "startup taint not removed, retrying",
	       LS("node", k->node), LN("code", m != NULL ? (int64_t)m->code : 0),
	       LS("error", m != NULL ? m->text : "no answer from the puller"));
}

void on_node_opened(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	struct node_ask *k = &r->node_asks[in->tag % NODE_ASKS_MAX];
	const struct msg_node_opened *m = in->body;
	if (k->tag != in->tag)
		return;
	switch (m != NULL ? m->result : NODE_FAILED) {
	case NODE_WRITTEN:
		tell(p, k, OPEN_REMOVED);
		break;
	case NODE_UNCHANGED:
		tell(p, k, OPEN_NOTHING);
		break;
	case NODE_CHANGED:
		log_debug("the node changed meanwhile, deciding again", LS("node", k->node),
			  LS("error", m->text));
		tell(p, k, OPEN_CHANGED);
		break;
	case NODE_DROPPED:
		takeover_puller_lost(&r->takeover, random_id());
		tell(p, k, OPEN_FAILED);
		break;
	default:
		say_failed(p, k, m);
		tell(p, k, OPEN_FAILED);
	}
}
