/*
 * Which orphan an entry without a child would adopt, and which orphans are left alone (behaviour
 * 58). Matched anew only after an orphan, an entry or a child came or went.
 */
#include <string.h>

#include "reconciler/sets/sets_model.h"

bool child_better(const struct child *a, const struct child *b)
{
	if (a->created != b->created)
		return a->created < b->created;
	return strcmp(a->name, b->name) < 0;
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
