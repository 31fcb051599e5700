/*
 * CachedImages as they are observed, and what is to be done with those that belong to a
 * set (behaviour.md 23): kept, put right, or deleted. Of anybody else's only the name is
 * remembered, which it takes from ours. Invariant: the set's counters are the sums over
 * what child_settle() has counted.
 */
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "api/tables.h"
#include "base/xalloc.h"

#include "reconciler/rules/pack.h"
#include "reconciler/rules/set_owner.h"
#include "reconciler/sets/sets_model.h"
#include "reconciler/sets/names.h"

/* ---- families ---- */

struct family *family_hold(struct sets *s, const char *uid)
{
	struct family *f = map_get(&s->families, uid);
	if (f != NULL)
		return f;
	f = xcalloc(1, sizeof(*f));
	f->uid = xstrdup(uid);
	list_init(&f->children);
	map_put(&s->families, f->uid, f);
	return f;
}

void family_release(struct sets *s, struct family *f)
{
	if (f->set != NULL || !list_alone(&f->children))
		return;
	map_del(&s->families, f->uid);
	free(f->uid);
	free(f);
}

static bool has_controller(const struct api_meta *meta)
{
	for (size_t i = 0; i < meta->owners.n; i++)
		if (meta->owners.at[i].controller)
			return true;
	return false;
}

static const char *normal_of(struct arena *a, const struct cachedimage_spec *spec)
{
	const char *reference =
		ref_make(a, spec->image != NULL ? spec->image : "", spec->tag, spec->digest);
	const char *normal = ref_normal(a, reference);
	return normal != NULL ? normal : reference;
}

bool sets_same_child(struct arena *a, const struct cachedimage *found,
		     const struct cachedimage *wanted)
{
	const char *owner = set_owner_uid(&found->meta);
	return found->meta.deleted == 0 && owner != NULL &&
	       strcmp(owner, set_owner_uid(&wanted->meta)) == 0 &&
	       strcmp(normal_of(a, &found->spec), normal_of(a, &wanted->spec)) == 0;
}

bool sets_adoptable(struct arena *a, const struct cachedimage *found,
		    const struct cachedimage *wanted)
{
	const char *label = api_map_get(&found->meta.labels, SET_LABEL);
	return found->meta.deleted == 0 && label != NULL && !has_controller(&found->meta) &&
	       strcmp(label, api_map_get(&wanted->meta.labels, SET_LABEL)) == 0 &&
	       strcmp(normal_of(a, &found->spec), normal_of(a, &wanted->spec)) == 0;
}

/* ---- the model ---- */

static void copy_spec(struct sets *s, struct child *c, const struct cachedimage *obj)
{
	struct owned owned = owned_of_child(&obj->spec);
	const char *normal = normal_of(&s->scratch, &obj->spec);
	struct pack p = {0};
	void *old = c->mem;
	for (int copy = 0; copy < 2; copy++) {
		c->owned = owned_pack(&p, &owned);
		c->normal = pack_str(&p, normal);
		c->label = pack_str(&p, api_map_get(&obj->meta.labels, SET_LABEL));
		if (!copy)
			p = (struct pack){.mem = c->mem = xmalloc(p.used + 1)};
	}
	free(old);
}

static struct child *child_new(struct sets *s, const struct cachedimage *obj)
{
	struct child *c = xcalloc(1, sizeof(*c));
	c->name = xstrdup(obj->meta.name);
	c->uid = xstrdup(obj->meta.uid != NULL ? obj->meta.uid : "");
	c->timer.owner = TIMER_CHILD;
	list_init(&c->of_family);
	list_init(&c->of_orphans);
	list_init(&c->queued);
	map_put(&s->children, c->name, c);
	return c;
}

static void leave_family(struct sets *s, struct child *c)
{
	struct family *f = c->family;
	list_remove(&c->of_family);
	c->family = NULL;
	if (f != NULL)
		family_release(s, f);
}

void child_free(struct sets *s, struct child *c, struct now now)
{
	orphan_leave(s, c, now);
	list_remove(&c->queued);
	timer_stop(&s->timers, &c->timer);
	leave_family(s, c);
	map_del(&s->children, c->name);
	free(c->mem);
	free(c->uid);
	free(c->name);
	free(c);
}

static void count(struct tally *t, const struct child *c, uint32_t by)
{
	bool counts = c->role == CHILD_WANTED || c->role == CHILD_KEPT;
	t->managed += counts ? by : 0;
	t->kept += c->role == CHILD_KEPT ? by : 0;
	t->stale += c->role == CHILD_STALE ? by : 0;
	t->ready += counts && c->counted_ready ? by : 0;
	t->degraded += counts && c->counted_degraded ? by : 0;
	t->stalled += counts && c->counted_stalled ? by : 0;
}

static struct entry *entry_of(const struct set *set, const struct child *c)
{
	struct entry *e = map_get(&set->entries, c->normal);
	return e != NULL && e->build == set->build ? e : NULL;
}

static enum child_role role_of(const struct set *set, const struct child *c)
{
	if (set->deleting || c->deleting || set->build == 0)
		return CHILD_NONE;
	struct entry *e = entry_of(set, c);
	if (e != NULL)
		return e->child == NULL || e->child == c || child_better(c, e->child) ? CHILD_WANTED
										      : CHILD_STALE;
	return set->list_known ? CHILD_STALE : CHILD_KEPT;
}

static bool drifted(const struct set *set, const struct child *c, struct arena *a)
{
	return !owned_equal(&set->owned, &c->owned) || c->label == NULL ||
	       strcmp(c->label, child_label(a, set->name)) != 0;
}

static void queue(struct sets *s, struct child *c, const struct set *set, struct now now)
{
	bool mend = (c->role == CHILD_WANTED || c->role == CHILD_KEPT) && c->rv >= c->written_rv &&
		    drifted(set, c, &s->scratch);
	bool remove = c->role == CHILD_STALE && !c->deleted;
	list_remove(&c->queued);
	timer_stop(&s->timers, &c->timer);
	/* No quarrel: the last repair has lasted for a while. */
	if (now.boot_ms >= c->again_ms + SET_BACKOFF_MS)
		c->repairs = 0;
	if (!s->leading || c->in_flight || (!mend && !remove))
		return;
	if (now.boot_ms < c->again_ms)
		timer_set(&s->timers, &c->timer, c->again_ms);
	else
		list_append(mend ? &s->patches : &s->deletes, &c->queued);
}

/* The entry whose place on the list the child has, or NULL. */
static struct entry *place_of(const struct set *set, const struct child *c)
{
	struct entry *e = map_get(&set->entries, c->normal);
	return e != NULL && e->child == c ? e : NULL;
}

static void take_role(struct sets *s, struct set *set, struct child *c, enum child_role role,
		      struct now now)
{
	struct tally before = set->tally;
	count(&set->tally, c, (uint32_t)-1);
	if (c->role != role)
		c->again_ms = 0;
	c->role = role;
	c->counted_ready = c->ready;
	c->counted_degraded = c->degraded;
	c->counted_stalled = c->stalled;
	count(&set->tally, c, 1);
	if (memcmp(&before, &set->tally, sizeof(before)) != 0)
		status_touch(s, set, now);
}

void child_settle(struct sets *s, struct child *c, struct now now)
{
	struct set *set = c->family != NULL ? c->family->set : NULL;
	if (set == NULL)
		return;
	enum child_role role = role_of(set, c);
	struct entry *e = role == CHILD_WANTED ? entry_of(set, c) : NULL;
	struct child *loser = e != NULL && e->child != c ? e->child : NULL;
	struct entry *left = role != CHILD_WANTED ? place_of(set, c) : NULL;
	if (e != NULL)
		entry_attach(s, e, c, now);
	take_role(s, set, c, role, now);
	queue(s, c, set, now);
	if (left != NULL)
		entry_detach(s, left, now);
	if (loser != NULL)
		child_settle(s, loser, now);
}

/* Nobody judges it any more: its set is gone, or it is no child of it now. */
static void leave_set(struct sets *s, struct child *c, struct now now)
{
	struct set *set = c->family != NULL ? c->family->set : NULL;
	if (set != NULL) {
		struct entry *left = place_of(set, c);
		take_role(s, set, c, CHILD_NONE, now);
		if (left != NULL)
			entry_detach(s, left, now);
	}
	c->role = CHILD_NONE;
	child_forget(s, c);
}

void child_forget(struct sets *s, struct child *c)
{
	list_remove(&c->queued);
	timer_stop(&s->timers, &c->timer);
	c->in_flight = c->deleted = false;
	c->again_ms = 0;
	c->repairs = 0;
	if (c->family == NULL || c->family->set == NULL)
		c->role = CHILD_NONE;
}

/* 24. Of its present generation: what is said of an older one is not said of it. */
static bool has_phase(const struct cachedimage *obj, const char *phase)
{
	return obj->status.phase != NULL && strcmp(obj->status.phase, phase) == 0 &&
	       obj->status.observed_generation == obj->meta.generation;
}

/* 58. No set has it: does it carry the label of one? */
static void put_orphan(struct sets *s, struct child *c, const struct cachedimage *obj,
		       struct now now)
{
	const char *label = api_map_get(&obj->meta.labels, SET_LABEL);
	if (label == NULL || *label == '\0' || has_controller(&obj->meta)) {
		orphan_leave(s, c, now);
		return;
	}
	c->has_owners = obj->meta.owners.n != 0;
	copy_spec(s, c, obj);
	orphan_join(s, c, label, now);
}

void child_put(struct sets *s, const struct cachedimage *obj, struct now now)
{
	struct child *c = map_get(&s->children, obj->meta.name);
	const char *uid = set_owner_uid(&obj->meta);
	if (c != NULL && strcmp(c->uid, obj->meta.uid != NULL ? obj->meta.uid : "") != 0) {
		child_gone(s, c, now);
		c = NULL;
	}
	if (c == NULL)
		c = child_new(s, obj);
	c->read = s->read;
	c->rv = obj->meta.rv;
	c->created = obj->meta.created;
	c->deleting = obj->meta.deleted != 0;
	if (c->family != NULL && (uid == NULL || strcmp(uid, c->family->uid) != 0)) {
		leave_set(s, c, now);
		leave_family(s, c);
	}
	if (uid == NULL) {
		put_orphan(s, c, obj, now);
		return;
	}
	orphan_leave(s, c, now);
	if (c->family == NULL) {
		c->family = family_hold(s, uid);
		list_append(&c->family->children, &c->of_family);
	} else if (c->family->set != NULL &&
		   strcmp(c->normal, normal_of(&s->scratch, &obj->spec)) != 0) {
		struct entry *left = place_of(c->family->set, c);
		if (left != NULL)
			entry_detach(s, left, now);
	}
	copy_spec(s, c, obj);
	c->ready = has_phase(obj, "Ready");
	c->degraded = has_phase(obj, "Degraded");
	c->stalled = obj->status.observed_generation == obj->meta.generation &&
		     health_of(&obj->status.conditions).health == HEALTH_STALLED;
	child_settle(s, c, now);
}

/* It had a place on the list: a second child for it, about to be deleted, may stay. */
static void look_again(struct sets *s, struct set *set, const char *normal, struct now now)
{
	for (struct link *l = set->family->children.next, *next; l != &set->family->children;
	     l = next) {
		struct child *c = LIST_MEMBER(l, struct child, of_family);
		next = l->next;
		if (c->role == CHILD_STALE && strcmp(c->normal, normal) == 0)
			child_settle(s, c, now);
	}
}

void child_gone(struct sets *s, struct child *c, struct now now)
{
	struct set *set = c->family != NULL ? c->family->set : NULL;
	bool place = set != NULL && c->role == CHILD_WANTED && set->tally.stale != 0;
	char *normal = place ? arena_strdup(&s->scratch, c->normal) : NULL;
	if (c->family != NULL)
		leave_set(s, c, now);
	child_free(s, c, now);
	if (place)
		look_again(s, set, normal, now);
}

void child_due(struct sets *s, struct child *c, struct now now)
{
	timer_stop(&s->timers, &c->timer);
	child_settle(s, c, now);
}

/* ---- writes ---- */

struct set_write child_patch(struct child *c, struct arena *a)
{
	const struct set *set = c->family->set;
	struct cachedimage *is = arena_alloc(a, sizeof(*is)), *want = arena_alloc(a, sizeof(*want));
	struct api_kv *labels = arena_array(a, 2, sizeof(*labels));
	labels[0] = (struct api_kv){SET_LABEL, arena_strdup(a, c->label)};
	labels[1] = (struct api_kv){SET_LABEL, child_label(a, set->name)};
	is->meta.labels = (struct api_map){&labels[0], c->label != NULL};
	want->meta.labels = (struct api_map){&labels[1], 1};
	owned_fill(&c->owned, &is->spec, a);
	owned_fill(&set->owned, &want->spec, a);
	list_remove(&c->queued);
	c->in_flight = true;
	return (struct set_write){
		.verb = SET_PATCH,
		.set = arena_strdup(a, set->name),
		.name = arena_strdup(a, c->name),
		.uid = arena_strdup(a, c->uid),
		.child = want,
		.old = is,
	};
}

struct set_write child_delete(struct child *c, struct arena *a)
{
	list_remove(&c->queued);
	c->in_flight = true;
	return (struct set_write){
		.verb = SET_DELETE,
		.set = arena_strdup(a, c->family->set->name),
		.name = arena_strdup(a, c->name),
		.uid = arena_strdup(a, c->uid),
	};
}

void child_answered(struct sets *s, struct child *c, enum set_verb verb, enum set_result result,
		    uint64_t rv, struct now now)
{
	c->in_flight = false;
	c->acked_ms = now.boot_ms;
	if (result == SET_DONE && verb == SET_DELETE) {
		c->deleted = true;
	} else if (result == SET_DONE) {
		/* Edited back each time, it is mended ever more rarely. */
		int64_t delay = c->repairs != 0 ? set_backoff(c->repairs - 1) : 0;
		c->written_rv = rv;
		c->again_ms = now.boot_ms + (rv == 0 && delay == 0 ? SET_AGAIN_MS : delay);
		c->repairs++;
	} else {
		/* Gone: the watch will say so. */
		c->again_ms = now.boot_ms +
			      (result == SET_REFUSED ? set_backoff(c->repairs++) : SET_AGAIN_MS);
	}
	child_settle(s, c, now);
}

void child_listed(struct sets *s, struct child *c, int64_t fresh_ms, struct now now)
{
	bool lost = c->deleted || c->rv < c->written_rv;
	if (c->acked_ms >= fresh_ms)
		return;
	c->written_rv = 0;
	c->deleted = false;
	if (lost)
		child_settle(s, c, now);
}
