/*
 * Entries without a child, and the creates they ask for (behaviour.md 23). A create whose
 * outcome is unknown is asked again under the same name, so that a lost answer cannot make
 * a second child; an entry with such a create is kept after it left the list, for the same reason.
 * Invariant: an entry with a child asks for nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "api/ref.h"
#include "api/tables.h"
#include "base/xalloc.h"

#include "reconciler/sets/sets_model.h"
#include "reconciler/sets/names.h"

struct entry *entry_new(struct set *set, const char *normal)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	e->set = set;
	e->normal = xstrdup(normal);
	e->timer.owner = TIMER_ENTRY;
	list_init(&e->of_set);
	list_init(&e->queued);
	map_put(&set->entries, e->normal, e);
	return e;
}

/* Its name is free for others; what is known of the create is over. */
static void release_name(struct sets *s, struct entry *e)
{
	if (e->asked != NULL)
		map_del(&s->asked, e->asked);
	free(e->asked);
	e->asked = NULL;
	e->in_flight = e->made = e->adopting = false;
}

static void set_trouble(struct entry *e, const char *text)
{
	free(e->trouble);
	e->trouble = xstrdup(text);
}

void entry_forget(struct sets *s, struct entry *e)
{
	release_name(s, e);
	timer_stop(&s->timers, &e->timer);
	list_remove(&e->queued);
	e->waited = e->leaving = false;
	e->first = e->failures = 0;
}

void entry_free(struct sets *s, struct entry *e)
{
	entry_forget(s, e);
	if (e->child != NULL)
		e->child->role = CHILD_NONE;
	list_remove(&e->of_set);
	map_del(&e->set->entries, e->normal);
	free(e->trouble);
	free(e->mem);
	free(e->normal);
	free(e);
}

static bool wanted(const struct entry *e)
{
	return e->build == e->set->build;
}

void entry_settle(struct sets *s, struct entry *e, struct now now)
{
	if (e->child != NULL)
		return;
	if (!wanted(e)) {
		list_remove(&e->queued);
		if (e->asked == NULL) {
			entry_free(s, e);
			return;
		}
		/* As long as its create may come to light, it is remembered under which name. */
		if (!e->leaving)
			timer_set(&s->timers, &e->timer, now.boot_ms + SET_UNSEEN_MS);
		e->leaving = true;
		return;
	}
	if (e->leaving && !e->made)
		timer_stop(&s->timers, &e->timer);
	e->leaving = false;
	if (s->leading && !e->set->deleting && !e->in_flight && e->timer.place == 0)
		list_append(&s->creates, &e->queued);
}

/*
 * The name is kept for a while: of creates of that name whose answers were lost, one may
 * come to light after this child has gone again.
 */
void entry_attach(struct sets *s, struct entry *e, struct child *c, struct now now)
{
	e->child = c;
	e->set->matched = false;
	list_remove(&e->queued);
	e->waited = e->leaving = e->made = false;
	e->first = e->failures = 0;
	set_trouble(e, NULL);
	timer_stop(&s->timers, &e->timer);
	if (e->asked != NULL)
		timer_set(&s->timers, &e->timer, now.boot_ms + SET_UNSEEN_MS);
}

void entry_detach(struct sets *s, struct entry *e, struct now now)
{
	e->child = NULL;
	e->set->matched = false;
	timer_stop(&s->timers, &e->timer);
	entry_settle(s, e, now);
}

void entry_due(struct sets *s, struct entry *e, struct now now)
{
	timer_stop(&s->timers, &e->timer);
	if ((e->child != NULL || !wanted(e) || e->adopting) && !e->in_flight)
		release_name(s, e);
	/* Made, and never seen: it was deleted at once, or it is there and asking will tell. */
	e->made = e->leaving = false;
	entry_settle(s, e, now);
}

/* ---- names ---- */

enum name_state { NAME_FREE, NAME_LEAVING, NAME_TAKEN };

/* Who has the name, as far as the watch and our own creates tell. */
static enum name_state name_look(const struct sets *s, const struct entry *e, const char *name)
{
	const struct entry *other = map_get(&s->asked, name);
	const struct child *holder = map_get(&s->children, name);
	if (other != NULL && other != e)
		return NAME_TAKEN;
	if (holder == NULL)
		return NAME_FREE;
	/* Dying; about to be deleted by us; or its set is gone, and the collector will come. */
	bool orphan = holder->family != NULL && holder->family->set == NULL;
	return holder->deleting || holder->role == CHILD_STALE || orphan ? NAME_LEAVING
									 : NAME_TAKEN;
}

/* What is leaving is waited for, as the plain name is the better one. */
static bool wait_for_name(struct sets *s, struct entry *e, struct now now)
{
	if (!e->waited) {
		e->waited = true;
		e->waited_ms = now.boot_ms;
	}
	if (now.boot_ms >= e->waited_ms + SET_NAME_WAIT_MS)
		return false;
	timer_set(&s->timers, &e->timer, now.boot_ms + SET_NAME_LOOK_MS);
	return true;
}

static void back_off(struct sets *s, struct entry *e, const char *trouble, struct now now)
{
	set_trouble(e, trouble);
	timer_set(&s->timers, &e->timer, now.boot_ms + set_backoff(e->failures++));
	status_touch(s, e->set, now);
}

/* The name to ask for, or NULL: a timer is set. */
static const char *choose_name(struct sets *s, struct entry *e, struct now now, struct arena *a)
{
	const struct set *set = e->set;
	if (e->asked != NULL)
		return name_look(s, e, e->asked) == NAME_LEAVING && wait_for_name(s, e, now)
			       ? NULL
			       : e->asked;
	for (e->number = e->first; e->number < CHILD_NAMES_MAX; e->number++) {
		const char *name =
			child_name(a, set->name, set->uid, &e->image, e->normal, e->number);
		enum name_state state = name != NULL ? name_look(s, e, name) : NAME_TAKEN;
		if (state == NAME_FREE)
			return name;
		if (state == NAME_LEAVING && wait_for_name(s, e, now))
			return NULL;
	}
	e->first = 0;
	back_off(s, e, "all names of its child are taken", now);
	return NULL;
}

/* ---- creates ---- */

static struct api_owners owner_of_child(const struct set *set, struct arena *a)
{
	struct api_owner *owner = arena_alloc(a, sizeof(*owner));
	*owner = (struct api_owner){
		.api_version = API_GROUP "/" API_VERSION,
		.kind = kinds[KIND_CACHEDIMAGESET].kind,
		.name = arena_strdup(a, set->name),
		.uid = arena_strdup(a, set->uid),
		.controller = true,
		.block_owner_deletion = true,
	};
	return (struct api_owners){owner, 1};
}

/*
 * 23. A set that was stored before the CRD refused it may have a tag in `image` beside a digest,
 * and a child with such fields is refused: it gets the fields that mean the same reference.
 */
static void fill_reference(struct cachedimage_spec *spec, const struct image_entry *from,
			   struct arena *a)
{
	const char *image, *tag, *digest;
	spec->image = arena_strdup(a, from->image);
	spec->tag = arena_strdup(a, from->tag);
	spec->digest = arena_strdup(a, from->digest);
	if (ref_split(a, from->image, &image, &tag, &digest) != 0 || tag == NULL)
		return;
	const char *reference = ref_make(a, from->image, from->tag, from->digest);
	if (ref_split(a, reference, &image, &tag, &digest) != 0)
		return;
	spec->image = image;
	spec->tag = tag;
	spec->digest = digest;
}

static struct cachedimage *build_child(const struct entry *e, struct arena *a)
{
	struct cachedimage *ci = arena_alloc(a, sizeof(*ci));
	struct api_kv *label = arena_alloc(a, sizeof(*label));
	const struct set *set = e->set;
	*label = (struct api_kv){SET_LABEL, child_label(a, set->name)};
	ci->meta.name = arena_strdup(a, e->asked);
	ci->meta.labels = (struct api_map){label, 1};
	ci->meta.owners = owner_of_child(set, a);
	fill_reference(&ci->spec, &e->image, a);
	owned_fill(&set->owned, &ci->spec, a);
	return ci;
}

static void ask_for(struct sets *s, struct entry *e, const char *name)
{
	if (e->asked == NULL) {
		e->asked = xstrdup(name);
		map_put(&s->asked, e->asked, e);
	}
	e->in_flight = true;
}

/* 58. Instead of a second object for the reference. */
static bool adopt(struct sets *s, struct entry *e, struct arena *a, struct set_write *ret)
{
	const struct child *c = orphan_for(e);
	const struct entry *asked = c != NULL ? map_get(&s->asked, c->name) : NULL;
	/* A create of another name that is open may still come to light. */
	if (c == NULL || (e->asked != NULL && asked != e) || (asked != NULL && asked != e))
		return false;
	struct cachedimage *ci = arena_alloc(a, sizeof(*ci));
	ci->meta.owners = owner_of_child(e->set, a);
	ask_for(s, e, c->name);
	e->adopting = true;
	*ret = (struct set_write){
		.verb = SET_ADOPT,
		.set = arena_strdup(a, e->set->name),
		.name = arena_strdup(a, c->name),
		.uid = arena_strdup(a, c->uid),
		.rv = c->rv,
		.has_owners = c->has_owners,
		.child = ci,
	};
	return true;
}

bool entry_create(struct sets *s, struct entry *e, struct now now, struct arena *a,
		  struct set_write *ret)
{
	list_remove(&e->queued);
	if (adopt(s, e, a, ret))
		return true;
	const char *name = choose_name(s, e, now, a);
	if (name == NULL)
		return false;
	e->adopting = false;
	ask_for(s, e, name);
	*ret = (struct set_write){
		.verb = SET_CREATE,
		.set = arena_strdup(a, e->set->name),
		.name = arena_strdup(a, e->asked),
		.uid = arena_strdup(a, e->set->uid),
		.child = build_child(e, a),
	};
	return true;
}

void entry_answered(struct sets *s, struct entry *e, enum set_result result, const char *text,
		    struct now now)
{
	e->in_flight = false;
	switch (result) {
	case SET_DONE:
		e->made = true;
		timer_set(&s->timers, &e->timer, now.boot_ms + SET_UNSEEN_MS);
		return;
	case SET_TAKEN:
		/* By an object that the watch did not show yet. */
		release_name(s, e);
		e->first = e->number + 1;
		break;
	case SET_REFUSED:
		release_name(s, e);
		back_off(s, e, text != NULL && *text != '\0' ? text : "refused", now);
		break;
	case SET_GONE:
	case SET_FAILED:
		timer_set(&s->timers, &e->timer,
			  now.boot_ms +
				  (e->child == NULL && wanted(e) ? SET_AGAIN_MS : SET_UNSEEN_MS));
		return;
	}
	entry_settle(s, e, now);
}

void entry_adopted(struct sets *s, struct entry *e, enum set_result result, const char *text,
		   struct now now)
{
	e->in_flight = false;
	if (result == SET_DONE) {
		e->made = true;
		timer_set(&s->timers, &e->timer, now.boot_ms + SET_UNSEEN_MS);
		return;
	}
	/* Changed, gone, or refused: looked at anew. */
	release_name(s, e);
	if (e->child != NULL)
		return;
	if (result == SET_REFUSED)
		back_off(s, e, text != NULL && *text != '\0' ? text : "refused", now);
	else
		timer_set(&s->timers, &e->timer, now.boot_ms + SET_AGAIN_MS);
	entry_settle(s, e, now);
}
