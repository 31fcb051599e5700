/*
 * What users read of a fact: type, reason and note of its event (behaviour.md 4, 11, 22).
 * Pure; strings are borrowed from the fact or in the arena.
 */
#ifndef DROP_RECONCILER_EVENTS_EVENT_TEXT_H
#define DROP_RECONCILER_EVENTS_EVENT_TEXT_H

#include "reconciler/core/core.h"
#include "reconciler/events/events.h"
#include "reconciler/sets/sets.h"

struct event_fact event_of_image(const struct core_fact *f, struct arena *a);
/* Is it about a node, and worth an event? */
bool event_is_of_node(const struct core_fact *f);
struct event_fact event_of_node(const struct core_fact *f, struct arena *a);
struct event_fact event_of_policy(const struct core_fact *f, struct arena *a);
struct event_fact event_of_set(const struct set_fact *f, struct arena *a);

#endif
