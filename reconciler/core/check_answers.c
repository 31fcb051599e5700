/*
 * See check_answers.h. Invariant: settled_s is at most checked_s, and between the two some node has
 * not got what the registry had at checked_s.
 */
#include "reconciler/core/check_answers.h"

#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/xalloc.h"
#include "reconciler/core/checks.h"
#include "reconciler/core/facts.h"
#include "reconciler/core/pairs.h"
#include "reconciler/core/platforms.h"
#include "reconciler/core/sizes.h"
#include "reconciler/core/policies.h"

/* An answer that was given so shortly before the question is as good: others ask for the tag, too.
 */
#define CHECK_FRESH_MS (30 * 1000)

/* ---- questions ---- */

/* Platforms and bytes that matter; of the digest that is known only if something is missing. */
static void ask_platforms(struct core *c, struct image *img, struct arena *a,
			  struct core_check *ret)
{
	bool sizes;
	ret->platforms = platforms_wanted(c, img, &sizes);
	img->check.asked_of = img->seen_platforms;
	if (sizes)
		ret->n_sized = platforms_of_nodes(c, img, a, &ret->sized);
	if (ret->platforms && !platforms_owed(c, img))
		ret->have = arena_strdup(a, img->check.digest);
}

void checks_run(struct core *c, struct now now, size_t room, struct arena *a,
		struct core_actions *ret)
{
	ret->checks = arena_array(a, room, sizeof(*ret->checks));
	while (ret->n_checks < room && !list_alone(&c->checks)) {
		struct image *img = LIST_MEMBER(c->checks.next, struct image, check.wanted);
		struct core_check *k = &ret->checks[ret->n_checks++];
		list_remove(&img->check.wanted);
		img->check.asked = true;
		*k = (struct core_check){
			.image_name = arena_strdup(a, img->name),
			.image_uid = arena_strdup(a, img->uid),
			.reference = arena_strdup(a, img->reference),
			.secrets = {arena_array(a, img->secrets.n, sizeof(*k->secrets.at)),
				    img->secrets.n},
			.after_ms = now.boot_ms - CHECK_FRESH_MS,
		};
		for (size_t i = 0; i < img->secrets.n; i++)
			k->secrets.at[i].name = arena_strdup(a, img->secrets.at[i].name);
		ask_platforms(c, img, a, k);
	}
}

/* ---- answers ---- */

static void set_digest(struct core *c, struct image *img, const char *digest)
{
	struct tag_check *k = &img->check;
	char *own = xstrdup(digest);
	const char *repository = ref_repository(&c->scratch, img->normal);
	free(k->digest);
	k->digest = own;
	k->listed_as = ref_hash(arena_printf(&c->scratch, "%s@%s", repository, own));
}

static void note_answer(struct core *c, struct image *img, const struct core_told *told,
			struct now now)
{
	struct tag_check *k = &img->check;
	bool same = k->digest != NULL && strcmp(k->digest, told->digest) == 0;
	if (k->digest != NULL && !same)
		fact_of_image(c, FACT_TAG_MOVED, img,
			      arena_printf(&c->scratch, "from %s to %s", k->digest, told->digest));
	if (!same)
		k->moved_s = now.wall_s;
	if (!same || told->platforms.n != 0)
		platforms_take(img, &told->platforms);
	sizes_changed(c);
	set_digest(c, img, told->digest);
	/* Until the first answer each node had what our pulls had brought. */
	if (k->settled_s == 0)
		k->settled_s = img->pulled_at < now.wall_s ? img->pulled_at : now.wall_s;
	k->checked_s = now.wall_s;
	k->checked_ms = now.boot_ms;
	k->is_public = told->is_public;
	free(k->trouble);
	k->trouble = NULL;
}

/* It counts as pulled at the time of the check, except if a pod is due (CHECK_POD_EVERY). */
static void proven(struct core *c, struct image *img, int slot, struct now now)
{
	struct pair *p = &img->pairs[slot];
	const struct policy *policy = policy_of_image(c, img);
	int64_t every_s = (policy->repull_ms + 999) / 1000, checked_s = img->check.checked_s;
	bool due = check_outdated(img, slot) || p->pulled_s + every_s <= now.wall_s;
	check_set_outdated(c, img, slot, false);
	if (check_pod_due(c, img, slot, now.wall_s))
		return;
	if (p->pulled_s < checked_s)
		p->pulled_s = (uint32_t)checked_s;
	if (due)
		pull_avoided(c, img, slot);
}

/*
 * Only when repulls are due are nodes told to be outdated: else they are when theirs is. Who has
 * been pulled since the tag moved, and still has something else, has a mirror that is behind.
 */
static bool outdated(const struct core *c, const struct image *img, int slot)
{
	const struct tag_check *k = &img->check;
	return k->for_repulls && !platform_lacks(c, img, slot) &&
	       check_pod_s(img, slot) < k->moved_s;
}

static void compare(struct core *c, struct image *img, int slot, struct now now)
{
	const struct pair *p = &img->pairs[slot];
	if (p->pulled_s == 0 || !c->nodes[slot].present || (p->flags & PAIR_LIVE) != 0)
		return;
	enum check_match match = check_compare(c, img, slot);
	if (match == CHECK_SAME)
		proven(c, img, slot, now);
	else if (match == CHECK_OTHER && outdated(c, img, slot))
		check_set_outdated(c, img, slot, true);
}

static void unknown(struct image *img, const struct core_told *told, struct now now)
{
	struct tag_check *k = &img->check;
	k->retry_ms = now.boot_ms + CHECK_RETRY_MS;
	free(k->trouble);
	k->trouble = xstrdup(told->text != NULL ? told->text : "");
	k->code = told->code;
}

void check_told(struct core *c, struct image *img, const struct core_told *told, struct now now)
{
	bool due = img->check.due;
	if (!img->check.asked)
		return;
	check_fence(img);
	img->check.for_repulls = due && told->known;
	if (told->known)
		note_answer(c, img, told, now);
	else
		unknown(img, told, now);
	img->check.again_ms = now.boot_ms + CHECK_AGAIN_MS;
	for (size_t slot = 0; slot < c->n_slots; slot++) {
		if (c->nodes[slot].name == NULL)
			continue;
		if (told->known && check_possible(c, img))
			compare(c, img, (int)slot, now);
		pair_settle(c, img, (int)slot, now);
	}
	image_wake(c, img);
	/* What was asked without need is in the next write. */
	if (due)
		image_touch(c, img);
}

void check_look(struct core *c, struct image *img, int slot, struct now now)
{
	bool was = check_outdated(img, slot);
	/* An answer that is not good any more says nothing of what a list shows that came later. */
	if (!was && !(img->check.for_repulls && check_good(img, now) && check_possible(c, img)))
		return;
	if (check_compare(c, img, slot) != (was ? CHECK_SAME : CHECK_OTHER))
		return;
	compare(c, img, slot, now);
	if (check_outdated(img, slot) != was)
		image_touch(c, img);
}

/* ---- the status ---- */

void check_adopt(struct image *img, const struct cachedimage_status *st)
{
	const struct registry_status *r = st->registry;
	struct tag_check *k = &img->check;
	check_forget(img);
	if (r != NULL && r->message != NULL) {
		k->trouble = xstrdup(r->message);
		k->code = 0; /* part of the message */
	}
	if (r == NULL || r->digest == NULL || r->checked_at <= 0)
		return;
	k->digest = xstrdup(r->digest);
	k->checked_s = r->checked_at;
	k->settled_s = r->settled_at < r->checked_at ? r->settled_at : r->checked_at;
	k->moved_s = r->checked_at + 1;
	platforms_take(img, &r->platforms);
}

int64_t check_known_s(const struct image *img, int64_t pulled_s)
{
	const struct tag_check *k = &img->check;
	if (k->checked_s == 0 || k->settled_s == 0)
		return pulled_s;
	return k->settled_s; /* settled since the last check, it is that of the check */
}

void check_begin(struct core *c, struct image *img)
{
	struct tag_check *k = &img->check;
	if (k->digest == NULL)
		return;
	char *digest = xstrdup(k->digest);
	set_digest(c, img, digest);
	free(digest);
	check_keep(c, img);
	for (size_t slot = 0; slot < c->n_slots; slot++)
		if (img->pulled_at != 0 && img->pod_s[slot] > img->pulled_at)
			img->pod_s[slot] = (uint32_t)img->pulled_at;
	check_resume(c, img);
}

void check_resume(struct core *c, struct image *img)
{
	const struct tag_check *k = &img->check;
	if (k->checked_ms == 0 && k->settled_s < k->checked_s && check_possible(c, img))
		check_want(c, img);
}

struct registry_status *check_status(struct image *img, bool settled, struct arena *a)
{
	struct tag_check *k = &img->check;
	if (k->checked_s == 0 && k->trouble == NULL)
		return NULL;
	if (settled && k->checked_s != 0)
		k->settled_s = k->checked_s;
	struct registry_status *r = arena_alloc(a, sizeof(*r));
	*r = (struct registry_status){
		.digest = arena_strdup(a, k->digest),
		.checked_at = k->checked_s,
		.settled_at = k->settled_s,
	};
	r->platforms = (struct image_platforms){
		arena_array(a, k->platforms.n, sizeof(*r->platforms.at)), k->platforms.n};
	for (size_t i = 0; i < k->platforms.n; i++)
		r->platforms.at[i] = (struct image_platform){
			arena_strdup(a, k->platforms.at[i].platform), k->platforms.at[i].bytes};
	if (k->trouble != NULL)
		r->message = k->code != 0 ? arena_printf(a, "%s (HTTP %d)", k->trouble, k->code)
					  : arena_strdup(a, k->trouble);
	return r;
}
