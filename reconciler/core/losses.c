/*
 * Counts of losses by slot, made with an image's first one: most images never lose any. The rules
 * are in losses.h.
 */
#include "reconciler/core/losses.h"

#include <inttypes.h>

#include "base/xalloc.h"
#include "reconciler/core/causes.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/pair_delay.h"
#include "reconciler/core/policies.h"

static struct loss *of(const struct core *c, struct image *img, int slot)
{
	if (img->losses == NULL)
		img->losses = xcalloc(c->cap, sizeof(*img->losses));
	return &img->losses[slot];
}

char *loss_text(uint32_t count, struct arena *a)
{
	return arena_printf(a,
			    "the node removed the image %" PRIu32 " times after it was pulled: its "
			    "images do not fit its disk together",
			    count);
}

/* The first loss costs no delay; the second one back-off, then doubling. */
static int64_t delay_ms(struct core *c, const struct image *img, int slot, uint32_t n)
{
	return n < 2 ? 0
		     : backoff_delay(policy_of_image(c, img)->backoff, n - 1,
				     pair_seed(c, img, slot));
}

static void show(struct core *c, struct image *img, int slot, uint32_t n)
{
	img->pairs[slot].cause =
		cause_index(img, c->n_slots, LOSS_REASON, loss_text(n, &c->scratch));
}

void loss_add(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	struct loss *l = of(c, img, slot);
	if (now.wall_s - p->pulled_s > LOSS_FORGET_S)
		l->n = 0;
	if (l->n < UINT16_MAX)
		l->n++;
	l->at_s = (uint32_t)now.wall_s;
	if (l->n < 2)
		return;
	show(c, img, slot, l->n);
	pair_wait(p, now.boot_ms + delay_ms(c, img, slot, l->n));
	struct core_fact fact = {.kind = FACT_EVICTING,
				 .image = img->name,
				 .image_uid = img->uid,
				 .node = c->nodes[slot].name,
				 .message = loss_text(l->n, &c->scratch)};
	fact_add(c, &fact);
}

uint32_t loss_count(const struct image *img, int slot, struct now now)
{
	if (img->losses == NULL || img->losses[slot].n < 2 ||
	    now.wall_s - img->losses[slot].at_s > LOSS_FORGET_S)
		return 0;
	return img->losses[slot].n;
}

int64_t loss_at(const struct image *img, int slot)
{
	return img->losses != NULL ? img->losses[slot].at_s : 0;
}

void loss_clear(struct image *img, int slot)
{
	if (img->losses != NULL)
		img->losses[slot] = (struct loss){0};
}

void loss_adopt(const struct core *c, struct image *img, int slot, int64_t count, int64_t at_s)
{
	struct loss *l = of(c, img, slot);
	l->n = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
	l->at_s = at_s > 0 && at_s < UINT32_MAX ? (uint32_t)at_s : 0;
}

int64_t loss_wait_until(struct core *c, const struct image *img, int slot)
{
	if (img->losses == NULL || img->losses[slot].n < 2)
		return 0;
	return img->losses[slot].at_s + delay_ms(c, img, slot, img->losses[slot].n) / 1000;
}
