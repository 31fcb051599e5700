/*
 * Whether nodes have to wait for children that are about to be made (behaviour 45). Only what is on
 * its way counts: who waits for what has failed would wait until the deadline.
 */
#include "reconciler/sets/sets_model.h"

/* The first sync of a DiscoveryPolicy is waited for so long after its set came. */
#define FIRST_SYNC_MS 60000

static bool lacks_children(const struct set *set)
{
	if (set->n_wanted <= set->tally.managed - set->tally.kept)
		return false;
	for (struct link *l = set->listed.next; l != &set->listed; l = l->next) {
		const struct entry *e = LIST_MEMBER(l, struct entry, of_set);
		if (e->build == set->build && e->child == NULL && e->trouble == NULL &&
		    e->failures == 0)
			return true;
	}
	return false;
}

bool sets_gate_pending(const struct sets *s, struct now now)
{
	const struct set *set;
	for (size_t i = 0; (set = map_next(&s->sets, &i)) != NULL;) {
		bool early = now.boot_ms < set->patient_ms - SET_PATIENCE_MS + FIRST_SYNC_MS;
		if (!set->owned.gate_nodes || set->deleting || set->suspend)
			continue;
		if (!list_alone(&set->dirty) || lacks_children(set) ||
		    (early && set->discovered == DISCOVERY_WAITED_FOR))
			return true;
	}
	return false;
}
