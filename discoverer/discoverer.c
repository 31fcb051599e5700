/*
 * Lease, feed and life of the discoverer. Invariant: policies are followed exactly while
 * lead_may() says so, and when it ends, questions and writes end in the same turn.
 */
#include "discoverer/discoverer.h"

#include <assert.h>

#include <stddef.h>

#include "base/log.h"

#include "discoverer/nodes_seen.h"
#include "discoverer/policy.h"

static_assert(offsetof(struct discoverer, options) == 0, "discoverer_option_defs fills it");

/* ---- what the watcher says ---- */

static void on_lease(struct proc *p, int64_t said_us, uint64_t term, int64_t until_ms)
{
	struct discoverer *d = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	lead_changed(&d->lead, leader_heard(&d->lead.lease, said_us, term, until_ms, now_ms),
		     now_ms);
}

static void put(struct proc *p, enum kind kind, const void *obj)
{
	struct discoverer *d = proc_state(p);
	const struct discoverypolicy *policy = obj;
	if (kind == KIND_NODE)
		nodes_put(d, obj);
	else if (kind == KIND_DISCOVERYPOLICY && policy->meta.name != NULL)
		policy_put(d, policy, proc_now(p));
}

static void gone(struct proc *p, enum kind kind, const char *name)
{
	struct discoverer *d = proc_state(p);
	struct policy *policy = policy_find(d, name);
	if (kind == KIND_NODE)
		nodes_gone(d, name);
	else if (kind == KIND_DISCOVERYPOLICY && policy != NULL)
		policy_free(policy);
}

static void mark(struct proc *p)
{
	struct discoverer *d = proc_state(p);
	d->read++;
}

static void sweep(struct proc *p)
{
	struct discoverer *d = proc_state(p);
	struct policy *policy;
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL;)
		if (policy->read != d->read) {
			policy_free(policy);
			i = 0; /* the table moved */
		}
	nodes_sweep(d);
}

static void caught_up(struct proc *p, int64_t fresh_ms)
{
	struct discoverer *d = proc_state(p);
	struct policy *policy;
	lead_read(&d->lead, fresh_ms);
	d->nodes_known = d->nodes_wanted;
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL;)
		policy_listed(policy, fresh_ms, proc_now(p));
	proc_ready(p);
}

/* Sources are asked every few minutes; a change of a policy may take this long to be seen. */
#define READ_GAP_MS 500

static const struct feed_ops ops = {
	.kinds = UINT64_C(1) << KIND_DISCOVERYPOLICY,
	.gap_ms = READ_GAP_MS,
	.lease = on_lease,
	.put = put,
	.gone = gone,
	.mark = mark,
	.sweep = sweep,
	.caught_up = caught_up,
};

/* Nodes are read while their number matters to a policy. */
static void follow_nodes(struct discoverer *d)
{
	const struct policy *policy;
	bool wanted = tries_count_nodes(d);
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL;)
		wanted |= policy->plan.counts_nodes;
	if (wanted == d->nodes_wanted ||
	    !feed_follow(&d->feed, wanted ? UINT64_C(1) << KIND_NODE : 0))
		return;
	d->nodes_wanted = wanted;
	if (!wanted)
		nodes_forget(d);
}

void on_doorbell(struct proc *p, const struct msg_in *in)
{
	struct discoverer *d = proc_state(p);
	feed_doorbell(p, &d->feed, in, lead_demand(&d->lead));
}

void on_changes(struct proc *p, const struct msg_in *in)
{
	struct discoverer *d = proc_state(p);
	feed_changes(p, &d->feed, in);
}

/* ---- life ---- */

int discoverer_init(struct proc *p, struct err *err)
{
	struct discoverer *d = proc_state(p);
	d->proc = p;
	d->kube = kube_new(proc_common(p)->kubeconfig, proc_user_agent(p), err);
	if (d->kube == NULL)
		return -1;
	kube_observe(d->kube, proc_api_call, p);
	kube_set_pace(d->kube, KUBE_PACE_MS);
	proc_set_wait(p, kube_wait, d->kube);
	limiter_init(&d->limiter, d->kube);
	d->env = (struct query_env){.kube = d->kube,
				    .limiter = &d->limiter,
				    .tokens = &d->tokens,
				    .usage = &d->usage,
				    .pod_namespace = proc_common(p)->pod_namespace,
				    .options = &d->options};
	usage_reader_init(&d->usage, p);
	usage_saver_init(&d->saver, d);
	d->feed.ops = &ops;
	return image_facts_init(d, d->options.registries, err);
}

/* While usage is saved on the way out. */
#define LEAVE_LOOK_MS 50

/* Follows policies exactly while we may. */
static void follow_lead(struct proc *p)
{
	struct discoverer *d = proc_state(p);
	struct now now = proc_now(p);
	struct policy *policy;
	leader_lapsed(&d->lead.lease, now.boot_ms);
	bool may = lead_may(&d->lead, now.boot_ms) && !proc_stopping(p);
	if (may == d->acting)
		return;
	d->acting = may;
	log_info(may ? "leading" : "no longer leading", LN("term", d->lead.lease.term),
		 LN("policies", d->policies.count));
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL;)
		policy_act(policy, may, now);
	if (!may)
		image_facts_fence(p);
	if (!may)
		kube_close_lane(d->kube, KUBE_WRITE);
}

int64_t discoverer_turn(struct proc *p, struct now now)
{
	struct discoverer *d = proc_state(p);
	struct policy *policy;
	follow_lead(p);
	if (proc_stopping(p)) {
		bool left = usage_saver_leave(&d->saver, lead_may(&d->lead, now.boot_ms), now.boot_ms);
		if (left)
			proc_stop(p, PROC_EXIT_OK);
		usage_reader_turn(&d->usage, now.boot_ms);
		return left ? now.boot_ms : now.boot_ms + LEAVE_LOOK_MS;
	}
	follow_nodes(d);
	feed_turn(p, &d->feed, lead_demand(&d->lead));
	int64_t next = feed_next_ms(&d->feed), at = tries_turn(p, now);
	if (at < next)
		next = at;
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL;) {
		at = policy_turn(policy, now);
		if (at < next)
			next = at;
	}
	at = image_facts_turn(p, now);
	if (at < next)
		next = at;
	at = usage_saver_turn(&d->saver, d->acting, now.boot_ms);
	if (at < next)
		next = at;
	at = usage_reader_turn(&d->usage, now.boot_ms);
	if (at < next)
		next = at;
	at = limiter_turn(&d->limiter, now.boot_ms);
	if (at < next)
		next = at;
	if (d->lead.lease.term != 0 && d->lead.lease.until_ms < next)
		next = d->lead.lease.until_ms;
	return next;
}

void discoverer_done(struct proc *p)
{
	struct discoverer *d = proc_state(p);
	struct policy *policy;
	tries_done(d);
	image_facts_done(d);
	for (size_t i = 0; (policy = map_next(&d->policies, &i)) != NULL; i = 0)
		policy_free(policy);
	map_done(&d->policies);
	usage_saver_done(&d->saver);
	usage_reader_done(&d->usage);
	nodes_forget(d);
	tokens_done(&d->tokens);
	kube_free(d->kube);
}
