/*
 * From the watcher to the cores. What is read and when is ipc/feed.h's; here is what
 * becomes of it.
 */
#include "reconciler/reconciler.h"

#include "base/random.h"
#include "reconciler/report/started.h"

static void on_lease(struct proc *p, int64_t said_us, uint64_t term, int64_t until_ms)
{
	struct reconciler *r = proc_state(p);
	takeover_lease(&r->takeover, said_us, term, until_ms, random_id(), proc_now(p).boot_ms);
}

static void put(struct proc *p, enum kind kind, const void *obj)
{
	struct reconciler *r = proc_state(p);
	r->prune |= kind == KIND_CACHEDIMAGE;
	r->keeper.node_went |= kind == KIND_NODE && started_node_replaced(r->core, obj);
	if (kind == KIND_PULLPOLICY)
		zones_tell(r, obj);
	core_put(r->core, kind, obj, proc_now(p));
	apply_facts(p);
	sets_put(r->sets, kind, obj, proc_now(p));
}

static void gone(struct proc *p, enum kind kind, const char *name)
{
	struct reconciler *r = proc_state(p);
	r->prune = true;
	r->keeper.node_went |= kind == KIND_NODE;
	core_gone(r->core, kind, name, proc_now(p));
	apply_facts(p);
	sets_gone(r->sets, kind, name, proc_now(p));
}

static void mark(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	core_mark(r->core);
	sets_mark(r->sets);
}

static void sweep(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	r->prune = r->keeper.node_went = true;
	core_sweep(r->core, proc_now(p));
	sets_sweep(r->sets, proc_now(p));
}

static void caught_up(struct proc *p, int64_t fresh_ms)
{
	struct reconciler *r = proc_state(p);
	core_listed(r->core, fresh_ms, proc_now(p));
	sets_listed(r->sets, fresh_ms, proc_now(p));
	takeover_read(&r->takeover, fresh_ms);
	proc_ready(p);
}

const struct feed_ops reconciler_feed = {
	.kinds = UINT64_C(1) << KIND_NODE | UINT64_C(1) << KIND_POD |
		 UINT64_C(1) << KIND_CACHEDIMAGE | UINT64_C(1) << KIND_PULLPOLICY |
		 UINT64_C(1) << KIND_CACHEDIMAGESET | UINT64_C(1) << KIND_DISCOVERYPOLICY,
	.lease = on_lease,
	.put = put,
	.gone = gone,
	.mark = mark,
	.sweep = sweep,
	.caught_up = caught_up,
};

/* While it waits for lists, they must have begun after this moment; 0: no demand. */
static int64_t demand(const struct reconciler *r)
{
	return r->takeover.step == TAKEOVER_READ ? r->takeover.demand_ms : 0;
}

void on_doorbell(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	feed_doorbell(p, &r->feed, in, demand(r));
}

void on_changes(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	feed_changes(p, &r->feed, in);
}

void read_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	feed_turn(p, &r->feed, demand(r));
}
