/*
 * What a set wants (behaviour.md 23, 24): its own list, then what its DiscoveryPolicy
 * found, unique by normalised reference. Whether the list is complete: as long as it is
 * not, a child that is not on it is kept, as nobody knows whether it was discovered.
 */
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "api/tables.h"
#include "base/xalloc.h"

#include "reconciler/rules/pack.h"
#include "reconciler/sets/sets_model.h"

/* ---- DiscoveryPolicies ---- */

static struct discovery *discovery_find(struct sets *s, const char *name)
{
	struct discovery *d = map_get(&s->discoveries, name);
	if (d != NULL)
		return d;
	d = xcalloc(1, sizeof(*d));
	d->name = xstrdup(name);
	d->state = DISCOVERY_MISSING;
	list_init(&d->sets);
	map_put(&s->discoveries, d->name, d);
	return d;
}

static void discovery_release(struct sets *s, struct discovery *d)
{
	if (d->state != DISCOVERY_MISSING || !list_alone(&d->sets))
		return;
	map_del(&s->discoveries, d->name);
	free(d->mem);
	free(d->name);
	free(d);
}

static void dirty_all(struct sets *s, struct discovery *d)
{
	for (struct link *l = d->sets.next; l != &d->sets; l = l->next)
		set_dirty(s, LIST_MEMBER(l, struct set, of_discovery));
}

static enum discovery_state state_of(const struct api_condition *ready)
{
	if (ready == NULL || ready->status == NULL || strcmp(ready->status, "Unknown") == 0)
		return DISCOVERY_WAITED_FOR;
	return strcmp(ready->status, "True") == 0 ? DISCOVERY_KNOWN : DISCOVERY_FAILING;
}

void discovery_put(struct sets *s, const struct discoverypolicy *dp)
{
	const struct discovered_images *found = &dp->status.discovered_images;
	const struct api_condition *ready = api_condition_find(&dp->status.conditions, "Ready");
	struct discovery *d = discovery_find(s, dp->meta.name);
	struct api_name_refs names = {arena_array(&s->scratch, found->n, sizeof(*names.at)),
				      found->n};
	for (size_t i = 0; i < found->n; i++)
		names.at[i].name = found->at[i].image;
	d->read = s->read;
	d->state = state_of(ready);
	struct pack p = {0};
	void *old = d->mem;
	for (int copy = 0; copy < 2; copy++) {
		d->reason = pack_str(&p, ready != NULL ? ready->reason : NULL);
		d->images = pack_names(&p, &names);
		if (!copy)
			p = (struct pack){.mem = d->mem = xmalloc(p.used + 1)};
	}
	free(old);
	dirty_all(s, d);
}

void discovery_gone(struct sets *s, struct discovery *d)
{
	d->state = DISCOVERY_MISSING;
	d->images.n = 0;
	d->reason = NULL;
	dirty_all(s, d);
	discovery_release(s, d);
}

static enum discovery_state look(struct sets *s, struct set *set, struct now now)
{
	if (set->discovery == NULL)
		return DISCOVERY_NONE;
	if (set->discovery->state != DISCOVERY_MISSING || now.boot_ms >= set->patient_ms)
		return set->discovery->state;
	timer_set(&s->timers, &set->patience, set->patient_ms);
	return DISCOVERY_WAITED_FOR;
}

/* ---- sets ---- */

void set_dirty(struct sets *s, struct set *set)
{
	if (s->leading && !set->deleting)
		list_append(&s->dirty, &set->dirty);
}

static struct image_entries pack_images(struct pack *p, const struct image_entries *images)
{
	while (p->used % _Alignof(struct image_entry) != 0)
		p->used++;
	struct image_entries copy = {NULL, images->n};
	if (p->mem != NULL)
		copy.at = (struct image_entry *)(void *)(p->mem + p->used);
	p->used += images->n * sizeof(*images->at);
	for (size_t i = 0; i < images->n; i++) {
		const struct image_entry *from = &images->at[i];
		struct image_entry one = {pack_str(p, from->image), pack_str(p, from->tag),
					  pack_str(p, from->digest)};
		if (copy.at != NULL)
			copy.at[i] = one;
	}
	return copy;
}

static void copy_spec(struct set *set, const struct cachedimageset_spec *spec)
{
	struct owned owned = owned_of_set(spec);
	struct pack p = {0};
	void *old = set->mem;
	for (int copy = 0; copy < 2; copy++) {
		set->owned = owned_pack(&p, &owned);
		set->images = pack_images(&p, &spec->images);
		if (!copy)
			p = (struct pack){.mem = set->mem = xmalloc(p.used + 1)};
	}
	free(old);
}

static void follow(struct sets *s, struct set *set, const struct api_name_ref *ref)
{
	struct discovery *old = set->discovery;
	set->discovery = NULL;
	list_remove(&set->of_discovery);
	if (ref != NULL && ref->name != NULL) {
		set->discovery = discovery_find(s, ref->name);
		list_append(&set->discovery->sets, &set->of_discovery);
	}
	if (old != NULL && old != set->discovery)
		discovery_release(s, old);
}

static struct set *set_new(struct sets *s, const struct cachedimageset *obj, struct now now)
{
	struct set *set = xcalloc(1, sizeof(*set));
	set->name = xstrdup(obj->meta.name);
	set->uid = xstrdup(obj->meta.uid != NULL ? obj->meta.uid : "");
	set->timer.owner = TIMER_SET;
	set->patience.owner = TIMER_PATIENCE;
	/* From when we saw it: creationTimestamp is of the API server's clock. */
	set->patient_ms = now.boot_ms + SET_PATIENCE_MS;
	list_init(&set->listed);
	list_init(&set->of_discovery);
	list_init(&set->dirty);
	list_init(&set->of_orphans);
	orphans_join_set(s, set);
	set->family = family_hold(s, set->uid);
	set->family->set = set;
	map_put(&s->sets, set->name, set);
	return set;
}

void set_gone(struct sets *s, struct set *set)
{
	struct discovery *discovery = set->discovery;
	/* Its children are the garbage collector's now (25). */
	set->family->set = NULL;
	for (struct link *l = set->family->children.next; l != &set->family->children; l = l->next)
		child_forget(s, LIST_MEMBER(l, struct child, of_family));
	family_release(s, set->family);
	while (!list_alone(&set->listed))
		entry_free(s, LIST_MEMBER(set->listed.next, struct entry, of_set));
	orphans_leave_set(s, set);
	status_forget(s, set);
	timer_stop(&s->timers, &set->patience);
	list_remove(&set->dirty);
	list_remove(&set->of_discovery);
	if (discovery != NULL)
		discovery_release(s, discovery);
	map_del(&s->sets, set->name);
	map_done(&set->entries);
	free(set->mem);
	free(set->uid);
	free(set->name);
	free(set);
}

/* 25. No new children, and nothing else either: the garbage collector is at work. */
static void set_ends(struct sets *s, struct set *set, struct now now)
{
	set->deleting = true;
	list_remove(&set->dirty);
	timer_stop(&s->timers, &set->patience);
	status_forget(s, set);
	for (struct link *l = set->family->children.next; l != &set->family->children; l = l->next)
		child_settle(s, LIST_MEMBER(l, struct child, of_family), now);
	while (!list_alone(&set->listed))
		entry_free(s, LIST_MEMBER(set->listed.next, struct entry, of_set));
}

void set_observe(struct sets *s, const struct cachedimageset *obj, struct now now)
{
	struct set *set = map_get(&s->sets, obj->meta.name);
	if (set != NULL && strcmp(set->uid, obj->meta.uid != NULL ? obj->meta.uid : "") != 0) {
		set_gone(s, set);
		set = NULL;
	}
	bool created = set == NULL;
	if (created)
		set = set_new(s, obj, now);
	set->read = s->read;
	if (obj->meta.deleted != 0) {
		if (!set->deleting)
			set_ends(s, set, now);
		return;
	}
	status_observe(set, obj);
	uint64_t hash = spec_hash(&cachedimageset_spec_desc, &obj->spec);
	if (created || set->generation != obj->meta.generation || set->spec_hash != hash) {
		set->generation = obj->meta.generation;
		set->spec_hash = hash;
		copy_spec(set, &obj->spec);
		set->suspend = obj->spec.suspend;
		follow(s, set, obj->spec.discovery_policy_ref);
		set_dirty(s, set);
	}
	status_touch(s, set, now);
}

/* ---- the list ---- */

static void fill_entry(struct entry *e, const struct image_entry *image)
{
	struct image_entries one = {(struct image_entry *)(uintptr_t)image, 1};
	struct pack p = {0};
	void *old = e->mem;
	pack_images(&p, &one);
	p = (struct pack){.mem = e->mem = xmalloc(p.used)};
	e->image = *pack_images(&p, &one).at;
	free(old);
}

static void want(struct sets *s, struct set *set, const struct image_entry *image)
{
	const char *reference = ref_make(&s->scratch, image->image != NULL ? image->image : "",
					 image->tag, image->digest);
	const char *normal = ref_normal(&s->scratch, reference);
	/* An invalid one of the user's list gets its child too, which says what is wrong. */
	if (normal == NULL)
		normal = reference;
	struct entry *e = map_get(&set->entries, normal);
	if (e != NULL && e->build == set->build)
		return;
	if (set->n_wanted == SET_WANTED_MAX) {
		set->n_skipped++;
		return;
	}
	if (e == NULL)
		e = entry_new(set, normal);
	e->build = set->build;
	fill_entry(e, image);
	list_append(&set->listed, &e->of_set);
	set->n_wanted++;
}

static void want_discovered(struct sets *s, struct set *set, const char *reference)
{
	struct image_entry image = {0};
	if (ref_split(&s->scratch, reference, &image.image, &image.tag, &image.digest) == 0)
		want(s, set, &image);
	else
		set->n_skipped++;
}

void list_build(struct sets *s, struct set *set, struct now now)
{
	enum discovery_state state = look(s, set, now);
	list_remove(&set->dirty);
	set->discovered = state;
	set->build++;
	set->matched = false;
	set->n_wanted = set->n_skipped = 0;
	set->list_known = state == DISCOVERY_NONE || state == DISCOVERY_KNOWN;
	for (size_t i = 0; i < set->images.n; i++)
		want(s, set, &set->images.at[i]);
	/* A DiscoveryPolicy that fails may still show what it found before: wanted as before. */
	for (size_t i = 0; set->discovery != NULL && i < set->discovery->images.n; i++)
		want_discovered(s, set, set->discovery->images.at[i].name);
	for (struct link *l = set->family->children.next; l != &set->family->children;
	     l = l->next) {
		struct child *c = LIST_MEMBER(l, struct child, of_family);
		/* What differs now may be the set's doing: no quarrel. */
		c->again_ms = 0;
		child_settle(s, c, now);
	}
	for (struct link *l = set->listed.next, *next; l != &set->listed; l = next) {
		next = l->next;
		struct entry *e = LIST_MEMBER(l, struct entry, of_set);
		/* What was refused may be mended by what changed. */
		if (e->failures != 0 && e->asked == NULL)
			timer_stop(&s->timers, &e->timer);
		entry_settle(s, e, now);
	}
	if (state == DISCOVERY_MISSING && !set->told)
		set_fact(s, set, "DiscoveryPolicyNotFound", set->discovery->name);
	set->told = state == DISCOVERY_MISSING;
	status_touch(s, set, now);
}
