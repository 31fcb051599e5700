/*
 * Writes the status of PullPolicies as the core wants it, and tells the core what came of it.
 * Invariant: every write is answered to the core once, or forgotten when the lead is lost.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "api/tables.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "kube/urls.h"

/* A role of upstream's lets nobody write it; a line an hour says so, not one a try and policy. */
#define FORBIDDEN_TOLD_MS (60 * 60 * 1000)

struct policy_write { /* lives from kube_send to its answer */
	struct proc *p;
	char *name, *uid;
};

static void say_failed(struct reconciler *r, const char *name, const struct kube_answer *answer)
{
	int64_t now_ms = clock_boot_ms();
	bool told = answer->code == 403 && now_ms < r->policy_told_ms;
	if (answer->code == 403 && !told)
		r->policy_told_ms = now_ms + FORBIDDEN_TOLD_MS;
	LOG_AT(told ? LOG_DEBUG : LOG_WARN, "status not written, retrying", LS("policy", name),
	       LN("code", answer->code), LS("error", answer->message));
}

static void on_written(void *ctx, const struct kube_answer *answer)
{
	struct policy_write *write = ctx;
	struct reconciler *r = proc_state(write->p);
	enum core_write_result result = WRITE_FAILED;
	uint64_t rv = 0;
	r->n_policy_writes--;
	if (answer->code == 200) {
		result = WRITE_MADE;
		rv = kube_written_rv(answer);
	} else if (answer->code == 404 || answer->code == 409) {
		result = WRITE_GONE; /* deleted, or a CRD without this subresource */
	} else if (r->acting) {
		say_failed(r, write->name, answer);
	}
	if (r->acting) {
		measure_reconciled(write->p, KIND_PULLPOLICY, result != WRITE_FAILED);
		core_policy_written(r->core, write->name, write->uid, result, rv, clock_now());
	}
	free(write->name);
	free(write->uid);
	free(write);
}

void policy_write(struct proc *p, const struct core_policy_write *w)
{
	struct reconciler *r = proc_state(p);
	struct buf body = {0};
	buf_adds(&body, "{\"metadata\":{\"uid\":");
	buf_add_json(&body, w->uid);
	buf_adds(&body, "},\"status\":");
	desc_encode(&pullpolicy_status_desc, w->status, &body);
	buf_adds(&body, "}");
	struct policy_write *write = xcalloc(1, sizeof(*write));
	*write = (struct policy_write){.p = p, .name = xstrdup(w->name), .uid = xstrdup(w->uid)};
	struct kube_request req = {
		.method = KUBE_PATCH,
		.lane = KUBE_WRITE,
		.path = url_status(proc_arena(p), KIND_PULLPOLICY, NULL, w->name),
		.body = body.data,
		.body_len = body.len,
		.content_type = "application/merge-patch+json",
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
	};
	r->n_policy_writes++;
	kube_send(r->kube, &req, on_written, write);
	buf_done(&body);
}
