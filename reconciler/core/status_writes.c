/*
 * When a status is written (behaviour.md 21): at once for a phase change, else at most
 * one in max(2 s, size / 16 KiB/s) an object, one in flight, none that changes nothing.
 * Also what is known of the API's copy: the last acknowledged write or a newer
 * observation; an edit by hand is reverted. Invariant: `durable` counts only outcomes
 * that the API's copy contains.
 */
#include "reconciler/core/status_writes.h"

#include <string.h>

#include "reconciler/core/facts.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/pull_pods.h"
#include "reconciler/core/status_hash.h"
#include "reconciler/core/image_status.h"

#define PACE_MS          2000
#define PACE_BYTES_PER_S (16 * 1024)
/* The object of a write was not there: its deletion will be seen soon. */
#define GONE_MS (30 * 1000)

void image_observe(struct core *c, struct image *img, const struct cachedimage *ci)
{
	img->seen = status_hash_of(&ci->status, ci->meta.rv);
	/* A late echo says what the API had before our last write. */
	if (img->writing || ci->meta.rv < img->rv)
		return;
	img->known = img->seen;
	image_touch(c, img);
}

void writes_listed(struct core *c, int64_t fresh_ms)
{
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		if (img->rv == 0 || img->acked_ms >= fresh_ms)
			continue;
		bool lost = img->seen.rv < img->rv;
		img->rv = 0;
		if (!lost || img->writing)
			continue;
		img->known = img->seen;
		img->durable = 0;
		image_touch(c, img);
	}
}

void image_written(struct core *c, struct image *img, enum core_write_result result, uint64_t rv,
		   struct now now)
{
	if (!img->writing)
		return;
	img->writing = false;
	switch (result) {
	case WRITE_MADE:
		img->known = img->sent;
		img->durable = img->sent_outcomes;
		img->failed = false;
		if (rv != 0) {
			img->rv = rv;
			img->acked_ms = now.boot_ms;
		}
		/* What was seen meanwhile is what came of it, or what somebody wrote later. */
		if (img->seen.rv >= img->rv)
			img->known = img->seen;
		break;
	case WRITE_GONE:
		img->gone = true;
		img->known = (struct status_hash){0};
		break;
	case WRITE_FAILED:
		/* It may have arrived or not: the next one says everything. */
		img->failed = true;
		img->known = (struct status_hash){0};
		break;
	}
	image_touch(c, img);
}

static int64_t due_ms(const struct image *img, struct now now)
{
	if (!img->ever_written)
		return now.boot_ms;
	if (img->gone)
		return img->written_ms + GONE_MS;
	if (!img->failed && img->known.phase != image_phase(img))
		return now.boot_ms;
	int64_t at = img->written_ms + img->pace_ms;
	return at > now.boot_ms ? at : now.boot_ms;
}

static void settle_pulls(struct core *c, struct image *img)
{
	for (struct link *l = img->pulls.next; l != &img->pulls; l = l->next)
		pod_settle(c, LIST_MEMBER(l, struct pull, of_image)->pod);
}

static void write_one(struct core *c, struct image *img, struct now now, struct arena *a,
		      struct core_actions *ret)
{
	size_t size;
	struct cachedimage_status *st = status_build(c, img, now, a, &size);
	struct status_hash want = status_hash_of(st, 0);
	if (status_hash_equal(&img->known, &want)) {
		img->durable = img->outcomes;
		settle_pulls(c, img);
		return;
	}
	ret->writes[ret->n_writes++] = (struct core_write){
		.image_name = arena_strdup(a, img->name),
		.image_uid = arena_strdup(a, img->uid),
		.old = status_unlike(&img->known, &want, st, a),
		.new = st,
	};
	img->sent = want;
	img->sent_outcomes = img->outcomes;
	img->writing = true;
	img->ever_written = true;
	img->written_ms = now.boot_ms;
	int64_t pace = (int64_t)size * 1000 / PACE_BYTES_PER_S;
	img->pace_ms = pace > PACE_MS ? pace : PACE_MS;
}

void writes_run(struct core *c, struct now now, struct core_room room, struct arena *a,
		struct core_actions *ret)
{
	struct timer *t;
	while (!list_alone(&c->touched)) {
		struct image *img = LIST_MEMBER(c->touched.next, struct image, touched);
		list_remove(&img->touched);
		fact_no_nodes(c, img);
		settle_pulls(c, img);
		if (!img->writing)
			timer_set(&c->writes, &img->status, due_ms(img, now));
	}
	ret->writes = arena_array(a, room.writes, sizeof(*ret->writes));
	while (ret->n_writes < room.writes && (t = timers_due(&c->writes, now.boot_ms)) != NULL) {
		timer_stop(&c->writes, t);
		write_one(c, LIST_MEMBER(t, struct image, status), now, a, ret);
	}
}
