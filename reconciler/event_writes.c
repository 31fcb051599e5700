/*
 * Writes events to the API server, events.k8s.io/v1 in namespace default, and from the
 * first 403 on core/v1 ones (behaviour.md 22). A few at a time and never in anybody's
 * way: what cannot be written is dropped and counted. Only while we lead.
 */
#include "reconciler/reconciler.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"

#include "reconciler/event_text.h"

/* Events of objects without a namespace live here; the API server insists. */
#define EVENT_NAMESPACE "default"
#define EVENT_REPORTER  "drop"
/* On the wire at once. */
#define EVENT_WRITES_MAX 4
/* An event is worth no longer wait. */
#define EVENT_WRITE_MS 5000
/* Nobody lets us write events: asked again after this. */
#define EVENTS_OFF_MS (5 * 60 * 1000)

static const struct dialect { /* the two APIs for one thing */
	const char *path, *api_version, *object, *note, *reporter;
} dialects[] = {
	{"/apis/events.k8s.io/v1/namespaces/" EVENT_NAMESPACE "/events", "events.k8s.io/v1",
	 "regarding", "note", "reportingController"},
	{"/api/v1/namespaces/" EVENT_NAMESPACE "/events", "v1", "involvedObject", "message",
	 "reportingComponent"},
};

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
	log_warn("events may not be written, going on without", LS("error", answer->message));
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

/* ---- bodies ---- */

static void add_member(struct buf *body, const char *key, const char *value)
{
	buf_addf(body, ",\"%s\":", key);
	buf_add_json(body, value);
}

static void add_time(struct buf *body, const char *key, int64_t unix_s, bool micro)
{
	char text[TIME_TEXT_MAX];
	if (micro)
		time_format_us(text, unix_s * 1000000);
	else
		time_format(text, unix_s);
	buf_addf(body, ",\"%s\":\"%s\"", key, text);
}

static void add_count(const struct event_write *w, bool legacy, struct buf *body)
{
	if (legacy) {
		buf_addf(body, ",\"count\":%" PRId64, w->count);
		add_time(body, "lastTimestamp", w->last_s, false);
	} else if (w->count > 1) {
		buf_addf(body, ",\"series\":{\"count\":%" PRId64, w->count);
		add_time(body, "lastObservedTime", w->last_s, true);
		buf_adds(body, "}");
	}
}

static void create_body(const struct event_write *w, const struct dialect *d, bool legacy,
			struct buf *body)
{
	const struct kind_info *info = &kinds[w->fact.kind];
	char host[128] = EVENT_REPORTER;
	gethostname(host, sizeof(host) - 1);
	buf_addf(body,
		 "{\"apiVersion\":\"%s\",\"kind\":\"Event\",\"metadata\":{\"namespace\":\"%s\"",
		 d->api_version, EVENT_NAMESPACE);
	add_member(body, "name", w->name);
	buf_addf(body, "},\"%s\":{\"apiVersion\":\"%s/%s\"", d->object, info->group, info->version);
	add_member(body, "kind", info->kind);
	add_member(body, "name", w->fact.name);
	add_member(body, "uid", w->fact.uid);
	buf_adds(body, "}");
	add_member(body, "type", w->fact.warning ? "Warning" : "Normal");
	add_member(body, "reason", w->fact.reason);
	add_member(body, "action", EVENT_ACTION);
	add_member(body, d->note, w->fact.note);
	add_member(body, d->reporter, EVENT_REPORTER);
	add_member(body, "reportingInstance", host[0] != '\0' ? host : EVENT_REPORTER);
	if (legacy) {
		buf_adds(body, ",\"source\":{\"component\":\"" EVENT_REPORTER "\"}");
		add_time(body, "firstTimestamp", w->first_s, false);
	} else {
		add_time(body, "eventTime", w->first_s, true);
	}
	add_count(w, legacy, body);
	buf_adds(body, "}");
}

static void send_event(struct proc *p, const struct event_write *w)
{
	struct reconciler *r = proc_state(p);
	const struct dialect *d = &dialects[r->events_legacy];
	struct buf body = {0};
	int64_t now_ms = proc_now(p).boot_ms, until_ms = write_deadline(r, now_ms);
	struct event_job *job = xcalloc(1, sizeof(*job));
	*job = (struct event_job){p, xstrdup(w->name), w->repeat, r->events_legacy};
	if (w->repeat) {
		add_count(w, r->events_legacy, &body);
		body.data[0] = '{'; /* where its comma is */
		buf_adds(&body, "}");
	} else {
		create_body(w, d, r->events_legacy, &body);
	}
	struct kube_request req = {
		.method = w->repeat ? KUBE_PATCH : KUBE_POST,
		.lane = KUBE_WRITE,
		.path = w->repeat ? arena_printf(proc_arena(p), "%s/%s", d->path, w->name)
				  : d->path,
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
