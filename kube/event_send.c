/* See event_send.h. */
#include "kube/event_send.h"

#include <inttypes.h>

#include "api/tables.h"
#include "base/clock.h"
#include "base/hash.h"

#define EVENT_MS 5000
/* Of a name; the dot and the digits of the hash come after it. */
#define NAME_KEPT (API_NAME_MAX - 17)

uint64_t event_send(struct kube *k, const struct event *event, const char *what, bool legacy,
		    int64_t until_ms, kube_done_fn done, void *ctx)
{
	struct arena a = ARENA_INIT;
	struct buf body = {0};
	struct now now = clock_now();
	struct event e = *event;
	uint64_t h = hash_stable_str(hash_stable_str(HASH_STABLE_START, e.uid), what);
	e.name = arena_printf(&a, "%.*s.%016" PRIx64, NAME_KEPT, e.object, h);
	e.count = 1;
	e.first_s = e.last_s = now.wall_s;
	event_body(&e, legacy, &body);
	int64_t limit_ms = now.boot_ms + EVENT_MS;
	struct kube_request req = {
		.method = KUBE_POST,
		.lane = KUBE_WRITE,
		.path = event_path(legacy),
		.body = body.data,
		.body_len = body.len,
		.accept = KUBE_ACCEPT_META,
		.deadline_ms = until_ms < limit_ms ? until_ms : limit_ms,
	};
	uint64_t id = kube_send(k, &req, done, ctx);
	buf_done(&body);
	arena_done(&a);
	return id;
}

bool event_sent(const struct kube_answer *answer)
{
	return answer->code == 201 || answer->code == 409;
}
