/*
 * CachedImages with the label of a set and without a controller (behaviour 58): left by
 * `kubectl delete --cascade=orphan`, or restored from a backup without ownerReferences. One with
 * the reference of an entry that has no child becomes that child, of several the oldest. The others
 * are counted and named in the set's status, and left alone.
 *
 * They are grouped by the label's value, so that they may be there before their set. Which entry
 * would adopt which orphan is matched anew only after something changed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "reconciler/sets/names.h"
#include "reconciler/sets/sets_model.h"

static struct orphans *group_hold(struct sets *s, const char *label)
{
	struct orphans *g = map_get(&s->orphans, label);
	if (g != NULL)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->label = xstrdup(label);
	list_init(&g->members);
	list_init(&g->sets);
	map_put(&s->orphans, g->label, g);
	return g;
}

static void group_release(struct sets *s, struct orphans *g)
{
	if (!list_alone(&g->members) || !list_alone(&g->sets))
		return;
	map_del(&s->orphans, g->label);
	free(g->label);
	free(g);
}

static void changed(struct sets *s, struct orphans *g, struct now now)
{
	for (struct link *l = g->sets.next; l != &g->sets; l = l->next) {
		struct set *set = LIST_MEMBER(l, struct set, of_orphans);
		set->matched = false;
		status_touch(s, set, now);
	}
}

void orphans_join_set(struct sets *s, struct set *set)
{
	set->orphans = group_hold(s, child_label(&s->scratch, set->name));
	list_append(&set->orphans->sets, &set->of_orphans);
}

void orphans_leave_set(struct sets *s, struct set *set)
{
	list_remove(&set->of_orphans);
	group_release(s, set->orphans);
	set->orphans = NULL;
}

void orphan_join(struct sets *s, struct child *c, const char *label, struct now now)
{
	struct orphans *g = group_hold(s, label);
	if (c->group != g)
		orphan_leave(s, c, now);
	c->group = g;
	list_append(&g->members, &c->of_orphans);
	changed(s, g, now);
}

void orphan_leave(struct sets *s, struct child *c, struct now now)
{
	struct orphans *g = c->group;
	if (g == NULL)
		return;
	list_remove(&c->of_orphans);
	c->group = NULL;
	changed(s, g, now);
	group_release(s, g);
}

/* The entry that would adopt it if it were the only one, or NULL. */
static struct entry *claimant(struct set *set, const struct child *c)
{
	struct entry *e = map_get(&set->entries, c->normal);
	return e != NULL && e->build == set->build && e->child == NULL && !c->deleting ? e : NULL;
}

static void match(struct set *set)
{
	struct link *members = &set->orphans->members;
	if (set->matched)
		return;
	set->matched = true;
	set->match++;
	for (struct link *l = members->next; l != members; l = l->next) {
		struct child *c = LIST_MEMBER(l, struct child, of_orphans);
		struct entry *e = claimant(set, c);
		if (e == NULL || (e->match == set->match && !child_better(c, e->orphan)))
			continue;
		e->match = set->match;
		e->orphan = c;
	}
}

struct child *orphan_for(struct entry *e)
{
	match(e->set);
	return e->child == NULL && e->match == e->set->match ? e->orphan : NULL;
}

const char *orphans_left(struct set *set, size_t *ret_n, struct arena *a)
{
	const struct link *members = &set->orphans->members;
	const char *first[ORPHAN_NAMES_MAX];
	size_t n = 0;
	*ret_n = 0;
	match(set);
	for (const struct link *l = members->next; l != members; l = l->next) {
		const struct child *c = LIST_MEMBER(l, struct child, of_orphans);
		struct entry *e = claimant(set, c);
		if (c->deleting || (e != NULL && e->match == set->match && e->orphan == c))
			continue;
		++*ret_n;
		names_first(first, &n, ORPHAN_NAMES_MAX, c->name);
	}
	return names_text(first, n, *ret_n, a);
}
