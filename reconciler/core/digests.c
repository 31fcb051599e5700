/*
 * Which digest is known, owed, being read. Invariant: an image is in core.resolves only
 * while it owes a digest and no Node is being read for it.
 */
#include "reconciler/core/digests.h"

#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "base/xalloc.h"
#include "reconciler/core/pair_delay.h"
#include "reconciler/core/slots.h"

static void set(struct image *img, const char *digest)
{
	free(img->digest);
	img->digest = xstrdup(digest);
}

void digest_pulled(struct image *img, const char *digest, bool repull)
{
	if (digest != NULL) {
		digest_forget(img);
		set(img, digest);
	} else if (img->digest == NULL || repull) {
		img->digest_owed = true;
	}
}

void digest_listed(struct core *c, struct image *img, int slot, const char *known)
{
	if (img->digest != NULL)
		return;
	if (ref_digest(img->normal) != NULL)
		known = ref_digest(img->normal);
	if (known != NULL) {
		set(img, known);
		return;
	}
	img->digest_owed = true;
	digest_look(c, img, slot);
}

void digest_look(struct core *c, struct image *img, int slot)
{
	const struct pair *p = &img->pairs[slot];
	const struct presence *list = &c->nodes[slot].images;
	if (!c->leading || !img->digest_owed || img->resolving || p->pulled_s == 0 ||
	    !node_lists(c, img, slot))
		return;
	/* After a repull the list may still be the one from before it. */
	if (img->digest != NULL && presence_made_s(list) < p->pulled_s)
		return;
	img->resolve_slot = slot;
	list_append(&c->resolves, &img->resolve);
}

void digest_read(struct core *c, struct image *img, const char *reference, bool answered,
		 const char *digest)
{
	if (!img->resolving)
		return;
	img->resolving = false;
	if (!answered || !img->digest_owed || strcmp(reference, img->reference) != 0)
		return;
	img->digest_owed = false;
	if (digest == NULL)
		return;
	set(img, digest);
	image_touch(c, img);
}

void digest_forget(struct image *img)
{
	img->digest_owed = false;
	list_remove(&img->resolve);
}

void digest_fence(struct image *img)
{
	img->resolving = false;
	list_remove(&img->resolve);
}

void digests_run(struct core *c, size_t room, struct arena *a, struct core_actions *ret)
{
	ret->resolves = arena_array(a, room, sizeof(*ret->resolves));
	while (ret->n_resolves < room && !list_alone(&c->resolves)) {
		struct image *img = LIST_MEMBER(c->resolves.next, struct image, resolve);
		const struct node_slot *s = &c->nodes[img->resolve_slot];
		list_remove(&img->resolve);
		if (!s->present || img->pairs[img->resolve_slot].pulled_s == 0)
			continue;
		img->resolving = true;
		ret->resolves[ret->n_resolves++] = (struct core_resolve){
			.image_name = arena_strdup(a, img->name),
			.image_uid = arena_strdup(a, img->uid),
			.reference = arena_strdup(a, img->reference),
			.node = arena_strdup(a, s->name),
		};
	}
}
