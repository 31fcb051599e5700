/* Names the objects that exceed the watcher's memory limits: in answers, and in Warning events on
 * the object itself. One event at a time; its name is derived from the object, so that a repetition
 * is the same Event. One may be lost: the log and a metric report it, too.
 */
#include "watcher/watcher.h"

#include <inttypes.h>

#include "api/tables.h"
#include "base/hash.h"
#include "base/log.h"
#include "kube/event.h"

#define EVENT_MS 5000
/* Of a name; the dot and the digits of the hash come after it. */
#define NAME_KEPT (API_NAME_MAX - 17)

static void on_event(void *ctx, const struct kube_answer *answer)
{
	struct watcher *w = ctx;
	w->left_out_write = 0;
	if (answer->code == 403)
		w->events_legacy = true; /* behaviour.md 22: the next one */
	if (answer->code != 201 && answer->code != 409)
		log_debug("event not written, ignoring", LN("code", answer->code),
			  LS("error", answer->message));
}

void watcher_on_left_out_get(struct proc *p, const struct msg_in *in)
{
	const struct msg_left_out_get *ask = in->body;
	const struct quota *quota = views_quota(((struct watcher *)proc_state(p))->views);
	const struct left_out *l;
	struct msg_left_out answer = {
		.objects.at =
			arena_array(proc_arena(p), QUOTA_NAMED_MAX, sizeof(struct msg_absent)),
	};
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		answer.total += quota_count(quota, (enum kind)kind);
		for (size_t i = 0; (l = quota_next(quota, (enum kind)kind, &i)) != NULL;)
			if (answer.objects.n < ask->max)
				answer.objects.at[answer.objects.n++] = (struct msg_absent){
					.kind = kinds[kind].kind,
					.name = l->name,
					.bytes = l->bytes,
					.text = quota_why(l),
				};
	}
	struct err err;
	if (proc_reply(p, &in->reply_to, MSG_left_out, &answer, &err) < 0)
		log_debug("answer not sent, ignoring", LS("error", err.text));
}

void left_out_turn(struct watcher *w, int64_t until_ms)
{
	struct left_out *l = w->left_out_write == 0 ? quota_untold(views_quota(w->views)) : NULL;
	if (l == NULL)
		return;
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	struct now now = clock_now();
	uint64_t h = hash_stable_str(hash_stable_str(HASH_STABLE_START, l->uid), "left out");
	struct event event = {
		.name = arena_printf(&a, "%.*s.%016" PRIx64, NAME_KEPT, l->name, h),
		.kind = l->kind,
		.object = l->name,
		.uid = l->uid,
		.warning = true,
		.reason = "LeftOut",
		.action = "Watch",
		.note = arena_printf(&a, "Not processed: %s; its size there is %s%zu bytes",
				     quota_why(l), l->bytes > QUOTA_OBJECT_MAX ? "over " : "",
				     l->bytes > QUOTA_OBJECT_MAX ? QUOTA_OBJECT_MAX : l->bytes),
		.count = 1,
		.first_s = now.wall_s,
		.last_s = now.wall_s,
	};
	int64_t limit_ms = now.boot_ms + EVENT_MS;
	event_body(&event, w->events_legacy, &body);
	struct kube_request req = {
		.method = KUBE_POST,
		.lane = KUBE_WRITE,
		.path = event_path(w->events_legacy),
		.body = body.data,
		.body_len = body.len,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = until_ms < limit_ms ? until_ms : limit_ms,
	};
	l->told = true;
	w->left_out_write = kube_send(w->kube, &req, on_event, w);
	buf_done(&body);
	arena_done(&a);
}
