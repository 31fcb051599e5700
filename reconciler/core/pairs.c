/*
 * One image on one node: does it want a pull, now or later, and how does it count?
 * pair_settle() is the only place that says so; everything that changes a fact about
 * the pair calls it. Invariant: the image's counters and bit sets are the sum of its
 * pairs as last settled.
 */
#include "reconciler/core/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/hash.h"
#include "base/xalloc.h"
#include "reconciler/rules/bits.h"
#include "reconciler/core/budgets.h"
#include "reconciler/core/causes.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/digests.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/held.h"
#include "reconciler/core/losses.h"
#include "reconciler/core/platforms.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/unlisted.h"
#include "reconciler/rules/target.h"

static void count(struct pair *p, uint8_t flag, uint32_t *counter, bool on)
{
	if (((p->flags & flag) != 0) == on)
		return;
	p->flags ^= flag;
	*counter += on ? 1U : (uint32_t)-1;
}

/*
 * 15, 37. From that node's own last pull; a clock that was set back does not postpone it. The
 * registry may tell that it would change nothing.
 */
static void settle_repull(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	int64_t every_s = (policy_of_image(c, img)->repull_ms + 999) / 1000;
	p->flags &= (uint8_t)~PAIR_REPULL;
	if (every_s == 0 || p->pulled_s == 0)
		return;
	/* 17. */
	if (img->fixed && node_lists(c, img, slot))
		return;
	int64_t pulled = p->pulled_s < now.wall_s ? p->pulled_s : now.wall_s;
	if (check_outdated(img, slot)) {
		p->flags |= PAIR_REPULL;
		return;
	}
	if (pulled + every_s <= now.wall_s) {
		enum check_due due = check_due(c, img, slot, every_s, now);
		if (due == CHECK_POD)
			p->flags |= PAIR_REPULL;
		if (due != CHECK_DONE)
			return;
		pulled = img->check.checked_s;
		p->pulled_s = (uint32_t)pulled;
		pull_avoided(c, img, slot);
		image_touch(c, img);
	}
	if (img->repull_s == 0 || pulled + every_s < img->repull_s)
		img->repull_s = pulled + every_s;
}

static void retry_by(struct core *c, struct image *img, int64_t at_ms)
{
	if (img->retry.place == 0 || at_ms < img->retry.at_ms)
		timer_set(&c->timers, &img->retry, at_ms);
}

bool pair_listed(const struct core *c, const struct image *img, int slot)
{
	return img->fixed && !c->nodes[slot].checks_credentials && node_lists(c, img, slot);
}

/* 17, 38. It is there and a pull could bring nothing new: cached, without a pod. */
static void settle_listed(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	if (p->pulled_s != 0 || (p->flags & PAIR_TARGETED) == 0 || (p->flags & PAIR_LIVE) != 0 ||
	    (!pair_listed(c, img, slot) && !check_vouches(c, img, slot, now)))
		return;
	pair_cached(p, now);
	check_found(c, img, slot);
	pull_avoided(c, img, slot);
	bool same = check_compare(c, img, slot) == CHECK_SAME;
	digest_listed(c, img, slot, same ? img->check.digest : NULL);
	image_touch(c, img);
}

static bool wants(const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	return (p->flags & (PAIR_TARGETED | PAIR_LIVE)) == PAIR_TARGETED &&
	       (p->pulled_s == 0 || (p->flags & PAIR_REPULL) != 0);
}

bool pair_held_back(const struct image *img, int slot)
{
	return wants(img, slot) && bit_get(img->held, (size_t)slot);
}

static void settle_waiting(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	int64_t retry_ms = pair_retry_ms(p);
	bool want = wants(img, slot) && c->nodes[slot].eligible;
	c->held_back |= want && bit_get(img->held, (size_t)slot);
	want = want && !bit_get(img->held, (size_t)slot);
	enum budget_state budget = budget_of(img, slot);
	want = want && budget != BUDGET_TOO_LARGE;
	bool later = want && (retry_ms > now.boot_ms || budget != BUDGET_FREE);
	bit_put(img->backoff, (size_t)slot, later);
	bit_put(img->waiting, (size_t)slot, want && !later);
	if (later && retry_ms > now.boot_ms)
		retry_by(c, img, retry_ms);
	if (want && !later) {
		img->n_waiting[p->pulled_s != 0]++;
		image_wake(c, img);
	}
	if (img->repull_s > now.wall_s)
		retry_by(c, img, now.boot_ms + (img->repull_s - now.wall_s) * 1000);
}

static bool places(struct core *c, const struct image *img, const struct node_slot *s)
{
	return s->present && !s->is_virtual &&
	       target_matches(&img->selector, &img->tolerations,
			      &policy_of_image(c, img)->tolerations, &s->labels, &s->taints);
}

static bool left_out(const struct image *img, int slot)
{
	return img->left_out != NULL && bit_get(img->left_out, (size_t)slot);
}

static void set_left_out(const struct core *c, struct image *img, int slot, bool on)
{
	if (left_out(img, slot) == on)
		return;
	if (img->left_out == NULL)
		img->left_out = xcalloc(c->cap / BITS_WORD, sizeof(*img->left_out));
	bit_put(img->left_out, (size_t)slot, on);
	img->n_left_out += on ? 1U : (uint32_t)-1;
}

/* 39, 41. */
static bool is_out(const struct core *c, const struct image *img, int slot)
{
	return platform_left_out(c, img, slot) || budget_of(img, slot) == BUDGET_LEFT_OUT;
}

/* 1, 39, 41. */
static void place(struct core *c, struct image *img, int slot)
{
	struct pair *p = &img->pairs[slot];
	uint8_t was = p->flags & PAIR_TARGETED;
	bool match = places(c, img, &c->nodes[slot]);
	bool out = match && is_out(c, img, slot);
	uint8_t is = match && !out ? PAIR_TARGETED : 0;
	if (match)
		platforms_see(c, img, slot);
	if (was == is && left_out(img, slot) == out)
		return;
	set_left_out(c, img, slot, out);
	if (was != is) {
		p->flags ^= PAIR_TARGETED;
		img->n_targeted += is ? 1U : (uint32_t)-1;
	}
	image_touch(c, img);
}

/* The registry told of other platforms or sizes, or the node has more or other images now. */
static void settle_left_out(struct core *c, struct image *img, int slot, struct now now)
{
	bool targeted = (img->pairs[slot].flags & PAIR_TARGETED) != 0;
	bool is_for = targeted || left_out(img, slot);
	int64_t again_ms = budget_settle(c, img, slot, is_for, now);
	if (again_ms != CLOCK_NEVER)
		retry_by(c, img, again_ms);
	if (is_for && is_out(c, img, slot) == targeted)
		place(c, img, slot);
}

void pairs_include(const struct core *c, struct image *img)
{
	img->n_left_out = 0;
	if (img->left_out != NULL)
		memset(img->left_out, 0, c->cap / BITS_WORD * sizeof(*img->left_out));
}

void pair_settle(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	if (!c->leading)
		return;
	settle_left_out(c, img, slot, now);
	settle_listed(c, img, slot, now);
	bool targeted = (p->flags & PAIR_TARGETED) != 0;
	if (targeted || left_out(img, slot))
		check_facts(c, img, now);
	if (left_out(img, slot))
		retry_by(c, img, now.boot_ms + CHECK_LEFT_OUT_MS);
	bool failing = targeted && p->pulled_s == 0 && p->attempts != 0;
	count(p, PAIR_READY, &img->n_ready, targeted && p->pulled_s != 0);
	count(p, PAIR_FAILING, &img->n_failing, failing);
	count(p, PAIR_DEGRADED, &img->n_degraded, failing && (p->flags & PAIR_DEGRADES));
	/* It may wait as another kind than before: take it out as what it was. */
	if (bit_get(img->waiting, (size_t)slot))
		img->n_waiting[bit_get(img->repulls, (size_t)slot)]--;
	settle_repull(c, img, slot, now);
	bit_put(img->repulls, (size_t)slot, p->pulled_s != 0);
	settle_waiting(c, img, slot, now);
	unlisted_settle(c, img, slot);
	if (img->gates)
		held_touch(c, slot);
	if (img->n_waiting[0] + img->n_waiting[1] == 0)
		img->waiting_ms = 0;
	else if (img->waiting_ms == 0)
		img->waiting_ms = now.boot_ms;
}

void node_settle_warm(struct core *c, int slot, struct now now)
{
	struct node_slot *s = &c->nodes[slot];
	bool any = false;
	if (s->cold_ms == 0)
		return;
	for (size_t i = 0; i < c->n_queue; i++) {
		const struct pair *p = &c->queue[i]->pairs[slot];
		if (c->queue[i]->suspended != SUSPENDED_NOT)
			continue; /* 50 */
		if ((p->flags & PAIR_TARGETED) != 0 && p->pulled_s == 0)
			return;
		any |= (p->flags & PAIR_TARGETED) != 0;
	}
	struct core_fact f = {
		.kind = FACT_NODE_WARM, .node = s->name, .took_ms = now.boot_ms - s->cold_ms};
	s->cold_ms = 0;
	if (any)
		fact_add(c, &f);
}

void pair_place(struct core *c, struct image *img, int slot, struct now now)
{
	place(c, img, slot);
	pair_settle(c, img, slot, now);
}

void pairs_place(struct core *c, struct image *img, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].name != NULL)
			pair_place(c, img, (int)slot, now);
}

void pair_cached(struct pair *p, struct now now)
{
	p->pulled_s = now.wall_s > 0 ? (uint32_t)now.wall_s : 1;
	p->attempts = 0;
	p->retry_ds = 0;
	p->cause = 0;
	p->flags &= (uint8_t) ~(PAIR_DEGRADES | PAIR_EVICTED);
}

/* A list of a node that is known may be older than this by its next heartbeat, never by more. */
#define LIST_AGE_S (15 * 60)

/*
 * 18. What an earlier leader pulled, by its own clock, is disproved only by a list that was made
 * after we took over, if it was lately or kubelets' clocks show that ours is another. What it pulled
 * the node may have lost, or be installed again, before we looked: then other nodes tell the size.
 */
static bool evicted(const struct core *c, const struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	const struct presence *list = &c->nodes[slot].images;
	presence_size size = img->sizes != NULL ? img->sizes[slot] : 0;
	int64_t since_s = p->pulled_s;
	bool earlier = since_s <= c->led_s;
	if (earlier && size == 0)
		size = size_on_others(c, img, slot);
	if (earlier && (since_s > c->led_s - LIST_AGE_S || list->ahead_s < 0))
		since_s = c->led_s;
	return p->pulled_s != 0 && (p->flags & PAIR_LIVE) == 0 && c->nodes[slot].present &&
	       presence_disproved(list, size, since_s);
}

/* 41. Its size is another: it may be too large now, or not fit. */
static void resize(struct core *c, struct image *img, struct now now)
{
	const struct policy *p = policy_of_image(c, img);
	sizes_changed(c);
	if (!c->leading || (p->max_image_bytes == 0 && p->disk_percent == 0))
		return;
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].name != NULL)
			pair_settle(c, img, (int)slot, now);
}

void pair_look(struct core *c, struct image *img, int slot, struct now now)
{
	presence_size size = presence_find(&c->nodes[slot].images, img->listed_as);
	if (size != 0 && img->sizes == NULL)
		img->sizes = xcalloc(c->cap, sizeof(*img->sizes));
	if (size != 0) {
		img->sizes[slot] = size;
		if (size_listed(c, img, slot, size))
			resize(c, img, now);
	}
	if (!c->leading)
		return;
	if (size == 0 && evicted(c, img, slot)) {
		struct pair *p = &img->pairs[slot];
		struct core_fact fact = {.kind = FACT_EVICTED,
					 .image = img->name,
					 .image_uid = img->uid,
					 .node = c->nodes[slot].name};
		fact_add(c, &fact);
		loss_add(c, img, slot, now);
		p->pulled_s = 0;
		p->flags |= PAIR_EVICTED;
		/* Its tag may mean something smaller by now: a list has to show the size again. */
		if (loss_count(img, slot, now) != 0)
			pair_unlisted(img, slot);
		image_touch(c, img);
	}
	pair_settle(c, img, slot, now);
	digest_look(c, img, slot);
}

void pairs_look(struct core *c, struct image *img, struct now now)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].present)
			pair_look(c, img, (int)slot, now);
}

void pair_unlisted(struct image *img, int slot)
{
	if (img->sizes != NULL)
		img->sizes[slot] = 0;
}

void pair_clear(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	bool known = p->pulled_s != 0 || p->attempts != 0;
	p->pulled_s = p->failed_s = p->retry_ds = 0;
	p->attempts = 0;
	p->cause = 0;
	p->flags &= (uint8_t) ~(PAIR_DEGRADES | PAIR_EVICTED);
	pair_unlisted(img, slot);
	check_clear(img, slot);
	loss_clear(img, slot);
	if (known)
		image_touch(c, img);
	pair_settle(c, img, slot, now);
}

void pair_failed(struct core *c, struct image *img, int slot, enum fault fault, const char *reason,
		 const char *message)
{
	struct pair *p = &img->pairs[slot];
	p->cause = 0;
	p->cause = cause_index(img, c->n_slots, reason != NULL ? reason : "",
			       message != NULL ? message : "");
	/* 19. Faults of the node show in the message only. */
	if (fault == FAULT_NODE)
		p->flags &= (uint8_t)~PAIR_DEGRADES;
	else
		p->flags |= PAIR_DEGRADES;
}

void pairs_due(struct core *c, struct image *img, struct now now)
{
	timer_stop(&c->timers, &img->retry);
	/* 39. */
	if (img->n_left_out != 0) {
		check_facts(c, img, now);
		retry_by(c, img, now.boot_ms + CHECK_LEFT_OUT_MS);
	}
	for (size_t slot = bit_next(img->backoff, 0, c->cap); slot < c->cap;
	     slot = bit_next(img->backoff, slot + 1, c->cap))
		pair_settle(c, img, (int)slot, now);
	if (img->repull_s == 0)
		return;
	if (img->repull_s > now.wall_s) {
		retry_by(c, img, now.boot_ms + (img->repull_s - now.wall_s) * 1000);
		return;
	}
	img->repull_s = 0;
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (img->pairs[slot].pulled_s != 0)
			pair_settle(c, img, (int)slot, now);
}
