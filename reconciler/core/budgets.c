/*
 * Sizes against limits; see budgets.h. Invariant: n_too_large and n_no_room count the marks of
 * budget[]; without it both are 0.
 */
#include "reconciler/core/budgets.h"

#include <stdlib.h>

#include "api/quantity.h"
#include "base/xalloc.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/pair_delay.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/slots.h"
#include "reconciler/core/unlisted.h"

/* Marks of a pair; any other but 0: the boot second since which it waits for room. */
#define MARK_LARGE   UINT32_MAX       /* and lacks the image */
#define MARK_OLD     (UINT32_MAX - 1) /* has the image, which is too large */
#define MARK_NO_ROOM (UINT32_MAX - 2) /* for long */

static uint32_t mark_of(const struct image *img, int slot)
{
	return img->budget != NULL ? img->budget[slot] : 0;
}

enum budget_state budget_of(const struct image *img, int slot)
{
	switch (mark_of(img, slot)) {
	case 0:
		return BUDGET_FREE;
	case MARK_LARGE:
	case MARK_OLD:
		return BUDGET_TOO_LARGE;
	case MARK_NO_ROOM:
		return BUDGET_LEFT_OUT;
	default:
		return BUDGET_NO_ROOM;
	}
}

uint32_t budget_too_large(const struct image *img)
{
	return img->n_too_large;
}

uint32_t budget_left_out(const struct image *img)
{
	return img->n_no_room;
}

/* The policy that limits the pair; NULL: none does. */
static const struct policy *limits(struct core *c, const struct image *img, int slot)
{
	const struct policy *p = policy_of_image(c, img);
	if (p->max_image_bytes == 0 && p->disk_percent == 0)
		return NULL;
	return policy_of_pair(c, img, slot) == p ? p : NULL;
}

bool budget_look(struct core *c, const struct image *img, int slot, struct budget_room *ret)
{
	const struct node_slot *s = &c->nodes[slot];
	const struct policy *p = limits(c, img, slot);
	if (p == NULL || p->disk_percent == 0 || s->disk_bytes == 0 ||
	    s->images.n_images >= BUDGET_LIST_FULL || !size_on_disk(c, img, slot, &ret->needed))
		return false;
	ret->used = s->images.total * (s->lists_unpacked ? 1 : SIZE_UNPACKED);
	ret->allowed = s->disk_bytes / 100 * (uint64_t)p->disk_percent;
	return true;
}

static bool too_large(struct core *c, const struct image *img, int slot)
{
	const struct policy *p = limits(c, img, slot);
	uint64_t bytes;
	return p != NULL && p->max_image_bytes != 0 && image_bytes(c, img, slot, &bytes) &&
	       bytes > p->max_image_bytes;
}

/* What the node lists already needs nothing more. */
static bool full(struct core *c, const struct image *img, int slot)
{
	struct budget_room r;
	return !node_lists(c, img, slot) && budget_look(c, img, slot, &r) &&
	       r.used + r.needed > r.allowed;
}

static uint32_t judge(struct core *c, const struct image *img, int slot, struct now now)
{
	const struct pair *p = &img->pairs[slot];
	uint32_t mark = mark_of(img, slot), now_s = (uint32_t)(now.boot_ms / 1000) + 1;
	bool waits = mark != 0 && mark < MARK_NO_ROOM;
	if (too_large(c, img, slot))
		return p->pulled_s == 0 ? MARK_LARGE : MARK_OLD;
	if ((p->flags & PAIR_LIVE) != 0 || !full(c, img, slot))
		return 0;
	if (p->pulled_s != 0)
		return waits ? mark : now_s;
	/* An earlier leader has left nodes out: it had waited. */
	if (mark == MARK_NO_ROOM ||
	    (mark == 0 && img->skipped_before && now.wall_s <= c->led_s + 60))
		return MARK_NO_ROOM;
	if (!waits)
		return now_s;
	return now_s - mark >= BUDGET_PATIENCE_S ? MARK_NO_ROOM : mark;
}

static void put(struct core *c, struct image *img, int slot, uint32_t mark)
{
	uint32_t old = mark_of(img, slot);
	if (old == mark)
		return;
	if (img->budget == NULL)
		img->budget = xcalloc(c->cap, sizeof(*img->budget));
	img->budget[slot] = mark;
	img->n_too_large += (mark == MARK_LARGE) - (old == MARK_LARGE);
	img->n_no_room += (mark == MARK_NO_ROOM) - (old == MARK_NO_ROOM);
	image_touch(c, img);
	if (mark == MARK_LARGE && img->n_too_large == 1)
		fact_of_image(c, FACT_TOO_LARGE, img, budget_large_text(c, img, &c->scratch));
	if (mark == MARK_NO_ROOM && img->n_no_room == 1 && !img->skipped_before) {
		struct core_fact f = {.kind = FACT_NO_ROOM,
				      .image = img->name,
				      .image_uid = img->uid,
				      .node = c->nodes[slot].name};
		fact_add(c, &f);
	}
}

/* One Warning a policy: its share is not checked on a node, perhaps on many. */
static void tell_unchecked(struct core *c, const struct image *img, int slot)
{
	struct policy *p = policy_of_image(c, img);
	if (p->said_unchecked || p->disk_percent == 0 ||
	    c->nodes[slot].images.n_images < BUDGET_LIST_FULL || limits(c, img, slot) == NULL)
		return;
	p->said_unchecked = true;
	struct core_fact f = {.kind = FACT_DISK_UNCHECKED,
			      .image = img->name,
			      .image_uid = img->uid,
			      .node = c->nodes[slot].name};
	fact_add(c, &f);
}

int64_t budget_settle(struct core *c, struct image *img, int slot, bool is_for, struct now now)
{
	const struct policy *p = policy_of_image(c, img);
	bool limited = p->max_image_bytes != 0 || p->disk_percent != 0;
	if (!limited && img->budget == NULL)
		return CLOCK_NEVER;
	if (limited && is_for)
		tell_unchecked(c, img, slot);
	put(c, img, slot, limited && is_for ? judge(c, img, slot, now) : 0);
	uint32_t mark = mark_of(img, slot);
	if (mark == 0 || mark >= MARK_NO_ROOM || img->pairs[slot].pulled_s != 0)
		return CLOCK_NEVER;
	return ((int64_t)mark + BUDGET_PATIENCE_S) * 1000;
}

bool budget_room(struct core *c, const struct image *img, int slot, uint64_t more)
{
	struct budget_room r;
	if (node_lists(c, img, slot) || !budget_look(c, img, slot, &r))
		return true;
	r.used += more;
	/* Most nodes that are full are full by their lists: nothing else has to be looked at. */
	return r.used + r.needed <= r.allowed &&
	       r.used + r.needed + unlisted_bytes(c, img, slot) <= r.allowed;
}

const char *budget_large_text(struct core *c, const struct image *img, struct arena *a)
{
	const struct policy *p = policy_of_image(c, img);
	char has[QUANTITY_TEXT_MAX], may[QUANTITY_TEXT_MAX];
	uint64_t bytes = 0;
	image_bytes_anywhere(img, &bytes);
	quantity_format(has, bytes);
	quantity_format(may, p->max_image_bytes);
	return arena_printf(a, "image has %s, maxImageSize of policy %s is %s", has,
			    p->name != NULL ? p->name : "", may);
}

void budgets_forget(struct image *img)
{
	free(img->budget);
	img->budget = NULL;
	img->n_too_large = img->n_no_room = 0;
}
