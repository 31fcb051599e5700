/*
 * Lease, session, start and end of the puller. Invariant: the write connections are closed in
 * the same turn in which the right to write ends, before anything else is done.
 */
#include "puller/puller.h"

#include <assert.h>
#include <stddef.h>

#include "base/log.h"

/* How long the watcher may take to answer. */
#define ASK_TIMEOUT_MS 2000
/* When it is not connected; its coming begins a turn earlier than that. */
#define ASK_AGAIN_MS 500

static_assert(offsetof(struct puller, options) == 0, "puller_option_defs fills it");

int puller_init(struct proc *p, struct err *err)
{
	struct puller *pl = proc_state(p);
	if (pod_shape_read(&pl->options, &pl->mem, &pl->shape, err) != 0)
		return -1;
	pl->kube = kube_new(proc_common(p)->kubeconfig, proc_user_agent(p), err);
	if (pl->kube == NULL)
		return -1;
	kube_set_pace(pl->kube, KUBE_PACE_MS);
	kube_observe(pl->kube, proc_api_call, p);
	proc_set_wait(p, kube_wait, pl->kube);
	return 0;
}

static void fence(struct puller *pl)
{
	kube_close_lane(pl->kube, KUBE_WRITE);
}

static void say_leads(struct puller *pl, int64_t now_ms)
{
	bool leads = leader_may_write(&pl->session.lease, now_ms);
	if (leads == pl->leads)
		return;
	pl->leads = leads;
	log_info(leads ? "leading, writes enabled" : "not leading, writes disabled",
		 LN("term", pl->session.lease.term));
}

/* ---- the watcher ---- */

static void heard(struct proc *p, int64_t said_us, uint64_t term, int64_t until_ms)
{
	struct puller *pl = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	pl->session.heard_ms = now_ms;
	if (leader_heard(&pl->session.lease, said_us, term, until_ms, now_ms) == LEADER_ENDED)
		fence(pl);
	say_leads(pl, now_ms);
	proc_ready(p); /* leading or standing by: we know which */
}

void on_doorbell(struct proc *p, const struct msg_in *in)
{
	const struct msg_doorbell *m = in->body;
	heard(p, m->lease_said_us, m->term, m->lease_until_ms);
}

void on_changes(struct proc *p, const struct msg_in *in)
{
	struct puller *pl = proc_state(p);
	const struct msg_changes *m = in->body;
	pl->lease_asked = false;
	if (m != NULL)
		heard(p, m->lease_said_us, m->term, m->lease_until_ms);
}

/*
 * Doorbells may be lost; after LEASE_ASK_MS without one we ask, for no kind of object.
 * Returns when to come back.
 */
static int64_t ask_lease(struct proc *p, int64_t now_ms)
{
	struct puller *pl = proc_state(p);
	int64_t due_ms = pl->session.heard_ms + LEASE_ASK_MS;
	if (pl->lease_asked)
		return pl->lease_asked_ms + ASK_TIMEOUT_MS;
	if (now_ms < due_ms)
		return due_ms;
	struct msg_changes_since ask = {0};
	struct err err;
	if (proc_request(p, PROC_WATCHER, MSG_changes_since, &ask, 0, now_ms + ASK_TIMEOUT_MS,
			 &err) < 0)
		return now_ms + ASK_AGAIN_MS;
	pl->lease_asked = true;
	pl->lease_asked_ms = now_ms;
	return now_ms + ASK_TIMEOUT_MS;
}

/* ---- the reconciler's session ---- */

/* Older writes are never cut off: whether they happened would be unknown. */
static void answer_sync(struct proc *p)
{
	struct puller *pl = proc_state(p);
	if (!pl->sync_asked || !writes_only_of(&pl->writes, pl->session.id) ||
	    !node_jobs_only_of(&pl->node_jobs, pl->session.id))
		return;
	struct msg_puller_synced m = {.session = pl->session.id, .at_ms = clock_boot_ms()};
	struct err err;
	pl->sync_asked = false;
	if (proc_reply(p, &pl->sync_to, MSG_puller_synced, &m, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void on_puller_sync(struct proc *p, const struct msg_in *in)
{
	struct puller *pl = proc_state(p);
	const struct msg_puller_sync *m = in->body;
	if (pl->session.id != m->session)
		log_info("new session accepted",
			 LN("in_flight", !writes_idle(&pl->writes) || pl->node_jobs.n != 0));
	pl->session.id = m->session;
	pl->sync_to = in->reply_to;
	pl->sync_asked = true;
	pull_drop_strangers(p);
	answer_sync(p);
}

/* ---- life ---- */

int64_t puller_turn(struct proc *p, struct now now)
{
	struct puller *pl = proc_state(p);
	if (leader_lapsed(&pl->session.lease, now.boot_ms))
		fence(pl);
	say_leads(pl, now.boot_ms);
	if (proc_stopping(p)) {
		/* What is on the wire ends by its own deadline; nothing new is sent. */
		pull_drop_waiting(p);
		if (writes_idle(&pl->writes) && pl->node_jobs.n == 0)
			proc_stop(p, PROC_EXIT_OK);
		return CLOCK_NEVER;
	}
	answer_sync(p);
	int64_t ask_ms = ask_lease(p, now.boot_ms);
	bool lease_ends_first = pl->session.lease.term != 0 && pl->session.lease.until_ms < ask_ms;
	return lease_ends_first ? pl->session.lease.until_ms : ask_ms;
}

void puller_collect(struct proc *p)
{
	struct puller *pl = proc_state(p);
	kube_stats(pl->kube, proc_api_counter, p);
}

void puller_done(struct proc *p)
{
	struct puller *pl = proc_state(p);
	kube_free(pl->kube);
	writes_done(&pl->writes);
	arena_done(&pl->mem);
}
