/* The two requests of a job, read and patch. See node_write.h. */
#include "puller/node_write.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"

#include "kube/urls.h"

#include "puller/node_patch.h"
#include "puller/puller.h"

struct node_job { /* from its request to its answer */
	struct proc *p;
	uint64_t session;
	int64_t valid_until_ms;
	char *node, *uid, *keys; /* keys NULL: the condition is written (47) */
	struct reply_to reply_to;
};

bool node_jobs_only_of(const struct node_jobs *jobs, uint64_t session)
{
	for (size_t i = 0; i < NODE_JOBS_MAX; i++)
		if (jobs->at[i] != NULL && jobs->at[i]->session != session)
			return false;
	return true;
}

static void answer(struct proc *p, const struct reply_to *to, bool opens, enum node_result result,
		   int code, const char *text)
{
	struct msg_node_opened opened = {.result = result, .code = (uint64_t)code, .text = text};
	struct msg_node_said said = {.result = result, .code = (uint64_t)code, .text = text};
	struct err err;
	int rc = opens ? proc_reply(p, to, MSG_node_opened, &opened, &err)
		       : proc_reply(p, to, MSG_node_said, &said, &err);
	if (rc < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

static void end(struct node_job *job, enum node_result result, int code, const char *text)
{
	static const char *const results[] = {
		[NODE_WRITTEN] = "written",  [NODE_UNCHANGED] = "unchanged",
		[NODE_CHANGED] = "conflict", [NODE_FORBIDDEN] = "forbidden",
		[NODE_FAILED] = "failed",    [NODE_DROPPED] = "failed",
	};
	struct puller *pl = proc_state(job->p);
	metric_add(proc_metrics(job->p), METRIC_node_writes_total, 1, LABELS(results[result]));
	log_debug("node write", LS("node", job->node), LS("result", results[result]),
		  LN("code", code), LS("text", text));
	answer(job->p, &job->reply_to, job->keys != NULL, result, code, text);
	for (size_t i = 0; i < NODE_JOBS_MAX; i++)
		if (pl->node_jobs.at[i] == job)
			pl->node_jobs.at[i] = NULL;
	pl->node_jobs.n--;
	free(job->node);
	free(job->uid);
	free(job->keys);
	free(job);
}

/* What an answer that is no success means, for either request. */
static void end_badly(struct node_job *job, const struct kube_answer *a)
{
	enum node_result result = NODE_FAILED;
	if (a->code == 404)
		result = NODE_UNCHANGED; /* the node is gone */
	else if (a->code == 403)
		result = NODE_FORBIDDEN;
	else if (a->code == 409 || a->code == 422)
		result = NODE_CHANGED;
	end(job, result, a->code, a->message);
}

/* If the session does not admit it, the job ends. */
static void send_request(struct node_job *job, enum kube_method method, const struct buf *body,
			 kube_done_fn done)
{
	struct puller *pl = proc_state(job->p);
	struct arena *a = proc_arena(job->p);
	int64_t now_ms = clock_boot_ms();
	enum admission v = session_start(&pl->session, job->session, job->valid_until_ms, now_ms);
	if (v != ADMIT_OK) {
		end(job, v == ADMIT_NO_LEASE ? NODE_FAILED : NODE_DROPPED, 0, admission_text(v));
		return;
	}
	bool opens = job->keys != NULL;
	struct kube_request req = {
		.method = method,
		.lane = KUBE_WRITE,
		.path = opens ? url_named(a, KIND_NODE, NULL, job->node)
			      : url_status(a, KIND_NODE, NULL, job->node),
		.deadline_ms = leader_deadline(&pl->session.lease, job->valid_until_ms),
	};
	if (body != NULL) {
		req.body = body->data;
		req.body_len = body->len;
		req.content_type = opens ? "application/json-patch+json"
					 : "application/strategic-merge-patch+json";
		req.accept = KUBE_ACCEPT_META;
	}
	kube_send(pl->kube, &req, done, job);
}

static void on_patched(void *ctx, const struct kube_answer *a)
{
	struct node_job *job = ctx;
	if (a->code == 200)
		end(job, NODE_WRITTEN, a->code, NULL);
	else
		end_badly(job, a);
}

static void on_read(void *ctx, const struct kube_answer *a)
{
	struct node_job *job = ctx;
	struct buf patch = {0};
	if (a->code != 200) {
		end_badly(job, a);
		return;
	}
	switch (node_patch_open(a->body, a->len, job->uid, job->keys, &patch)) {
	case NODE_PATCH_MADE:
		send_request(job, KUBE_PATCH, &patch, on_patched);
		break;
	case NODE_PATCH_NOTHING:
		end(job, NODE_UNCHANGED, a->code, "it has no such taint");
		break;
	case NODE_PATCH_OTHER:
		end(job, NODE_UNCHANGED, a->code, "it is another node of that name");
		break;
	case NODE_PATCH_BROKEN:
		end(job, NODE_FAILED, a->code, "the API server's answer is no Node");
		break;
	}
	buf_done(&patch);
}

/* What both kinds of request have in common. NULL: refused, and answered. */
static struct node_job *job_new(struct proc *p, const struct msg_in *in, bool opens,
				const struct node_job *request)
{
	struct puller *pl = proc_state(p);
	size_t slot = 0;
	while (slot < NODE_JOBS_MAX && pl->node_jobs.at[slot] != NULL)
		slot++;
	if (slot == NODE_JOBS_MAX || proc_stopping(p) || request->node == NULL ||
	    request->uid == NULL || (opens && request->keys == NULL)) {
		answer(p, &in->reply_to, opens, NODE_FAILED, 0,
		       slot == NODE_JOBS_MAX ? "too many requests" : "the puller stops");
		return NULL;
	}
	struct node_job *job = xcalloc(1, sizeof(*job));
	*job = *request;
	job->p = p;
	job->node = xstrdup(request->node);
	job->uid = xstrdup(request->uid);
	job->keys = xstrdup(request->keys);
	job->reply_to = in->reply_to;
	pl->node_jobs.at[slot] = job;
	pl->node_jobs.n++;
	return job;
}

void on_node_open(struct proc *p, const struct msg_in *in)
{
	const struct msg_node_open *m = in->body;
	const struct node_job request = {.session = m->session,
					 .valid_until_ms = m->valid_until_ms,
					 .node = (char *)(uintptr_t)m->node,
					 .uid = (char *)(uintptr_t)m->node_uid,
					 .keys = (char *)(uintptr_t)m->keys};
	struct node_job *job = job_new(p, in, true, &request);
	if (job != NULL)
		send_request(job, KUBE_GET, NULL, on_read);
}

void on_node_say(struct proc *p, const struct msg_in *in)
{
	const struct msg_node_say *m = in->body;
	const struct node_job request = {.session = m->session,
					 .valid_until_ms = m->valid_until_ms,
					 .node = (char *)(uintptr_t)m->node,
					 .uid = (char *)(uintptr_t)m->node_uid};
	const struct node_said said = {m->status, m->turns, m->reason != NULL ? m->reason : "",
				       m->message != NULL ? m->message : "", m->at_s};
	struct node_job *job = job_new(p, in, false, &request);
	struct buf patch = {0};
	if (job == NULL)
		return;
	node_patch_say(job->uid, &said, &patch);
	send_request(job, KUBE_PATCH, &patch, on_patched);
	buf_done(&patch);
}
