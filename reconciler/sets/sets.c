/*
 * The outside of the core of sets: hands what is observed to the part that owns it, and
 * runs a turn: lists that changed, then statuses, creates, repairs, deletes, as far as
 * there is room. Decides nothing itself.
 */
#include "reconciler/sets/sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "reconciler/sets/sets_model.h"

struct sets *sets_new(void)
{
	struct sets *s = xcalloc(1, sizeof(*s));
	list_init(&s->dirty);
	list_init(&s->creates);
	list_init(&s->patches);
	list_init(&s->deletes);
	return s;
}

void sets_free(struct sets *s)
{
	struct set *set;
	struct child *c;
	struct discovery *d;
	if (s == NULL)
		return;
	s->leading = false;
	for (size_t i = 0; (set = map_next(&s->sets, &i)) != NULL; i = 0)
		set_gone(s, set);
	for (size_t i = 0; (c = map_next(&s->children, &i)) != NULL; i = 0)
		child_free(s, c, (struct now){0});
	for (size_t i = 0; (d = map_next(&s->discoveries, &i)) != NULL; i = 0)
		discovery_gone(s, d);
	map_done(&s->sets);
	map_done(&s->discoveries);
	map_done(&s->families);
	map_done(&s->children);
	map_done(&s->orphans);
	map_done(&s->asked);
	timers_done(&s->timers);
	timers_done(&s->statuses);
	arena_done(&s->fact_mem);
	arena_done(&s->scratch);
	free(s);
}

/* ---- what is observed ---- */

void sets_put(struct sets *s, enum kind kind, const void *obj, struct now now)
{
	if (kind == KIND_CACHEDIMAGESET)
		set_observe(s, obj, now);
	else if (kind == KIND_CACHEDIMAGE)
		child_put(s, obj, now);
	else if (kind == KIND_DISCOVERYPOLICY)
		discovery_put(s, obj);
	arena_reset(&s->scratch);
}

void sets_gone(struct sets *s, enum kind kind, const char *name, struct now now)
{
	struct set *set;
	struct child *c;
	struct discovery *d;
	if (kind == KIND_CACHEDIMAGESET && (set = map_get(&s->sets, name)) != NULL)
		set_gone(s, set);
	else if (kind == KIND_CACHEDIMAGE && (c = map_get(&s->children, name)) != NULL)
		child_gone(s, c, now);
	else if (kind == KIND_DISCOVERYPOLICY && (d = map_get(&s->discoveries, name)) != NULL &&
		 d->state != DISCOVERY_MISSING)
		discovery_gone(s, d);
	arena_reset(&s->scratch);
}

const char *sets_child_of(const struct sets *s, const char *set, const char *normal)
{
	const struct set *of = map_get(&s->sets, set);
	const struct entry *e = of != NULL ? map_get(&of->entries, normal) : NULL;
	return e != NULL && e->child != NULL ? e->child->name : NULL;
}

void sets_mark(struct sets *s)
{
	s->read++;
}

/* All values of a map, as going through it while it changes is not possible. */
static void **all_of(struct sets *s, const struct map *m, size_t *ret_n)
{
	void **list = arena_array(&s->scratch, m->count + 1, sizeof(*list)), *value;
	*ret_n = 0;
	for (size_t i = 0; (value = map_next(m, &i)) != NULL;)
		list[(*ret_n)++] = value;
	return list;
}

void sets_sweep(struct sets *s, struct now now)
{
	size_t n;
	void **list = all_of(s, &s->sets, &n);
	for (size_t i = 0; i < n; i++)
		if (((struct set *)list[i])->read != s->read)
			set_gone(s, list[i]);
	list = all_of(s, &s->children, &n);
	for (size_t i = 0; i < n; i++)
		if (((struct child *)list[i])->read != s->read)
			child_gone(s, list[i], now);
	list = all_of(s, &s->discoveries, &n);
	for (size_t i = 0; i < n; i++) {
		struct discovery *d = list[i];
		if (d->state != DISCOVERY_MISSING && d->read != s->read)
			discovery_gone(s, d);
	}
	arena_reset(&s->scratch);
}

void sets_listed(struct sets *s, int64_t fresh_ms, struct now now)
{
	size_t n;
	void **list;
	if (fresh_ms <= s->listed_ms)
		return;
	s->listed_ms = fresh_ms;
	list = all_of(s, &s->sets, &n);
	for (size_t i = 0; i < n; i++)
		status_listed(s, list[i], fresh_ms, now);
	list = all_of(s, &s->children, &n);
	for (size_t i = 0; i < n; i++)
		child_listed(s, list[i], fresh_ms, now);
	arena_reset(&s->scratch);
}

static void forget_all(struct sets *s)
{
	struct set *set;
	struct child *c;
	for (size_t i = 0; (set = map_next(&s->sets, &i)) != NULL;) {
		list_remove(&set->dirty);
		timer_stop(&s->timers, &set->patience);
		status_forget(s, set);
		for (struct link *l = set->listed.next; l != &set->listed; l = l->next)
			entry_forget(s, LIST_MEMBER(l, struct entry, of_set));
	}
	for (size_t i = 0; (c = map_next(&s->children, &i)) != NULL;)
		child_forget(s, c);
}

void sets_lead(struct sets *s, bool lead)
{
	struct set *set;
	if (lead == s->leading)
		return;
	s->leading = lead;
	if (!lead)
		forget_all(s);
	for (size_t i = 0; (set = map_next(&s->sets, &i)) != NULL;)
		set_dirty(s, set);
}

/* ---- a turn ---- */

static void run_timers(struct sets *s, struct now now)
{
	struct timer *t;
	while ((t = timers_due(&s->timers, now.boot_ms)) != NULL) {
		if (t->owner == TIMER_ENTRY) {
			entry_due(s, LIST_MEMBER(t, struct entry, timer), now);
		} else if (t->owner == TIMER_CHILD) {
			child_due(s, LIST_MEMBER(t, struct child, timer), now);
		} else {
			timer_stop(&s->timers, t);
			set_dirty(s, LIST_MEMBER(t, struct set, patience));
		}
	}
	while (!list_alone(&s->dirty))
		list_build(s, LIST_MEMBER(s->dirty.next, struct set, dirty), now);
}

static void run_statuses(struct sets *s, struct now now, size_t room, struct arena *a,
			 struct set_actions *ret)
{
	struct timer *t;
	while (ret->n_writes < room && (t = timers_due(&s->statuses, now.boot_ms)) != NULL)
		if (status_write(s, LIST_MEMBER(t, struct set, timer), now, a,
				 &ret->writes[ret->n_writes]))
			ret->n_writes++;
}

static void run_children(struct sets *s, struct now now, size_t room, struct arena *a,
			 struct set_actions *ret)
{
	while (ret->n_writes < room && !list_alone(&s->creates)) {
		struct entry *e = LIST_MEMBER(s->creates.next, struct entry, queued);
		if (entry_create(s, e, now, a, &ret->writes[ret->n_writes]))
			ret->n_writes++;
	}
	while (ret->n_writes < room && !list_alone(&s->patches))
		ret->writes[ret->n_writes++] =
			child_patch(LIST_MEMBER(s->patches.next, struct child, queued), a);
	for (int i = 0; i < SET_DELETES_MAX && ret->n_writes < room && !list_alone(&s->deletes);
	     i++)
		ret->writes[ret->n_writes++] =
			child_delete(LIST_MEMBER(s->deletes.next, struct child, queued), a);
}

static void take_facts(struct sets *s, struct arena *a, struct set_actions *ret)
{
	ret->facts = arena_memdup(a, s->facts, s->n_facts * sizeof(*s->facts));
	ret->n_facts = s->n_facts;
	for (size_t i = 0; i < ret->n_facts; i++) {
		struct set_fact *f = &ret->facts[i];
		f->set = arena_strdup(a, f->set);
		f->uid = arena_strdup(a, f->uid);
		f->message = arena_strdup(a, f->message);
	}
	ret->facts_dropped = s->facts_dropped;
	s->n_facts = s->facts_dropped = 0;
	arena_reset(&s->fact_mem);
}

int64_t sets_turn(struct sets *s, struct now now, size_t room, struct arena *a,
		  struct set_actions *ret)
{
	*ret = (struct set_actions){0};
	if (!s->leading)
		return CLOCK_NEVER;
	ret->writes = arena_array(a, room, sizeof(*ret->writes));
	run_timers(s, now);
	run_statuses(s, now, room, a, ret);
	run_children(s, now, room, a, ret);
	take_facts(s, a, ret);
	arena_reset(&s->scratch);
	/* What is due now and found no room waits for room, not for time. */
	int64_t status_ms = timers_next_ms(&s->statuses), next = timers_next_ms(&s->timers);
	if (status_ms > now.boot_ms && status_ms < next)
		next = status_ms;
	bool left =
		!list_alone(&s->creates) || !list_alone(&s->patches) || !list_alone(&s->deletes);
	return left && ret->n_writes < room ? now.boot_ms : next;
}

void sets_answered(struct sets *s, enum set_verb verb, const char *name, const char *uid,
		   enum set_result result, uint64_t rv, const char *text, struct now now)
{
	struct entry *e;
	struct set *set;
	struct child *c;
	switch (verb) {
	case SET_CREATE:
		e = map_get(&s->asked, name);
		if (e != NULL && e->in_flight && !e->adopting && strcmp(e->set->uid, uid) == 0)
			entry_answered(s, e, result, text, now);
		break;
	case SET_ADOPT:
		e = map_get(&s->asked, name);
		if (e != NULL && e->in_flight && e->adopting)
			entry_adopted(s, e, result, text, now);
		break;
	case SET_PATCH:
	case SET_DELETE:
		c = map_get(&s->children, name);
		if (c != NULL && c->in_flight && strcmp(c->uid, uid) == 0)
			child_answered(s, c, verb, result, rv, now);
		break;
	case SET_STATUS:
		set = map_get(&s->sets, name);
		if (set != NULL && strcmp(set->uid, uid) == 0)
			status_answered(s, set, result, rv, now);
		break;
	}
	arena_reset(&s->scratch);
}
