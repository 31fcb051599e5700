/*
 * Writes events to the API server, events.k8s.io/v1 in namespace default, and from the
 * first 403 on core/v1 ones (behaviour.md 22). A few at a time and never in anybody's
 * way: what cannot be written is dropped and counted. Only while we lead.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kube/event.h"

#include "reconciler/events/event_text.h"

/* On the wire at once. */
#define EVENT_WRITES_MAX 4
/* An event is worth no longer wait. */
#define EVENT_WRITE_MS 5000
/* Nobody lets us write events: asked again after this. */
#define EVENTS_OFF_MS (5 * 60 * 1000)

struct event_job { /* lives from kube_send to its answer */
	struct proc *p;
	char *name;
	bool repeat, legacy;
};

void events_tell(struct proc *p, const struct event_fact *fact)
{
	struct reconciler *r = proc_state(p);
	if (proc_now(p).boot_ms < r->events_off_ms)
		metric_add(proc_metrics(p), METRIC_events_dropped_total, 1, NULL);
	else
		events_add(r->events, fact, proc_now(p));
}

/* ---- answers ---- */

static enum event_result refused(struct reconciler *r, const struct event_job *job,
				 const struct kube_answer *answer)
{
	if (answer->code != 403)
		return EVENT_REFUSED;
	if (!job->legacy) {
		r->events_legacy = true;
		return EVENT_FAILED;
	}
	log_warn("no permission to write events, continuing without", LS("error", answer->message));
	r->events_off_ms = clock_boot_ms() + EVENTS_OFF_MS;
	return EVENT_REFUSED;
}

static enum event_result result_of(struct reconciler *r, const struct event_job *job,
				   const struct kube_answer *answer)
{
	int code = answer->code;
	if (code == 200 || code == 201 || (code == 409 && !job->repeat))
		return EVENT_WRITTEN;
	if (code == 404 && job->repeat)
		return EVENT_GONE;
	if (code == 0 || code == 409 || code == 429 || code >= 500)
		return EVENT_FAILED;
	return refused(r, job, answer);
}

static void on_answer(void *ctx, const struct kube_answer *answer)
{
	struct event_job *job = ctx;
	struct reconciler *r = proc_state(job->p);
	enum event_result result = result_of(r, job, answer);
	r->n_event_writes--;
	if (result == EVENT_WRITTEN)
		metric_add(proc_metrics(job->p), METRIC_events_written_total, 1, NULL);
	else
		log_debug("event not written", LS("event", job->name), LN("code", answer->code),
			  LS("error", answer->message));
	if (r->acting)
		events_answered(r->events, job->name, result, clock_now());
	free(job->name);
	free(job);
}

static void send_event(struct proc *p, const struct event_write *w)
{
	struct reconciler *r = proc_state(p);
	const char *path = event_path(r->events_legacy);
	struct event event = {
		.name = w->name,
		.kind = w->fact.kind,
		.object = w->fact.name,
		.uid = w->fact.uid,
		.warning = w->fact.warning,
		.reason = w->fact.reason,
		.action = EVENT_ACTION,
		.note = w->fact.note,
		.count = w->count,
		.first_s = w->first_s,
		.last_s = w->last_s,
	};
	struct buf body = {0};
	int64_t now_ms = proc_now(p).boot_ms, until_ms = takeover_deadline(&r->takeover, now_ms);
	struct event_job *job = xcalloc(1, sizeof(*job));
	*job = (struct event_job){p, xstrdup(w->name), w->repeat, r->events_legacy};
	(w->repeat ? event_count_body : event_body)(&event, r->events_legacy, &body);
	struct kube_request req = {
		.method = w->repeat ? KUBE_PATCH : KUBE_POST,
		.lane = KUBE_WRITE,
		.path = w->repeat ? arena_printf(proc_arena(p), "%s/%s", path, w->name) : path,
		.body = body.data,
		.body_len = body.len,
		.content_type = w->repeat ? "application/merge-patch+json" : NULL,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms =
			until_ms < now_ms + EVENT_WRITE_MS ? until_ms : now_ms + EVENT_WRITE_MS,
		.once = true,
	};
	r->n_event_writes++;
	kube_send(r->kube, &req, on_answer, job);
	buf_done(&body);
}

int64_t event_writes_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct event_actions actions;
	if (!r->acting)
		return CLOCK_NEVER;
	size_t room =
		r->n_event_writes < EVENT_WRITES_MAX ? EVENT_WRITES_MAX - r->n_event_writes : 0;
	int64_t next = events_turn(r->events, proc_now(p), room, proc_arena(p), &actions);
	for (size_t i = 0; i < actions.n_writes; i++)
		send_event(p, &actions.writes[i]);
	uint64_t dropped = events_dropped(r->events);
	if (dropped != r->events_dropped)
		metric_add(proc_metrics(p), METRIC_events_dropped_total,
			   (int64_t)(dropped - r->events_dropped), NULL);
	r->events_dropped = dropped;
	return next;
}
