/* The Warning events on objects that exceed the watcher's memory limit: on the object itself. One
 * at a time; its name is derived from the object, so that a repetition is the same Event. One may
 * be lost: the log and a metric report it, too.
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
		.note = arena_printf(&a,
				     "The memory limit for objects of this kind and size is "
				     "reached: this object, of %zu bytes, is not processed until "
				     "it is smaller or others are deleted",
				     l->bytes),
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
