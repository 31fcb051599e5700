/*
 * Executes the writes of the core of sets and reports their results to it: children created,
 * patched and deleted, statuses patched. If the name of a create is taken, the object is read: our
 * own child is a success. Invariant: the result of every write is reported once, or all are dropped
 * when leadership is lost.
 */
#include "reconciler/reconciler.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/status_patch.h"
#include "kube/urls.h"

#include "reconciler/events/event_text.h"

/* Of the lane's KUBE_IN_FLIGHT_MAX: statuses of images never wait for children of sets. */
#define SET_WRITES_MAX 16

struct set_job { /* lives from the first request to the last answer */
	struct proc *p;
	struct arena mem;
	enum set_verb verb;
	const char *set, *name, *uid;
	const struct cachedimage *child; /* SET_CREATE */
	int64_t deadline_ms;
};

static void end(struct set_job *job, enum set_result result, uint64_t rv, const char *text)
{
	struct reconciler *r = proc_state(job->p);
	r->n_set_writes--;
	if (r->acting)
		measure_reconciled(job->p, KIND_CACHEDIMAGESET,
				   result == SET_DONE || result == SET_GONE);
	if (r->acting)
		sets_answered(r->sets, job->verb, job->name, job->uid, result, rv, text,
			      clock_now());
	struct arena mem = job->mem;
	free(job);
	arena_done(&mem);
}

static uint64_t answered_rv(struct set_job *job, const struct kube_answer *answer)
{
	struct cachedimage *object = arena_alloc(&job->mem, sizeof(*object));
	if (desc_decode(&cachedimage_desc, answer->body, answer->len, false, &job->mem, object,
			NULL) < 0)
		return 0;
	return object->meta.rv;
}

/* ---- what an answer means ---- */

static bool acting(const struct set_job *job)
{
	return ((const struct reconciler *)proc_state(job->p))->acting;
}

static void on_looked_at(void *ctx, const struct kube_answer *answer)
{
	struct set_job *job = ctx;
	struct cachedimage *found = arena_alloc(&job->mem, sizeof(*found));
	enum set_result result = SET_FAILED; /* also if it has gone meanwhile: create it again */
	if (answer->code == 200 && desc_decode(&cachedimage_desc, answer->body, answer->len, true,
					       &job->mem, found, NULL) == 0)
		result = sets_same_child(&job->mem, found, job->child)  ? SET_DONE
			 : sets_adoptable(&job->mem, found, job->child) ? SET_FAILED
									: SET_TAKEN;
	end(job, result, 0, NULL);
}

static void look_at(struct set_job *job)
{
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE,
		.path = url_named(&job->mem, KIND_CACHEDIMAGE, NULL, job->name),
		.deadline_ms = job->deadline_ms,
	};
	kube_send(((struct reconciler *)proc_state(job->p))->kube, &req, on_looked_at, job);
}

static enum set_result result_of(const struct set_job *job, int code)
{
	if (code == 200 || code == 201 || code == 202)
		return SET_DONE;
	if (job->verb == SET_DELETE && code == 404)
		return SET_DONE;
	/* The preconditions of an adoption are tests of a JSON patch: one that fails is 422. */
	if (job->verb == SET_ADOPT && code == 422)
		return SET_GONE;
	if (job->verb != SET_CREATE && (code == 404 || code == 409))
		return SET_GONE; /* or another object of that name: our uid differs */
	return code == 400 || code == 403 || code == 404 || code == 422 ? SET_REFUSED : SET_FAILED;
}

static const char *const done_texts[] = {
	[SET_CREATE] = "child of a set created",
	[SET_ADOPT] = "CachedImage with the label of a set adopted",
	[SET_PATCH] = "child of a set put right",
	[SET_DELETE] = "child of a set deleted",
};

static void on_answer(void *ctx, const struct kube_answer *answer)
{
	struct set_job *job = ctx;
	enum set_result result = result_of(job, answer->code);
	if (job->verb == SET_CREATE && answer->code == 409) {
		look_at(job);
		return;
	}
	if (result == SET_DONE && job->verb != SET_STATUS)
		log_info(done_texts[job->verb], LS("set", job->set), LS("image", job->name));
	else if (result != SET_DONE && result != SET_GONE && acting(job))
		LOG_AT(write_log_level(proc_state(job->p)),
		       "write for CachedImageSet failed, retrying", LS("set", job->set),
		       LS("object", job->name), LN("code", answer->code),
		       LS("error", answer->message));
	end(job, result, result == SET_DONE ? answered_rv(job, answer) : 0, answer->message);
}

/* ---- bodies ---- */

static void add_head(struct buf *body, const struct set_write *w)
{
	buf_adds(body, "{\"metadata\":{\"uid\":");
	buf_add_json(body, w->uid);
}

static void create_body(const struct set_write *w, struct buf *body)
{
	buf_addf(body, "{\"apiVersion\":\"%s/%s\",\"kind\":\"%s\",\"metadata\":", API_GROUP,
		 API_VERSION, kinds[KIND_CACHEDIMAGE].kind);
	desc_encode(&api_meta_desc, &w->child->meta, body);
	buf_adds(body, ",\"spec\":");
	desc_encode(&cachedimage_spec_desc, &w->child->spec, body);
	buf_adds(body, "}");
}

static void adopt_body(const struct set_write *w, struct buf *body)
{
	const struct api_meta owners = {.owners = w->child->meta.owners};
	struct buf meta = {0};
	desc_encode(&api_meta_desc, &owners, &meta); /* {"ownerReferences":[{...}]} */
	const char *list = strchr(meta.data, '[');
	int n = (int)(meta.len - (size_t)(list - meta.data) - 1);
	buf_adds(body, "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":");
	buf_add_json(body, w->uid);
	buf_addf(body,
		 "},{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"%" PRIu64
		 "\"},{\"op\":\"add\",\"path\":\"/metadata/ownerReferences",
		 w->rv);
	/* Without the brackets it is one element. */
	if (w->has_owners)
		buf_addf(body, "/-\",\"value\":%.*s}]", n - 2, list + 1);
	else
		buf_addf(body, "\",\"value\":%.*s}]", n, list);
	buf_done(&meta);
}

static void patch_body(const struct set_write *w, struct buf *body)
{
	struct buf spec = {0};
	add_head(body, w);
	buf_adds(body, ",\"labels\":{\"" SET_LABEL "\":");
	buf_add_json(body, api_map_get(&w->child->meta.labels, SET_LABEL));
	buf_adds(body, "}}");
	if (desc_diff(&cachedimage_spec_desc, &w->old->spec, &w->child->spec, &spec)) {
		buf_adds(body, ",\"spec\":");
		buf_add(body, spec.data, spec.len);
	}
	buf_adds(body, "}");
	buf_done(&spec);
}

static void delete_body(const struct set_write *w, struct buf *body)
{
	buf_adds(body, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
		       "\"preconditions\":{\"uid\":");
	buf_add_json(body, w->uid);
	buf_adds(body, "}}");
}

static const struct verb { /* how each write of a child is sent */
	enum kube_method method;
	void (*body)(const struct set_write *w, struct buf *body);
	const char *content_type;
} verbs[] = {
	[SET_CREATE] = {KUBE_POST, create_body, NULL},
	[SET_ADOPT] = {KUBE_PATCH, adopt_body, "application/json-patch+json"},
	[SET_PATCH] = {KUBE_PATCH, patch_body, "application/merge-patch+json"},
	[SET_DELETE] = {KUBE_DELETE, delete_body, NULL},
};

static char *path_of(struct arena *a, const struct set_write *w)
{
	if (w->verb == SET_CREATE)
		return url_list(a, KIND_CACHEDIMAGE, NULL);
	return url_named(a, KIND_CACHEDIMAGE, NULL, w->name);
}

static void send_child(struct reconciler *r, const struct set_write *w, struct set_job *job)
{
	struct buf body = {0};
	verbs[w->verb].body(w, &body);
	struct kube_request req = {
		.method = verbs[w->verb].method,
		.lane = KUBE_WRITE,
		.path = path_of(&job->mem, w),
		.body = body.data,
		.body_len = body.len,
		.content_type = verbs[w->verb].content_type,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = job->deadline_ms,
	};
	kube_send(r->kube, &req, on_answer, job);
	buf_done(&body);
}

static void send_status(struct reconciler *r, const struct set_write *w, struct set_job *job)
{
	const struct status_patch patch = {
		.kind = KIND_CACHEDIMAGESET,
		.name = w->name,
		.uid = w->uid,
		.new = w->status,
		.deadline_ms = job->deadline_ms,
	};
	kube_patch_status(r->kube, &patch, on_answer, job);
}

static void send_write(struct proc *p, const struct set_write *w)
{
	struct reconciler *r = proc_state(p);
	struct set_job *job = xcalloc(1, sizeof(*job));
	job->p = p;
	job->verb = w->verb;
	job->set = arena_strdup(&job->mem, w->set);
	job->name = arena_strdup(&job->mem, w->name);
	job->uid = arena_strdup(&job->mem, w->uid);
	job->deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms);
	if (w->verb == SET_CREATE)
		job->child = desc_clone(&cachedimage_desc, w->child, &job->mem);
	r->n_set_writes++;
	if (w->verb == SET_STATUS)
		send_status(r, w, job);
	else
		send_child(r, w, job);
}

int64_t set_writes_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct set_actions actions;
	if (!r->acting)
		return CLOCK_NEVER;
	size_t room = r->n_set_writes < SET_WRITES_MAX ? SET_WRITES_MAX - r->n_set_writes : 0;
	int64_t next = sets_turn(r->sets, proc_now(p), room, proc_arena(p), &actions);
	for (size_t i = 0; i < actions.n_facts; i++) {
		struct event_fact event = event_of_set(&actions.facts[i], proc_arena(p));
		log_warn("problem with CachedImageSet", LS("set", actions.facts[i].set),
			 LS("reason", event.reason), LS("message", event.note));
		events_tell(p, &event);
	}
	metric_add(proc_metrics(p), METRIC_events_dropped_total, (int64_t)actions.facts_dropped,
		   NULL);
	for (size_t i = 0; i < actions.n_writes; i++)
		send_write(p, &actions.writes[i]);
	return next;
}
