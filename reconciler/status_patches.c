/*
 * Writes the statuses that the core wants, of CachedImages and PullPolicies, and tells it what came
 * of each. Invariant: every write is answered to the core once, or forgotten when the lead is lost.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kube/status_patch.h"

/*
 * The roles of upstream let nobody write the status of a PullPolicy: one line in the log per hour
 * says so, not one per try and policy.
 */

struct status_write { /* lives from kube_patch_status to its answer */
	struct proc *p;
	enum kind kind;
	char *name, *uid;
};

static size_t *in_flight(struct reconciler *r, enum kind kind)
{
	return kind == KIND_PULLPOLICY ? &r->n_policy_writes : &r->n_writes;
}

static void log_failed(struct reconciler *r, const struct status_write *w,
		       const struct kube_answer *answer)
{
	bool forbidden = w->kind == KIND_PULLPOLICY && answer->code == 403;
	LOG_AT(forbidden ? forbidden_log_level(&r->policy_told_ms) : write_log_level(r),
	       "status not written, retrying",
	       LS(w->kind == KIND_PULLPOLICY ? "policy" : "image", w->name),
	       LN("code", answer->code), LS("error", answer->message));
}

static void tell(const struct status_write *w, enum core_write_result result, uint64_t rv)
{
	struct reconciler *r = proc_state(w->p);
	measure_reconciled(w->p, w->kind, result != WRITE_FAILED);
	if (w->kind == KIND_PULLPOLICY)
		core_policy_written(r->core, w->name, w->uid, result, rv, clock_now());
	else
		core_written(r->core, w->name, w->uid, result, rv, clock_now());
}

static void on_written(void *ctx, const struct kube_answer *answer)
{
	static const enum core_write_result results[] = {
		[PATCH_MADE] = WRITE_MADE,
		[PATCH_GONE] = WRITE_GONE,
		[PATCH_FAILED] = WRITE_FAILED,
	};
	struct status_write *w = ctx;
	struct reconciler *r = proc_state(w->p);
	enum core_write_result result = results[kube_patch_result(answer)];
	--*in_flight(r, w->kind);
	if (r->acting && result == WRITE_FAILED)
		log_failed(r, w, answer);
	if (r->acting)
		tell(w, result, result == WRITE_MADE ? kube_written_rv(answer) : 0);
	free(w->name);
	free(w->uid);
	free(w);
}

static void write_status(struct proc *p, const struct status_patch *patch)
{
	struct reconciler *r = proc_state(p);
	struct status_write *w = xcalloc(1, sizeof(*w));
	*w = (struct status_write){p, patch->kind, xstrdup(patch->name), xstrdup(patch->uid)};
	++*in_flight(r, w->kind);
	if (kube_patch_status(r->kube, patch, on_written, w) != 0)
		return;
	/* No difference: it is there already. */
	const struct kube_answer none = {.code = 200, .body = "", .reason = "", .message = ""};
	on_written(w, &none);
}

void image_status_write(struct proc *p, const struct core_write *w)
{
	struct reconciler *r = proc_state(p);
	const struct status_patch patch = {
		.kind = KIND_CACHEDIMAGE,
		.name = w->image_name,
		.uid = w->image_uid,
		.old = w->old,
		.new = w->new,
		.deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
	};
	write_status(p, &patch);
}

void policy_status_write(struct proc *p, const struct core_policy_write *w)
{
	struct reconciler *r = proc_state(p);
	const struct status_patch patch = {
		.kind = KIND_PULLPOLICY,
		.name = w->name,
		.uid = w->uid,
		.new = w->status,
		.deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
	};
	write_status(p, &patch);
}
