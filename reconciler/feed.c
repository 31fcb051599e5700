/*
 * Reads the watcher's log into the cores. Invariant: at any moment at most one
 * changes_since is unanswered, and the cursor moves only by answers, so a lost
 * doorbell, a gap or a restart of the watcher all end in the same request.
 */
#include "reconciler/reconciler.h"

#include "api/kinds.h"
#include "base/log.h"
#include "base/random.h"
#include "ipc/lease_word.h"
#include "ipc/objpack.h"

#define KINDS_READ                                                                                 \
	(UINT64_C(1) << KIND_NODE | UINT64_C(1) << KIND_POD | UINT64_C(1) << KIND_CACHEDIMAGE |    \
	 UINT64_C(1) << KIND_PULLPOLICY | UINT64_C(1) << KIND_CACHEDIMAGESET |                     \
	 UINT64_C(1) << KIND_DISCOVERYPOLICY)
/* Bytes of one answer: a turn's worth of work. */
#define READ_BYTES (256 * 1024)
/* Without a doorbell we ask this often. */
#define READ_EVERY_MS 5000
#define ANSWER_MS     5000

/* Who leads, as the watcher says with everything it sends. */
static void heard_lease(struct proc *p, uint64_t term, int64_t until_ms, int64_t said_us)
{
	struct reconciler *r = proc_state(p);
	if (lease_word_counts(&r->cursor.lease_said_us, said_us))
		session_lease(&r->session, term, until_ms, random_id(), proc_now(p).boot_ms);
}

void on_doorbell(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_doorbell *bell = in->body;
	heard_lease(p, bell->term, bell->lease_until_ms, bell->lease_said_us);
	if (bell->epoch != r->cursor.epoch || bell->head > r->cursor.seq ||
	    (r->session.step == SESSION_READ && bell->fresh_ms >= r->session.demand_ms))
		r->cursor.ask_ms = 0;
	r->cursor.head = bell->head;
}

static void apply_change(struct proc *p, const struct msg_change *change)
{
	struct reconciler *r = proc_state(p);
	struct now now = proc_now(p);
	enum kind kind = (enum kind)change->kind;
	if (change->kind >= KIND_COUNT || !(KINDS_READ >> kind & 1) || change->name == NULL)
		return;
	r->prune |= change->gone || kind == KIND_CACHEDIMAGE;
	if (change->gone) {
		core_gone(r->core, kind, change->name, now);
		sets_gone(r->sets, kind, change->name, now);
		return;
	}
	struct err err;
	void *obj = arena_alloc(proc_arena(p), kinds[kind].size);
	if (obj_unpack(kinds[kind].desc, change->object.data, change->object.len, proc_arena(p),
		       obj, &err) < 0) {
		log_error("object from the watcher cannot be read, ignoring",
			  LS("kind", kinds[kind].kind), LS("name", change->name),
			  LS("error", err.text));
		return;
	}
	core_put(r->core, kind, obj, now);
	sets_put(r->sets, kind, obj, now);
}

static void caught_up(struct proc *p, int64_t fresh_ms)
{
	struct reconciler *r = proc_state(p);
	/*
	 * A watcher that was just started has not listed everything yet: what it does not
	 * name is not gone. Nor is a kind consistent before that.
	 */
	if (fresh_ms == 0)
		return;
	if (r->cursor.marked) {
		core_sweep(r->core, proc_now(p));
		sets_sweep(r->sets, proc_now(p));
		r->prune = true;
		r->cursor.marked = false;
	}
	session_read(&r->session, fresh_ms);
	proc_ready(p);
}

void on_changes(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	struct cursor *cursor = &r->cursor;
	cursor->asked = false;
	if (in->body == NULL) {
		cursor->demanded_ms = 0;
		cursor->ask_ms = 0;
		return;
	}
	const struct msg_changes *got = in->body;
	heard_lease(p, got->term, got->lease_until_ms, got->lease_said_us);
	if (got->reset) {
		metric_add(proc_metrics(p), METRIC_log_resets_total, 1, NULL);
		core_mark(r->core);
		sets_mark(r->sets);
		cursor->marked = true;
	}
	if (got->epoch != cursor->epoch)
		cursor->demanded_ms = 0;
	for (size_t i = 0; i < got->changes.n; i++)
		apply_change(p, &got->changes.at[i]);
	cursor->epoch = got->epoch;
	cursor->seq = got->next;
	cursor->ask_ms = got->more ? 0 : proc_now(p).boot_ms + READ_EVERY_MS;
	if (!got->more)
		caught_up(p, got->fresh_ms);
}

void feed_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct cursor *cursor = &r->cursor;
	int64_t now_ms = proc_now(p).boot_ms;
	bool demand = r->session.step == SESSION_READ && cursor->demanded_ms < r->session.demand_ms;
	if (cursor->asked || (!demand && now_ms < cursor->ask_ms))
		return;
	struct msg_changes_since ask = {
		.epoch = cursor->epoch,
		.seq = cursor->seq,
		.kinds = KINDS_READ,
		.max_bytes = READ_BYTES,
		.fresh_ms = demand ? r->session.demand_ms : 0,
	};
	struct err err;
	if (proc_request(p, PROC_WATCHER, MSG_changes_since, &ask, 0, now_ms + ANSWER_MS, &err) <
	    0) {
		cursor->ask_ms = now_ms + 100;
		return;
	}
	cursor->asked = true;
	if (demand)
		cursor->demanded_ms = r->session.demand_ms;
}

int64_t feed_next_ms(const struct reconciler *r)
{
	return r->cursor.asked ? CLOCK_NEVER : r->cursor.ask_ms;
}
