/*
 * Names the objects that exceed the watcher's memory limits: in answers, and in Warning events on
 * the object itself, one at a time. One may be lost: the log and a metric report it, too.
 */
#include "watcher/watcher.h"

#include "base/log.h"
#include "kube/event_send.h"

static void on_event(void *ctx, const struct kube_answer *answer)
{
	struct watcher *w = ctx;
	w->left_out_write = 0;
	if (answer->code == 403)
		w->events_legacy = true; /* behaviour.md 22: the next one */
	if (!event_sent(answer))
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
	bool large = l->bytes > QUOTA_OBJECT_MAX;
	struct event event = {
		.kind = l->kind,
		.object = l->name,
		.uid = l->uid,
		.warning = true,
		.reason = "LeftOut",
		.action = "Watch",
		.note = arena_printf(&a, "Not processed: %s; its size there is %s%zu bytes",
				     quota_why(l), large ? "over " : "",
				     large ? QUOTA_OBJECT_MAX : l->bytes),
	};
	l->told = true;
	w->left_out_write =
		event_send(w->kube, &event, "left out", w->events_legacy, until_ms, on_event, w);
	arena_done(&a);
}
