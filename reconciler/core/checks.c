/*
 * See checks.h. Invariant: pod_s and outdated are there together, or neither; without them each
 * pull was a pod's.
 */
#include "reconciler/core/checks.h"

#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/xalloc.h"
#include "reconciler/core/platforms.h"
#include "reconciler/core/policies.h"
#include "reconciler/core/slots.h"
#include "reconciler/rules/bits.h"

static bool allowed(struct core *c, const struct image *img)
{
	return c->checks_allowed && img->listed_as != 0 && img->suspended == SUSPENDED_NOT &&
	       policy_of_image(c, img)->checks;
}

bool check_possible(struct core *c, const struct image *img)
{
	const struct policy *p = policy_of_image(c, img);
	return allowed(c, img) && !img->fixed && p->repull_ms != 0 && !p->repull_always;
}

bool check_good(const struct image *img, struct now now)
{
	const struct tag_check *k = &img->check;
	return k->checked_ms != 0 && now.boot_ms - k->checked_ms < CHECK_GOOD_MS;
}

/* ---- per node ---- */

void check_keep(const struct core *c, struct image *img)
{
	if (img->pod_s != NULL)
		return;
	img->pod_s = xcalloc(c->cap, sizeof(*img->pod_s));
	img->outdated = xcalloc(c->cap / BITS_WORD, sizeof(*img->outdated));
	for (size_t slot = 0; slot < c->cap; slot++)
		img->pod_s[slot] = img->pairs[slot].pulled_s;
}

void check_clear(struct image *img, int slot)
{
	if (img->pod_s == NULL)
		return;
	img->pod_s[slot] = 0;
	bit_put(img->outdated, (size_t)slot, false);
}

bool check_outdated(const struct image *img, int slot)
{
	return img->outdated != NULL && bit_get(img->outdated, (size_t)slot);
}

void check_set_outdated(const struct core *c, struct image *img, int slot, bool on)
{
	check_keep(c, img);
	bit_put(img->outdated, (size_t)slot, on);
}

int64_t check_pod_s(const struct image *img, int slot)
{
	return img->pod_s != NULL ? img->pod_s[slot] : img->pairs[slot].pulled_s;
}

void check_pulled(struct image *img, int slot, const char *digest, struct now now)
{
	struct tag_check *k = &img->check;
	bool same = digest != NULL && img->digest != NULL && strcmp(digest, img->digest) == 0;
	if (digest == NULL)
		k->told_since_s = 0;
	else if (!same || k->told_since_s == 0)
		k->told_since_s = now.wall_s;
	if (img->pod_s == NULL)
		return;
	img->pod_s[slot] = (uint32_t)now.wall_s;
	bit_put(img->outdated, (size_t)slot, false);
}

void check_secrets_changed(const struct core *c, struct image *img)
{
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (c->nodes[slot].checks_credentials && img->pairs[slot].pulled_s != 0) {
			check_keep(c, img);
			img->pod_s[slot] = 0;
		}
}

bool check_pod_due(struct core *c, const struct image *img, int slot, int64_t at_s)
{
	int64_t every_s = (policy_of_image(c, img)->repull_ms + 999) / 1000;
	return check_pod_s(img, slot) + CHECK_POD_EVERY * every_s <= at_s;
}

/* ---- what is known ---- */

/* 17a. Would the kubelet give it to a pod of ours without asking the registry? */
static bool usable(const struct core *c, const struct image *img, int slot)
{
	return !c->nodes[slot].checks_credentials || img->check.is_public ||
	       check_pod_s(img, slot) != 0;
}

/* Our own pull there told the digest that the registry tells. */
static bool told(const struct image *img, int slot)
{
	const struct tag_check *k = &img->check;
	return k->told_since_s != 0 && check_pod_s(img, slot) >= k->told_since_s &&
	       img->digest != NULL && strcmp(img->digest, k->digest) == 0;
}

enum check_match check_compare(const struct core *c, const struct image *img, int slot)
{
	const struct presence *list = &c->nodes[slot].images;
	int tag = presence_entry(list, img->listed_as);
	if (tag < 0 || img->check.digest == NULL || !usable(c, img, slot))
		return CHECK_UNCLEAR;
	if (presence_entry(list, img->check.listed_as) == tag)
		return CHECK_SAME;
	/* A list from before our pull, or one that hides names, tells nothing against it. */
	bool hides = (tag & PRESENCE_NAMES_FULL) != 0 ||
		     presence_made_s(list) <= check_pod_s(img, slot) + PRESENCE_AFTER_S;
	if (hides)
		return told(img, slot) ? CHECK_SAME : CHECK_UNCLEAR;
	return CHECK_OTHER;
}

enum check_due check_due(struct core *c, struct image *img, int slot, int64_t every_s,
			 struct now now)
{
	const struct tag_check *k = &img->check;
	bool lacks = platform_lacks(c, img, slot);
	if (!check_possible(c, img) || now.boot_ms < k->retry_ms || check_outdated(img, slot) ||
	    !node_lists(c, img, slot) || (!lacks && check_pod_due(c, img, slot, now.wall_s)))
		return CHECK_POD;
	/* Counted from it, the next repull is still to come: else it would be due at once again. */
	if (!check_good(img, now) || k->checked_s + every_s <= now.wall_s) {
		check_want(c, img);
		return CHECK_WAIT;
	}
	return lacks || check_compare(c, img, slot) == CHECK_SAME ? CHECK_DONE : CHECK_POD;
}

/* ---- asking ---- */

static void ask(struct core *c, struct image *img)
{
	if (!img->check.asked && list_alone(&img->check.wanted))
		list_append(&c->checks, &img->check.wanted);
}

void check_want(struct core *c, struct image *img)
{
	img->check.due = true;
	ask(c, img);
}

static bool asking(const struct image *img)
{
	return img->check.asked || !list_alone(&img->check.wanted);
}

static void ask_and_hold(struct core *c, struct image *img, struct now now)
{
	if (asking(img))
		return;
	img->check.hold_ms = now.boot_ms + CHECK_HOLD_MS;
	ask(c, img);
}

/* Of a digest nothing else is asked but what decides something; what is never pulled, not at all.
 */
static bool facts_owed(struct core *c, const struct image *img, struct now now)
{
	const struct tag_check *k = &img->check;
	if (k->public_wanted && k->checked_ms == 0)
		return true;
	if (strcmp(img->pull_policy, "Never") == 0)
		return false;
	bool by_digest = strchr(img->reference, '@') != NULL;
	if (by_digest)
		return platforms_owed(c, img);
	bool old = k->checked_ms == 0 || now.boot_ms - k->checked_ms >= CHECK_LEFT_OUT_MS;
	return k->digest == NULL || (old && img->n_left_out != 0) || platforms_owed(c, img);
}

void check_facts(struct core *c, struct image *img, struct now now)
{
	const struct tag_check *k = &img->check;
	/* Too soon after the last, unless nodes have another platform since. */
	bool soon = now.boot_ms < k->again_ms && k->asked_of == img->seen_platforms;
	if (soon || asking(img) || !allowed(c, img) || !facts_owed(c, img, now))
		return;
	ask_and_hold(c, img, now);
}

bool check_holds(struct core *c, const struct image *img, int slot, int64_t now_ms, int64_t *wake)
{
	const struct tag_check *k = &img->check;
	if (now_ms >= k->hold_ms || !asking(img) || img->pairs[slot].pulled_s != 0)
		return false;
	if (!node_lists(c, img, slot) && !platforms_owed(c, img))
		return false;
	if (k->hold_ms < *wake)
		*wake = k->hold_ms;
	return true;
}

bool check_vouches(struct core *c, struct image *img, int slot, struct now now)
{
	struct tag_check *k = &img->check;
	if (!allowed(c, img) || !node_lists(c, img, slot))
		return false;
	if (img->fixed) {
		k->public_wanted = true;
		check_facts(c, img, now);
		return k->checked_ms != 0 && check_compare(c, img, slot) == CHECK_SAME;
	}
	if (check_good(img, now))
		return check_compare(c, img, slot) == CHECK_SAME;
	if (now.boot_ms >= k->retry_ms)
		ask_and_hold(c, img, now);
	return false;
}

/* Where credentials matter it is no pull of ours. */
void check_found(const struct core *c, struct image *img, int slot)
{
	if (c->nodes[slot].checks_credentials)
		check_keep(c, img);
	if (img->pod_s != NULL)
		img->pod_s[slot] =
			c->nodes[slot].checks_credentials ? 0 : img->pairs[slot].pulled_s;
}

void check_fence(struct image *img)
{
	img->check.asked = img->check.due = false;
	img->check.hold_ms = 0;
	list_remove(&img->check.wanted);
}

void check_forget(struct image *img)
{
	struct tag_check *k = &img->check;
	check_fence(img);
	free(k->digest);
	free(k->trouble);
	platforms_take(img, &(struct image_platforms){0});
	free(k->platforms.at);
	*k = (struct tag_check){0};
	list_init(&k->wanted);
	free(img->pod_s);
	free(img->outdated);
	img->pod_s = NULL;
	img->outdated = NULL;
}

void check_done(struct image *img)
{
	check_forget(img);
}
