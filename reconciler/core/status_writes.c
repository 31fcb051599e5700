/*
 * When a status is written (behaviour.md 21): at once for a phase change, else at most
 * one in max(2 s, size / 16 KiB/s) an object, none that changes nothing; an edit by hand is
 * reverted. What is known of the API's copy: rules/status_ack.h. Invariant: `durable` counts only
 * outcomes that the API's copy contains.
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

/* What the API has now; false: as before. */
static bool take(struct image *img, enum ack_copy copy)
{
	if (copy == ACK_SEEN)
		img->known = img->seen;
	else if (copy == ACK_SENT)
		img->known = img->sent;
	else if (copy == ACK_NONE)
		img->known = (struct status_hash){0};
	return copy != ACK_KEEP;
}

void image_observe(struct core *c, struct image *img, const struct cachedimage *ci)
{
	img->seen = status_hash_of(&ci->status);
	if (take(img, ack_observed(&img->ack, ci->meta.rv)))
		image_touch(c, img);
}

void writes_listed(struct core *c, int64_t fresh_ms)
{
	for (size_t i = 0; i < c->n_queue; i++) {
		struct image *img = c->queue[i];
		if (!take(img, ack_listed(&img->ack, fresh_ms)))
			continue;
		img->durable = 0;
		image_touch(c, img);
	}
}

/* More of its outcomes are durable: only then may pods go for it. */
static void settle_pulls(struct core *c, struct image *img)
{
	for (struct link *l = img->pulls.next; l != &img->pulls; l = l->next)
		pod_settle(c, LIST_MEMBER(l, struct pull, of_image)->pod);
}

void image_written(struct core *c, struct image *img, enum core_write_result result, uint64_t rv,
		   struct now now)
{
	if (!img->ack.writing)
		return;
	take(img, ack_answered(&img->ack, result == WRITE_MADE, rv, now.boot_ms));
	if (result == WRITE_MADE) {
		img->durable = img->sent_outcomes;
		settle_pulls(c, img);
	}
	if (result == WRITE_GONE) {
		img->ack.failures = 0;
		img->ack.again_ms = img->ack.written_ms + GONE_MS;
	}
	image_touch(c, img);
}

void image_fence(struct image *img)
{
	take(img, ack_fence(&img->ack));
}

static int64_t due_ms(const struct image *img, struct now now)
{
	bool at_once = img->ack.failures == 0 && img->known.phase != image_phase(img);
	return ack_due(&img->ack, at_once, img->pace_ms, now.boot_ms);
}

static void write_one(struct core *c, struct image *img, struct now now, struct arena *a,
		      struct core_actions *ret)
{
	size_t size;
	struct cachedimage_status *st = status_build(c, img, now, a, &size);
	struct status_hash want = status_hash_of(st);
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
	ack_sent(&img->ack, now.boot_ms);
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
		if (!img->ack.writing)
			timer_set(&c->writes, &img->status, due_ms(img, now));
	}
	ret->writes = arena_array(a, room.writes, sizeof(*ret->writes));
	while (ret->n_writes < room.writes && (t = timers_due(&c->writes, now.boot_ms)) != NULL) {
		timer_stop(&c->writes, t);
		write_one(c, LIST_MEMBER(t, struct image, status), now, a, ret);
	}
}
