/*
 * Keeps what the report counts in the ConfigMap <store>-2 of the pod namespace (behaviour 56), next
 * to those of usage: read when we begin to lead, written every SAVE_EVERY_MS and when we stop,
 * earlier if a kill would lose or forget too much. Starts that were counted after the last write
 * are counted again from the watcher's log, so that after a kill nothing counts twice, and nothing
 * is lost but what early() says.
 */
#include "reconciler/reconciler.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "kube/urls.h"
#include "reconciler/report/stored.h"

#define REPORT_PART   2
#define SAVE_EVERY_MS (10 * 60 * 1000)
/* Earlier, if as many entries were counted: the watcher's log must still have them after a kill. */
#define SAVE_COUNT 1024
/* Or if what is not counted again after a kill has grown by more than this part of it. */
#define SAVE_PART     100
#define SAVE_EARLY_MS (60 * 1000)
#define RETRY_MS      5000
#define WRITE_MS      10000
#define LEAVE_MS      4000

/* Nothing is under way any more. */
static void forget(struct reconciler *r)
{
	struct report_keeper *k = &r->keeper;
	uint64_t request = k->request;
	k->request = 0;
	if (request != 0)
		kube_cancel(r->kube, request);
	buf_done(&k->bytes);
	k->writing = false;
}

void report_store_fence(struct reconciler *r)
{
	forget(r);
	free(r->keeper.name);
	r->keeper = (struct report_keeper){0};
}

static struct tally_pulls counters(struct proc *p)
{
	const struct metrics *m = proc_metrics(p);
	return (struct tally_pulls){
		.pulled_bytes = (uint64_t)metric_get(m, METRIC_pulled_bytes_total, NULL),
		.avoided = (uint64_t)metric_get(m, METRIC_pulls_avoided_total, NULL),
		.avoided_bytes = (uint64_t)metric_get(m, METRIC_avoided_bytes_total, NULL),
	};
}

void report_store_begin(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	r->keeper.at = counters(p);
}

struct tally_pulls report_pulls(struct proc *p)
{
	const struct reconciler *r = proc_state(p);
	const struct tally_pulls *at = &r->keeper.at, *was = &r->tally.pulls;
	struct tally_pulls now = counters(p);
	return (struct tally_pulls){
		.pulled_bytes = was->pulled_bytes + now.pulled_bytes - at->pulled_bytes,
		.avoided = was->avoided + now.avoided - at->avoided,
		.avoided_bytes = was->avoided_bytes + now.avoided_bytes - at->avoided_bytes,
	};
}

/* ---- reading ---- */

static void begin(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	int64_t now_ms = proc_now(p).boot_ms;
	if (r->keeper.unread)
		log_info("the saved report can be read again");
	r->keeper.unread = false;
	r->keeper.ready = true;
	r->keeper.saved = r->tally.pulls;
	/*
	 * At once: since when is counted must outlive a kill, and after a kill nobody may take it
	 * for complete any more.
	 */
	bool at_once = r->tally.rv == 0 || r->tally.complete;
	r->keeper.next_ms = now_ms + (at_once ? 0 : SAVE_EVERY_MS);
	r->keeper.early_ms = now_ms + SAVE_EARLY_MS;
	r->starts.complete = r->tally.complete;
	r->tally.complete = false;
}

static void restore(struct proc *p, const struct kube_answer *answer)
{
	struct reconciler *r = proc_state(p);
	struct arena a = ARENA_INIT;
	struct err err;
	size_t len = 0;
	char *bytes = stored_bytes_read(answer->body, answer->len, &a, &len, &err);
	if (bytes == NULL || report_restore(&r->tally, bytes, len, &err) != 0)
		log_warn("the saved report cannot be decoded, counting anew",
			 LS("error", err.text));
	else
		log_info("report restored", LN("bytes", len), LN("hits", r->tally.all.hits),
			 LN("misses", r->tally.all.misses));
	/* The clock was ahead when counting began: until that time nothing would count. */
	if (r->tally.since_s > r->starts.lead_s)
		r->tally.since_s = r->starts.lead_s;
	free(bytes);
	arena_done(&a);
}

static void on_read(void *ctx, const struct kube_answer *answer)
{
	struct proc *p = ctx;
	struct reconciler *r = proc_state(p);
	if (r->keeper.request == 0) /* cancelled */
		return;
	r->keeper.request = 0;
	if (answer->code == 200) {
		restore(p, answer);
	} else if (answer->code == 403) {
		r->keeper.refused = true;
		log_warn("no right to read the saved report, counting anew",
			 LS("error", answer->message));
	} else if (answer->code != 404) {
		LOG_AT(r->keeper.unread ? LOG_DEBUG : LOG_WARN,
		       "the saved report cannot be read, retrying", LN("code", answer->code),
		       LS("error", answer->message));
		r->keeper.unread = true;
		r->keeper.next_ms = clock_boot_ms() + RETRY_MS;
		return;
	}
	begin(p);
}

bool report_store_ready(struct proc *p, const char *store)
{
	struct reconciler *r = proc_state(p);
	struct arena *a = proc_arena(p);
	if (r->keeper.name == NULL && store != NULL)
		r->keeper.name = xstrdup(arena_printf(a, "%s-%d", store, REPORT_PART));
	if (r->keeper.ready || r->keeper.name == NULL)
		return r->keeper.ready;
	if (r->keeper.request != 0 || proc_now(p).boot_ms < r->keeper.next_ms)
		return false;
	struct kube_request req = {
		.method = KUBE_GET,
		.lane = KUBE_WRITE,
		.path = url_configmap(a, proc_common(p)->pod_namespace, r->keeper.name),
		.deadline_ms = takeover_deadline(&r->takeover, proc_now(p).boot_ms),
	};
	r->keeper.request = kube_send(r->kube, &req, on_read, p);
	return false;
}

/* ---- writing ---- */

static void send(struct proc *p, int64_t until_ms);

static void on_written(void *ctx, const struct kube_answer *answer)
{
	struct proc *p = ctx;
	struct reconciler *r = proc_state(p);
	struct report_keeper *k = &r->keeper;
	const char *ns = proc_common(p)->pod_namespace;
	if (k->request == 0) /* cancelled */
		return;
	k->request = 0;
	enum stored_step step = stored_bytes_answered(&k->write, r->kube, ns, answer);
	if (step == STORED_AGAIN) {
		send(p, clock_boot_ms() + (k->leaving ? LEAVE_MS : WRITE_MS));
		return;
	}
	if (step == STORED_FAILED && k->leaving) {
		/* helm uninstall deletes the Role before the pod. */
		LOG_AT(answer->code == 403 ? LOG_INFO : LOG_WARN,
		       "report not written before the end, ignoring", LN("code", answer->code),
		       LS("error", answer->message));
	} else if (step == STORED_FAILED) {
		LOG_AT(answer->code == 403 && k->refused ? LOG_DEBUG : LOG_WARN,
		       "report not saved, retrying", LN("code", answer->code),
		       LS("error", answer->message));
		if (answer->code != 403)
			k->next_ms = clock_boot_ms() + SAVE_EARLY_MS;
	}
	k->refused = answer->code == 403;
	k->leaving = k->writing = false;
	buf_done(&k->bytes);
}

static void send(struct proc *p, int64_t until_ms)
{
	struct reconciler *r = proc_state(p);
	struct report_keeper *k = &r->keeper;
	k->writing = true;
	k->request = stored_bytes_send(r->kube, proc_common(p)->pod_namespace, k->name, &k->write,
				       &k->bytes, leader_deadline(&r->takeover.lease, until_ms),
				       on_written, p);
}

/* What is to be written; complete: nothing is counted after it. */
static void make_bytes(struct proc *p, bool complete)
{
	struct reconciler *r = proc_state(p);
	struct report_keeper *k = &r->keeper;
	struct tally t = r->tally;
	t.complete = complete;
	t.pulls = k->saved = report_pulls(p);
	buf_done(&k->bytes);
	report_store(&t, &k->bytes);
	k->unsaved = 0;
	k->node_went = false;
	k->write.create = false;
}

static bool grew(uint64_t now, uint64_t saved)
{
	return now - saved > saved / SAVE_PART;
}

/*
 * After a kill the starts on a node that is gone by then are not counted again, because events do
 * not tell of which node of that name they are; nor is what pulls moved, and which were avoided. So
 * that is written SAVE_EARLY_MS after the last write: a kill loses what came later, and a hundredth
 * of the latter.
 */
static bool early(struct proc *p)
{
	const struct reconciler *r = proc_state(p);
	const struct report_keeper *k = &r->keeper;
	struct tally_pulls now = report_pulls(p);
	return !k->refused && (k->unsaved >= SAVE_COUNT || (k->node_went && k->unsaved != 0) ||
			       grew(now.pulled_bytes, k->saved.pulled_bytes) ||
			       grew(now.avoided, k->saved.avoided) ||
			       grew(now.avoided_bytes, k->saved.avoided_bytes));
}

int64_t report_store_turn(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct report_keeper *k = &r->keeper;
	int64_t now_ms = proc_now(p).boot_ms;
	if (!r->acting || !k->ready || k->request != 0)
		return CLOCK_NEVER;
	int64_t save_ms = k->early_ms < k->next_ms && early(p) ? k->early_ms : k->next_ms;
	if (now_ms < save_ms)
		return save_ms;
	k->next_ms = now_ms + SAVE_EVERY_MS;
	k->early_ms = now_ms + SAVE_EARLY_MS;
	make_bytes(p, false);
	send(p, now_ms + WRITE_MS);
	return k->next_ms;
}

void report_store_stopping(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	forget(r);
	if (!r->acting || !r->keeper.ready)
		return;
	make_bytes(p, true);
	r->keeper.leaving = true;
}

bool report_store_leave(struct proc *p)
{
	struct reconciler *r = proc_state(p);
	struct report_keeper *k = &r->keeper;
	if (k->leaving && !k->writing)
		send(p, clock_boot_ms() + LEAVE_MS);
	return !k->leaving || k->request == 0;
}
