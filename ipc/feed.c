/* See feed.h. */
#include "ipc/feed.h"

#include "base/log.h"
#include "ipc/objpack.h"

/* Maximum bytes of one answer, so that one turn is bounded. */
#define READ_BYTES (256 * 1024)
/* Without a doorbell we ask this often. */
#define READ_EVERY_MS 5000
#define ANSWER_MS     5000
/*
 * While an answer is less fresh than was demanded: the doorbell tells the freshness of all kinds
 * together, and only those that are read here may have been listed again. Doubles.
 */
#define READ_AGAIN_MS 100

static void heard_lease(struct proc *p, struct feed *f, uint64_t term, int64_t until_ms,
			int64_t said_us, const char *trouble)
{
	snprintf(f->lease_trouble, sizeof(f->lease_trouble), "%s", trouble != NULL ? trouble : "");
	f->ops->lease(p, said_us, term, until_ms);
}

void feed_doorbell(struct proc *p, struct feed *f, const struct msg_in *in, int64_t demand_ms)
{
	const struct msg_doorbell *bell = in->body;
	heard_lease(p, f, bell->term, bell->lease_until_ms, bell->lease_said_us,
		    bell->lease_trouble);
	if (demand_ms != 0 && bell->fresh_ms >= demand_ms)
		f->ask_ms = 0;
	else if ((bell->epoch != f->epoch || bell->head > f->seq) &&
		 f->asked_ms + f->ops->gap_ms < f->ask_ms)
		f->ask_ms = f->asked_ms + f->ops->gap_ms;
}

static uint64_t kinds_read(const struct feed *f)
{
	return f->ops->kinds | f->more_kinds;
}

static void apply_change(struct proc *p, struct feed *f, const struct msg_change *change)
{
	enum kind kind = (enum kind)change->kind;
	if (change->kind >= KIND_COUNT || !(kinds_read(f) >> kind & 1) || change->name == NULL)
		return;
	if (change->gone) {
		f->ops->gone(p, kind, change->name);
		return;
	}
	struct err err;
	void *obj = arena_alloc(proc_arena(p), kinds[kind].size);
	if (obj_unpack(kinds[kind].desc, change->object.data, change->object.len, proc_arena(p),
		       obj, &err) < 0) {
		log_error("object from the watcher cannot be decoded, ignoring",
			  LS("kind", kinds[kind].kind), LS("name", change->name),
			  LS("error", err.text));
		return;
	}
	f->ops->put(p, kind, obj);
}

static void caught_up(struct proc *p, struct feed *f, int64_t fresh_ms)
{
	/*
	 * A watcher that was just started has not listed everything yet: what it does not
	 * name is not gone. Nor is a kind consistent before that.
	 */
	if (fresh_ms == 0)
		return;
	if (f->marked) {
		f->ops->sweep(p);
		f->marked = false;
	}
	f->ops->caught_up(p, fresh_ms);
}

/* Until the next question, if no doorbell rings. */
static int64_t wait_ms(struct feed *f, int64_t fresh_ms)
{
	if (f->demanded_ms == 0 || fresh_ms >= f->demanded_ms) {
		f->again_ms = 0;
		return READ_EVERY_MS;
	}
	f->again_ms = f->again_ms == 0 ? READ_AGAIN_MS : 2 * f->again_ms;
	if (f->again_ms > READ_EVERY_MS)
		f->again_ms = READ_EVERY_MS;
	return f->again_ms;
}

void feed_changes(struct proc *p, struct feed *f, const struct msg_in *in)
{
	f->asked = false;
	if (in->body == NULL) {
		f->demanded_ms = 0;
		f->ask_ms = 0;
		return;
	}
	const struct msg_changes *got = in->body;
	heard_lease(p, f, got->term, got->lease_until_ms, got->lease_said_us, got->lease_trouble);
	if (got->reset) {
		metric_add(proc_metrics(p), METRIC_log_resets_total, 1, NULL);
		f->ops->mark(p);
		f->marked = true;
	}
	if (got->epoch != f->epoch)
		f->demanded_ms = 0;
	for (size_t i = 0; i < got->changes.n; i++)
		apply_change(p, f, &got->changes.at[i]);
	f->epoch = got->epoch;
	f->seq = got->next;
	f->ask_ms = got->more ? 0 : proc_now(p).boot_ms + wait_ms(f, got->fresh_ms);
	if (!got->more)
		caught_up(p, f, got->fresh_ms);
}

void feed_turn(struct proc *p, struct feed *f, int64_t demand_ms)
{
	int64_t now_ms = proc_now(p).boot_ms;
	bool demand = f->demanded_ms < demand_ms;
	if (f->asked || (!demand && now_ms < f->ask_ms))
		return;
	struct msg_changes_since ask = {
		.epoch = f->epoch,
		.seq = f->seq,
		.kinds = kinds_read(f),
		.max_bytes = READ_BYTES,
		.fresh_ms = demand ? demand_ms : 0,
	};
	struct err err;
	if (proc_request(p, PROC_WATCHER, MSG_changes_since, &ask, 0, now_ms + ANSWER_MS, &err) <
	    0) {
		f->ask_ms = now_ms + 100;
		return;
	}
	f->asked = true;
	f->asked_ms = now_ms;
	if (demand)
		f->demanded_ms = demand_ms;
}

bool feed_follow(struct feed *f, uint64_t more_kinds)
{
	if (f->asked)
		return false;
	f->more_kinds = more_kinds;
	f->epoch = f->seq = 0;
	f->ask_ms = 0;
	return true;
}

int64_t feed_next_ms(const struct feed *f)
{
	return f->asked ? CLOCK_NEVER : f->ask_ms;
}
