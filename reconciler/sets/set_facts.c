/*
 * What all files of this folder share: the back-off of a write that failed, and the list of facts
 * that become events at the end of a turn. The list is bounded; facts beyond it are counted.
 */
#include "reconciler/sets/sets_model.h"

int64_t set_backoff(unsigned failures)
{
	int64_t delay = SET_BACKOFF_MS;
	while (failures-- != 0 && delay < SET_BACKOFF_MAX_MS)
		delay *= 2;
	return delay < SET_BACKOFF_MAX_MS ? delay : SET_BACKOFF_MAX_MS;
}

void set_fact(struct sets *s, const struct set *set, const char *reason, const char *message)
{
	if (s->n_facts == SET_FACTS_MAX) {
		s->facts_dropped++;
		return;
	}
	s->facts[s->n_facts++] = (struct set_fact){
		.set = arena_strdup(&s->fact_mem, set->name),
		.uid = arena_strdup(&s->fact_mem, set->uid),
		.reason = reason,
		.message = arena_strdup(&s->fact_mem, message),
	};
}
