/*
 * Turns requests of the reconciler into writes to the API server, and their results into answers.
 * Invariant: each request is answered exactly once, and nothing is sent that the session does not
 * admit at the time of sending.
 */
#include "puller/puller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#include "api/pullpod.h"
#include "kube/urls.h"

#include "puller/podspec.h"

/* Bytes of the API server's message that are passed on; status texts are shorter. */
#define TEXT_MAX 1024

struct outcome {                 /* the answer to the reconciler, for either kind of write */
	enum pull_result result; /* WRITE_START */
	bool done;               /* WRITE_DELETE */
	int code;
	const char *text;
};

struct sent { /* lives from kube_send() to its answer */
	struct proc *p;
	struct write *write;
};

/* ---- answers ---- */

static void answer(struct proc *p, const struct reply_to *to, enum write_kind kind,
		   const char *pod_name, const struct outcome *o)
{
	struct msg_pull_started started = {.pod_name = pod_name,
					   .result = o->result,
					   .code = (uint64_t)o->code,
					   .text = o->text};
	struct msg_pod_deleted deleted = {.pod_name = pod_name, .done = o->done, .text = o->text};
	struct err err;
	int rc = kind == WRITE_START ? proc_reply(p, to, MSG_pull_started, &started, &err)
				     : proc_reply(p, to, MSG_pod_deleted, &deleted, &err);
	if (rc < 0) /* a reconciler that is gone reads the pods again when it is back */
		log_debug("answer not sent, ignoring", LS("pod", pod_name), LS("error", err.text));
}

static void send_write(struct proc *p, struct write *w);

/* Answers w and all that joined it; what waited behind it goes on. */
static void end_write(struct proc *p, struct write *w, const struct outcome *o)
{
	struct puller *pl = proc_state(p);
	for (const struct write *each = w; each != NULL; each = each->next)
		answer(p, &each->reply_to, each->kind, each->pod_name, o);
	struct write *next = writes_end(&pl->writes, w);
	if (next != NULL)
		send_write(p, next);
}

static struct outcome refusal(enum admission v)
{
	/* Without the lease it may be asked again as it is; else the sender's view is outdated. */
	return (struct outcome){
		.result = v == ADMIT_NO_LEASE ? PULL_FAILED : PULL_DROPPED,
		.text = admission_text(v),
	};
}

static enum admission admit(const struct session *s, enum write_kind kind, uint64_t session,
			    int64_t valid_until_ms)
{
	int64_t now_ms = clock_boot_ms();
	return kind == WRITE_START ? session_start(s, session, valid_until_ms, now_ms)
				   : session_delete(s, session, valid_until_ms, now_ms);
}

/* ---- what the API server said ---- */

static bool is_2xx(int code)
{
	return code >= 200 && code < 300;
}

static enum pull_result start_result(const struct kube_answer *a)
{
	if (is_2xx(a->code))
		return PULL_CREATED;
	switch (a->code) {
	case 409:
		return strcmp(a->reason, "AlreadyExists") == 0 ? PULL_EXISTS : PULL_FAILED;
	case 400: /* behaviour.md 9, PodRejected: asking again would not help */
	case 403:
	case 404:
	case 413:
	case 422:
		return PULL_REFUSED;
	default:
		return PULL_FAILED;
	}
}

/* behaviour.md 10: 404 and 409 (our uid is gone) mean done. */
static bool delete_done(int code)
{
	return is_2xx(code) || code == 404 || code == 409;
}

static void count(struct proc *p, enum write_kind kind, const struct outcome *o)
{
	static const char *const creates[] = {
		[PULL_CREATED] = "created", [PULL_EXISTS] = "existed", [PULL_REFUSED] = "refused",
		[PULL_FAILED] = "failed",   [PULL_DROPPED] = "failed",
	};
	if (kind == WRITE_START)
		metric_add(proc_metrics(p), METRIC_pod_creates_total, 1,
			   LABELS(creates[o->result]));
	else
		metric_add(proc_metrics(p), METRIC_pod_deletes_total, 1,
			   LABELS(o->done ? "deleted" : "failed"));
}

static void on_written(void *ctx, const struct kube_answer *a)
{
	struct sent sent = *(struct sent *)ctx;
	free(ctx);
	struct write *w = sent.write;
	char text[TEXT_MAX + 1];
	snprintf(text, sizeof(text), "%.*s", (int)utf8_cut(a->message, TEXT_MAX), a->message);
	struct outcome o = {.result = start_result(a),
			    .done = delete_done(a->code),
			    .code = a->code,
			    .text = is_2xx(a->code) ? NULL : text};
	count(sent.p, w->kind, &o);
	log_debug(w->kind == WRITE_START ? "pod create" : "pod delete", LS("pod", w->pod_name),
		  LN("code", a->code), LN("attempts", a->attempts), LS("text", o.text));
	end_write(sent.p, w, &o);
}

/* ---- requests ---- */

static void send_write(struct proc *p, struct write *w)
{
	struct puller *pl = proc_state(p);
	enum admission v = admit(&pl->session, w->kind, w->session, w->valid_until_ms);
	if (v != ADMIT_OK) {
		struct outcome o = refusal(v);
		end_write(p, w, &o);
		return;
	}
	bool start = w->kind == WRITE_START;
	const char *ns = proc_common(p)->pod_namespace;
	struct arena *a = proc_arena(p);
	struct kube_request req = {
		.method = start ? KUBE_POST : KUBE_DELETE,
		.lane = KUBE_WRITE,
		.path = start ? url_list(a, KIND_POD, ns) : url_named(a, KIND_POD, ns, w->pod_name),
		.body = w->body,
		.body_len = w->body_len,
		.accept = KUBE_ACCEPT_META,
		.bare = true,
		.deadline_ms = leader_deadline(&pl->session.lease, w->valid_until_ms),
	};
	struct sent *sent = xcalloc(1, sizeof(*sent));
	*sent = (struct sent){.p = p, .write = w};
	kube_send(pl->kube, &req, on_written, sent);
	write_sent(w);
}

/* A cut name would be another pod's. */
static bool name_fits(const char *name)
{
	return name != NULL && name[0] != '\0' && strlen(name) < POD_NAME_SIZE;
}

/* Takes the request over, and body with it. NULL, or why not. */
static const char *take(struct proc *p, const struct write *request, struct buf *body)
{
	struct puller *pl = proc_state(p);
	struct write w = *request;
	w.body = body->data;
	w.body_len = body->len;
	struct write *taken = writes_add(&pl->writes, &w);
	if (taken == NULL)
		return "too many requests";
	*body = (struct buf){0};
	if (taken->state == WRITE_GOING)
		send_write(p, taken);
	return NULL;
}

/* Refuses at once what the session does not allow; else takes it. fault: what is wrong with it. */
static void request(struct proc *p, const struct msg_in *in, struct write *w, const char *pod_name,
		    const char *fault, struct buf *body)
{
	struct puller *pl = proc_state(p);
	enum admission v = admit(&pl->session, w->kind, w->session, w->valid_until_ms);
	struct outcome o = {.result = PULL_FAILED};
	w->reply_to = in->reply_to;
	snprintf(w->pod_name, sizeof(w->pod_name), "%s", pod_name != NULL ? pod_name : "");
	if (v != ADMIT_OK) {
		o = refusal(v);
		metric_add(proc_metrics(p), METRIC_pod_requests_dropped_total, 1, NULL);
	} else if (fault != NULL) {
		o.text = fault;
	} else if (proc_stopping(p)) {
		o.text = "the puller stops";
	} else {
		o.text = take(p, w, body);
		if (o.text == NULL)
			return;
	}
	buf_done(body);
	answer(p, &in->reply_to, w->kind, w->pod_name, &o);
}

void on_pull_start(struct proc *p, const struct msg_in *in)
{
	struct puller *pl = proc_state(p);
	const struct msg_pull_start *m = in->body;
	const char *ns = proc_common(p)->pod_namespace;
	struct api_owner owner;
	struct podspec_config config = {
		.ns = ns,
		.priority_class = pl->options.priority_class,
		.shape = &pl->shape,
		.owner = kube_owner(pl->kube, ns, &owner) ? &owner : NULL,
	};
	struct write w = {
		.kind = WRITE_START, .session = m->session, .valid_until_ms = m->valid_until_ms};
	struct buf body = {0};
	const char *fault = name_fits(m->pod_name) ? NULL : "not a pod name";
	if (m->pulls.n == 0 || m->pulls.n > PULLPOD_IMAGES_MAX ||
	    (m->batch == NULL && m->pulls.n != 1))
		fault = "not as many images as a pod may have";
	if (fault == NULL)
		podspec_write(m, &config, &body);
	request(p, in, &w, m->pod_name, fault, &body);
}

void on_pod_delete(struct proc *p, const struct msg_in *in)
{
	const struct msg_pod_delete *m = in->body;
	struct write w = {
		.kind = WRITE_DELETE, .session = m->session, .valid_until_ms = m->valid_until_ms};
	const char *fault = name_fits(m->pod_name) ? NULL : "not a pod name";
	const char *uid = m->pod_uid != NULL ? m->pod_uid : "";
	/* behaviour.md 10: never without it, and a cut one would be another's. */
	if (uid[0] == '\0' || strlen(uid) >= sizeof(w.pod_uid))
		fault = "not a uid";
	snprintf(w.pod_uid, sizeof(w.pod_uid), "%s", uid);
	struct buf body = {0};
	buf_adds(&body, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
			"\"gracePeriodSeconds\":0,\"propagationPolicy\":\"Background\","
			"\"preconditions\":{\"uid\":");
	buf_add_json(&body, uid);
	buf_adds(&body, "}}");
	request(p, in, &w, m->pod_name, fault, &body);
}

void pull_drop_strangers(struct proc *p)
{
	struct puller *pl = proc_state(p);
	struct outcome o = refusal(ADMIT_OTHER_SESSION);
	for (struct write *w; (w = writes_stranger(&pl->writes, pl->session.id)) != NULL;)
		end_write(p, w, &o);
}

void pull_drop_waiting(struct proc *p)
{
	struct puller *pl = proc_state(p);
	struct outcome o = {.result = PULL_FAILED, .text = "the puller stops"};
	for (struct write *w; (w = writes_waiting(&pl->writes)) != NULL;)
		end_write(p, w, &o);
}
