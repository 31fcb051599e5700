/*
 * Open watches: which changes each client has not received yet. A watch is a cursor into the
 * store's history, not a queue: a client that does not read costs nothing but its socket's
 * buffer, and when history has gone on without it, it gets 410 as on a real server. Pure:
 * sim/apiserver/serve.c asks what is to be sent and sends it.
 */
#ifndef DROP_SIM_APISERVER_WATCH_H
#define DROP_SIM_APISERVER_WATCH_H

#include "base/buf.h"

#include "sim/play/api_faults.h"
#include "sim/play/target.h"
#include "sim/apiserver/view.h"

struct watches;
struct watch;

#define WATCHES_MAX 4096
/* Between bookmarks; clients of ours take a watch for dead after 90 s without a byte. */
#define WATCH_BOOKMARK_MS 50000
/* How often a delayed watch checks whether its delay is over. */
#define WATCH_LAG_LOOK_MS 100
/* How long a watch lasts that names no timeoutSeconds: as a real server, 30 to 60 minutes. */
#define WATCH_LEAST_MS (30 * 60 * 1000)

/* faults: asked how far watches lag; may be NULL. */
struct watches *watches_new(struct store *store, const struct faults *faults);
void watches_free(struct watches *ws);
size_t watches_count(const struct watches *ws);

/*
 * t's verb is watch. stale_ms as in sim/apiserver/rest.h. owner is handed back by watches_ready.
 * -1: 400, 422, 429. A version that is too old is no error here: the stream says it.
 */
int watch_open(struct watches *ws, const struct target *t, enum view_form form,
	       const char *user_agent, int64_t stale_ms, struct now now, void *owner,
	       struct watch **ret, struct api_error *e);
void watch_close(struct watch *w);

/*
 * Appends events that are due, about `most` bytes of them. True: the stream ends after them.
 * What did not fit is asked for by calling again.
 */
bool watch_take(struct watch *w, struct now now, size_t most, struct buf *out);
/* Takes out one that may have something to send (its owner), or NULL. */
void *watches_ready(struct watches *ws, struct now now);
/* Boot ms at which time makes something due; CLOCK_NEVER. */
int64_t watches_next_ms(const struct watches *ws);
/* Ends the watches that the rule matches (fault drop-watch). */
void watches_drop(struct watches *ws, const struct sim_api_fault *rule);

#endif
