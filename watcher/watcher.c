/*
 * Connects the parts of the watcher: lists start when a process requests them, the doorbell is
 * published after a change, the lease is released at shutdown. Invariant: the lease state in a
 * message is that of the elector in the same turn.
 */
#include "watcher/watcher.h"

#include <assert.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"

/*
 * The lists wait this long for the first reader, whose demand for a read that began
 * after its own start would otherwise have everything listed twice.
 */
#define FIRST_READER_MS 300
/* Everybody hears of us at least this often. */
#define RING_EVERY_MS 2000
/*
 * Between two rings for changes of objects: a burst of pod events is then read in few
 * answers. A tenth of what a pull takes to be noticed anyway.
 */
#define RING_GAP_MS 10

static_assert(offsetof(struct watcher, options) == 0, "watcher_option_defs fills it");

static const char *identity(const struct watcher *w, struct arena *a)
{
	if (w->options.identity != NULL && w->options.identity[0] != '\0')
		return w->options.identity;
	const char *given = getenv("DROP_IDENTITY");
	if (given != NULL && given[0] != '\0')
		return given;
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	return arena_printf(a, "%s_%016llx", host, (unsigned long long)random_id());
}

static void on_lease(void *ctx)
{
	struct watcher *w = ctx;
	w->lease_moved = true;
}

static void on_lease_trouble(void *ctx, const struct err *err)
{
	(void)ctx;
	log_warn("lease cannot be acquired or renewed, retrying", LS("error", err->text));
}

int watcher_init(struct proc *p, struct err *err)
{
	struct watcher *w = proc_state(p);
	const struct proc_common *common = proc_common(p);
	w->kube = kube_new(common->kubeconfig, proc_user_agent(p), err);
	if (w->kube == NULL)
		return -1;
	kube_set_pace(w->kube, KUBE_PACE_MS);
	kube_observe(w->kube, proc_api_call, p);
	proc_set_wait(p, kube_wait, w->kube);
	w->store = store_new(random_id());
	w->views = views_new(w->kube, w->store, common->pod_namespace, proc_metrics(p));
	w->usage = usage_feed_new(&(struct usage_feed_config){
		.kube = w->kube,
		.store = w->store,
		.views = w->views,
		.pod_namespace = common->pod_namespace,
		.options = &w->options,
	});
	struct elector_config config = {
		.ns = common->pod_namespace,
		.identity = identity(w, proc_arena(p)),
		.enabled = w->options.leader_elect,
		.trouble = on_lease_trouble,
	};
	w->elector = elector_new(w->kube, &config, on_lease, w);
	w->started_ms = clock_boot_ms();
	log_info("watching", LS("server", kube_server(w->kube)), LS("identity", config.identity));
	return 0;
}

static bool leads(const struct watcher *w, int64_t now_ms)
{
	return elector_term(w->elector) != 0 && now_ms < elector_until_ms(w->elector);
}

/* Why nobody here may write, for people; NULL: nothing is wrong. */
static const char *lease_trouble(const struct watcher *w, int64_t now_ms)
{
	return elector_trouble(w->elector, now_ms) != LEASE_FINE ? elector_trouble_text(w->elector)
								 : NULL;
}

static void note_lease(struct proc *p, struct watcher *w, int64_t now_ms)
{
	bool led = w->led;
	w->led = leads(w, now_ms);
	if (led != w->led)
		metric_add(proc_metrics(p), METRIC_lease_transitions_total, 1,
			   LABELS(w->led ? "held" : "lost"));
}

void watcher_collect(struct proc *p)
{
	struct watcher *w = proc_state(p);
	struct metrics *m = proc_metrics(p);
	metric_set(m, METRIC_lease_held, leads(w, clock_boot_ms()), NULL);
	metric_set(m, METRIC_lease_known, elector_known(w->elector), NULL);
	enum lease_trouble trouble = elector_trouble(w->elector, clock_boot_ms());
	for (int t = LEASE_FINE + 1; t < LEASE_TROUBLES; t++)
		metric_set(m, METRIC_lease_trouble, trouble == (enum lease_trouble)t,
			   LABELS(lease_trouble_name((enum lease_trouble)t)));
	metric_set(m, METRIC_objects_unreadable_total, (int64_t)views_bad_objects(w->views), NULL);
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (!(views_kinds() >> kind & 1))
			continue;
		metric_set(m, METRIC_objects, (int64_t)store_count(w->store, (enum kind)kind),
			   LABELS(kinds[kind].kind));
		metric_set(m, METRIC_objects_left_out,
			   (int64_t)quota_count(views_quota(w->views), (enum kind)kind),
			   LABELS(kinds[kind].kind));
	}
	usage_feed_collect(w->usage, m);
	kube_stats(w->kube, proc_api_counter, p);
}

/* When the next ring is due: at once for the lease, after a gap for changes. */
static int64_t ring_due_ms(const struct watcher *w, int64_t fresh_ms)
{
	if (w->lease_moved || w->rung_fresh_ms != fresh_ms)
		return 0;
	if (w->rung_head != store_head(w->store))
		return w->rung_ms + RING_GAP_MS;
	return w->rung_ms + RING_EVERY_MS;
}

/* Rings if it is due; returns when it will be. */
static int64_t ring(struct proc *p, struct watcher *w, int64_t now_ms)
{
	int64_t fresh_ms = views_fresh_ms(w->views, views_kinds());
	if (now_ms < ring_due_ms(w, fresh_ms))
		return ring_due_ms(w, fresh_ms);
	struct msg_doorbell bell = {
		.epoch = store_epoch(w->store),
		.head = store_head(w->store),
		.term = leads(w, now_ms) ? elector_term(w->elector) : 0,
		.lease_until_ms = elector_until_ms(w->elector),
		.lease_said_us = clock_boot_us(),
		.fresh_ms = fresh_ms,
		.lease_trouble = lease_trouble(w, now_ms),
	};
	proc_publish(p, MSG_doorbell, &bell);
	w->lease_moved = false;
	w->rung_head = bell.head;
	w->rung_fresh_ms = fresh_ms;
	w->rung_ms = now_ms;
	return ring_due_ms(w, fresh_ms);
}

int64_t watcher_turn(struct proc *p, struct now now)
{
	struct watcher *w = proc_state(p);
	if (proc_stopping(p))
		elector_release(w->elector);
	int64_t next = elector_turn(w->elector, now.boot_ms);
	if (proc_stopping(p) && elector_released(w->elector))
		proc_stop(p, PROC_EXIT_OK);
	if (now.boot_ms >= w->started_ms + FIRST_READER_MS)
		views_start(w->views);
	else if (w->started_ms + FIRST_READER_MS < next)
		next = w->started_ms + FIRST_READER_MS;
	if (views_fresh_ms(w->views, views_kinds()) != 0)
		proc_ready(p);
	note_lease(p, w, now.boot_ms);
	if (leads(w, now.boot_ms))
		left_out_turn(w, elector_until_ms(w->elector));
	int64_t views_ms = views_turn(w->views, now.boot_ms);
	if (views_ms < next)
		next = views_ms;
	int64_t usage_ms = usage_feed_turn(w->usage, now);
	if (usage_ms < next)
		next = usage_ms;
	int64_t ring_ms = ring(p, w, now.boot_ms);
	return next < ring_ms ? next : ring_ms;
}

void watcher_on_changes_since(struct proc *p, const struct msg_in *in)
{
	struct watcher *w = proc_state(p);
	const struct msg_changes_since *ask = in->body;
	uint64_t mask = ask->kinds & views_kinds();
	if (ask->fresh_ms != 0) {
		views_start(w->views);
		views_refresh(w->views, mask, ask->fresh_ms);
	}
	struct msg_changes answer = {
		.term = leads(w, proc_now(p).boot_ms) ? elector_term(w->elector) : 0,
		.lease_until_ms = elector_until_ms(w->elector),
		.lease_said_us = clock_boot_us(),
		.fresh_ms = views_fresh_ms(w->views, mask),
		.lease_trouble = lease_trouble(w, proc_now(p).boot_ms),
	};
	store_read(w->store, ask, proc_arena(p), &answer);
	struct err err;
	if (proc_reply(p, &in->reply_to, MSG_changes, &answer, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void watcher_on_usage_get(struct proc *p, const struct msg_in *in)
{
	struct watcher *w = proc_state(p);
	struct msg_usage answer;
	struct err err;
	usage_feed_read(w->usage, in->body, proc_now(p), &answer);
	if (proc_reply(p, &in->reply_to, MSG_usage, &answer, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void watcher_on_starts_since(struct proc *p, const struct msg_in *in)
{
	struct watcher *w = proc_state(p);
	struct msg_starts answer;
	struct err err;
	usage_feed_starts(w->usage, in->body, proc_arena(p), &answer);
	if (proc_reply(p, &in->reply_to, MSG_starts, &answer, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void watcher_done(struct proc *p)
{
	struct watcher *w = proc_state(p);
	usage_feed_free(w->usage);
	views_free(w->views);
	elector_free(w->elector);
	store_free(w->store);
	kube_free(w->kube);
}
