/*
 * CachedImages with the label of a set and without a controller (behaviour 58): left by
 * `kubectl delete --cascade=orphan`, or restored from a backup without ownerReferences. One with
 * the reference of an entry that has no child becomes that child, of several the oldest. The others
 * are counted and named in the set's status, and left alone.
 *
 * They are grouped by the label's value, so that they may be there before their set. Which entry
 * adopts which of them is decided in orphan_match.c.
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
