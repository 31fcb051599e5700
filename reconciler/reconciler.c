/*
 * Glue of the reconciler: one turn is read, step, act. Invariant: the cores lead
 * exactly while TAKEOVER_LEAD is held, and what was in flight when it ended is fenced
 * off before anything else happens.
 */
#include "reconciler/reconciler.h"

#include <assert.h>

#include "base/log.h"
#include "reconciler/rules/startup.h"
#include "reconciler/rules/target.h"

#define ANNOUNCE_EVERY_MS 500
#define LEAVE_LOOK_MS     100

static_assert(offsetof(struct reconciler, options) == 0, "reconciler_option_defs fills it");

/* 45. Keys of other controllers are refused: removing their taints would start pods too early. */
static int check_startup(const struct reconciler_options *o, struct err *err)
{
	struct startup_keys keys = {o->startup_taint, o->tolerate_startup_taint};
	size_t number = 0;
	bool tolerate = false;
	enum startup_fault fault = startup_check(&keys, &number, &tolerate);
	const char *option = tolerate ? "--tolerate-startup-taint" : "--startup-taint";
	if (fault == STARTUP_NO_KEY)
		return err_set(err, ERR_TERMINAL,
			       "%s: entry %zu is not a taint key; want KEY, separated by commas",
			       option, number);
	if (fault == STARTUP_FOREIGN)
		return err_set(
			err, ERR_TERMINAL,
			"%s: entry %zu is a key of Kubernetes, an autoscaler, a network "
			"plugin or another controller, which alone may remove it; take a key "
			"of your own, or --tolerate-startup-taint",
			option, number);
	if (fault == STARTUP_TWICE)
		return err_set(err, ERR_TERMINAL, "%s: entry %zu is in --startup-taint, too",
			       option, number);
	if (o->startup_taint_deadline < STARTUP_DEADLINE_MIN_MS ||
	    o->startup_taint_deadline > STARTUP_DEADLINE_MAX_MS)
		return err_set(err, ERR_TERMINAL, "--startup-taint-deadline: want from 10s to 24h");
	if (o->startup_taint_deadline > STARTUP_DEADLINE_WARN_MS && o->startup_taint != NULL)
		log_warn(
			"startup-taint-deadline is over 14m: cluster-autoscaler counts a node that "
			"is not usable after 15m as failed");
	return 0;
}

int reconciler_init(struct proc *p, struct err *err)
{
	struct reconciler *r = proc_state(p);
	if (check_startup(&r->options, err) != 0)
		return -1;
	size_t bad = target_excluded_bad(r->options.excluded_node_taints);
	if (bad != 0)
		return err_set(err, ERR_TERMINAL,
			       "--excluded-node-taints: entry %zu is not a taint key; want KEY or "
			       "PREFIX*, separated by commas",
			       bad);
	r->kube = kube_new(proc_common(p)->kubeconfig, proc_user_agent(p), err);
	if (r->kube == NULL)
		return -1;
	kube_set_pace(r->kube, KUBE_PACE_MS);
	kube_observe(r->kube, proc_api_call, p);
	proc_set_wait(p, kube_wait, r->kube);
	r->feed.ops = &reconciler_feed;
	r->core = core_new();
	core_exclude_taints(r->core, r->options.excluded_node_taints);
	core_hold_nodes(r->core, r->options.startup_taint, r->options.tolerate_startup_taint,
			r->options.startup_taint_deadline);
	core_node_conditions(r->core, r->options.node_condition);
	core_allow_checks(r->core, r->options.registry_checks);
	r->sets = sets_new();
	r->events = events_new();
	return 0;
}

void on_puller_synced(struct proc *p, const struct msg_in *in)
{
	struct reconciler *r = proc_state(p);
	const struct msg_puller_synced *m = in->body;
	r->announcing = false;
	if (m != NULL)
		takeover_puller_synced(&r->takeover, m->session, m->at_ms);
}

static void announce(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	if (r->takeover.step != TAKEOVER_PULLER || r->announcing || now_ms < r->announce_ms)
		return;
	struct msg_puller_sync m = {.session = r->takeover.id};
	struct err err;
	r->announce_ms = now_ms + ANNOUNCE_EVERY_MS;
	/* The puller answers when what it has in flight is done: as long as a write may take. */
	r->announcing = proc_request(p, PROC_PULLER, MSG_puller_sync, &m, 0,
				     now_ms + REQUEST_MS + ANSWER_GRACE_MS, &err) == 0;
}

/* Lets the core lead exactly while TAKEOVER_LEAD is held. */
static void follow_session(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct now now = proc_now(p);
	takeover_tick(&r->takeover, now.boot_ms);
	bool may = r->takeover.step == TAKEOVER_LEAD && !proc_stopping(p);
	if (may == r->acting)
		return;
	if (proc_stopping(p))
		report_store_stopping(p);
	r->acting = may;
	log_info(may ? "leading" : "no longer leading",
		 LS("session", takeover_step_name(r->takeover.step)));
	if (!may) {
		apply_fence(r);
		starts_fence(r);
		if (!proc_stopping(p))
			report_store_fence(r);
	}
	core_lead(r->core, may, now);
	sets_lead(r->sets, may);
	if (!may)
		events_forget(r->events);
}

/* Both cores must know what was read in this turn. */
static void look_for_children(struct reconciler *r, struct now now)
{
	const struct reconciler_options *o = &r->options;
	if (o->startup_taint != NULL || o->tolerate_startup_taint != NULL || o->node_condition)
		core_gate_wait(r->core, sets_gate_pending(r->sets, now));
}

int64_t reconciler_turn(struct proc *p, struct now now)
{
	struct reconciler *r = proc_state(p);
	follow_session(p);
	if (proc_stopping(p)) {
		if (!report_store_leave(p))
			return now.boot_ms + LEAVE_LOOK_MS;
		proc_stop(p, PROC_EXIT_OK);
		return now.boot_ms;
	}
	announce(p);
	read_turn(p);
	look_for_children(r, now);
	int64_t next = apply_turn(p), sets_ms = set_writes_turn(p);
	int64_t events_ms = event_writes_turn(p), starts_ms = starts_turn(p);
	int64_t report_ms = report_store_turn(p);
	if (sets_ms < next)
		next = sets_ms;
	if (events_ms < next)
		next = events_ms;
	if (starts_ms < next)
		next = starts_ms;
	if (report_ms < next)
		next = report_ms;
	if (feed_next_ms(&r->feed) < next)
		next = feed_next_ms(&r->feed);
	if (r->takeover.step == TAKEOVER_PULLER && !r->announcing && r->announce_ms < next)
		next = r->announce_ms;
	if (r->takeover.step != TAKEOVER_STANDBY && r->takeover.lease.until_ms < next)
		next = r->takeover.lease.until_ms;
	return next;
}

void reconciler_done(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	r->acting = false;
	report_store_fence(r);
	kube_free(r->kube);
	registry_checks_fence(r);
	node_opens_fence(r);
	node_says_fence(r);
	core_free(r->core);
	zones_done(r);
	sets_free(r->sets);
	events_free(r->events);
	gate_metrics_done(r);
	tally_done(&r->tally);
}
