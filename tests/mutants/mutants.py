"""The mutants: for a rule of behaviour, one line of the code, what it would be if the rule were not
held, and the test that must fail then. `old` must occur in the file exactly once."""
import collections

Mutant = collections.namedtuple("Mutant", "rule file old new test words", defaults=([],))

NAMES = "tests/reconciler/test_reconciler_sets_names"
SETS = "tests/reconciler/test_reconciler_sets"
STATUS = "tests/reconciler/test_reconciler_sets_status"
EVENTS = "tests/reconciler/test_reconciler_events"
SIM_SETS = "tests/sim/sim_sets"

MUTANTS = [
    Mutant(4, "reconciler/event_text.c", '[FACT_NO_NODES] = {true,', '[FACT_NO_NODES] = {false,', EVENTS),
    Mutant(11, "reconciler/event_text.c", '[FACT_POLICY_NOT_FOUND] = {true, "PolicyNotFound"',
           '[FACT_POLICY_NOT_FOUND] = {true, "NotFound"', EVENTS),
    Mutant(20, "reconciler/sets_status.c", "if (strcmp(set->ready_status, status) != 0) {",
           "if (status != NULL) {", STATUS),
    Mutant(21, "reconciler/sets_status.c", "at = set->written_ms + STATUS_PACE_MS;",
           "at = now.boot_ms;", STATUS),
    Mutant(21, "reconciler/sets_status.c", "if (set->known && set->hash == hash)",
           "if (set->known && set->hash != hash)", STATUS),
    Mutant(22, "reconciler/events.c", "else if (now.boot_ms >= s->written_ms + EVENTS_REPEAT_MS)",
           "else if (now.boot_ms >= s->written_ms)", EVENTS),
    Mutant(22, "reconciler/events.c", "n += e->recent[i] + SECOND_MS <= now.boot_ms;",
           "n += e->recent[i] <= now.boot_ms;", EVENTS),
    Mutant(22, "reconciler/events.c", "cut(&e->scratch, fact->note, EVENT_NOTE_MAX)",
           "cut(&e->scratch, fact->note, 4096)", EVENTS),
    Mutant(22, "reconciler/events.c", "		e->dropped++;\n		return;\n	}\n	list_append",
           "		return;\n	}\n	list_append", EVENTS),
    Mutant(22, "reconciler/events.c", "case EVENT_GONE:\n		forget_name(e, s);",
           "case EVENT_GONE:", EVENTS),
    Mutant(23, "reconciler/sets_names.c",
           "return clean(plain) && strlen(plain) <= API_NAME_MAX ? plain : NULL;",
           "return clean(plain) ? plain : plain;", NAMES),
    Mutant(23, "reconciler/sets_list.c", "const char *normal = ref_normal(&s->scratch, reference);",
           "const char *normal = reference;", SETS),
    Mutant(23, "reconciler/sets_children.c", "return !owned_equal(&set->owned, &c->owned) || c->label",
           "return c->label", SETS),
    Mutant(23, "reconciler/sets_children.c",
           "	return set->list_known ? CHILD_STALE : CHILD_KEPT;\n", "	return CHILD_KEPT;\n", SETS),
    Mutant(23, "reconciler/sets_children.c", "		    o->api_version != NULL && o->uid != NULL &&",
           "		    o->uid != NULL && o->controller == false &&", SETS),
    Mutant(23, "reconciler/sets_entries.c", "		.controller = true,", "		.controller = false,", SETS),
    Mutant(23, "reconciler/sets_entries.c", "	if (other != NULL && other != e)\n		return NAME_TAKEN;\n",
           "	(void)other, (void)e;\n", SETS),
    Mutant(23, "reconciler/sets_entries.c",
           "	if (e->asked != NULL)\n		timer_set(&s->timers, &e->timer, now.boot_ms + SET_UNSEEN_MS);\n",
           "	release_name(s, e);\n	(void)now;\n", SIM_SETS, ["--seeds", "40000"]),
    Mutant(23, "reconciler/sets.c", "i < SET_DELETES_MAX && ret->n_writes", "i < 1000 && ret->n_writes",
           SETS),
    Mutant(23, "reconciler/sets_list.c", "		want(s, set, &image);\n	else\n		set->n_skipped++;",
           "		want(s, set, &image);", STATUS),
    Mutant(24, "reconciler/sets_status.c",
           "if (set->discovered == DISCOVERY_MISSING || set->tally.degraded != 0)",
           "if (set->tally.degraded != 0)", STATUS),
    Mutant(24, "reconciler/sets_list.c",
           "set->list_known = state == DISCOVERY_NONE || state == DISCOVERY_KNOWN;",
           "set->list_known = true;", STATUS),
    Mutant(24, "reconciler/sets_children.c",
           " &&\n	       obj->status.observed_generation == obj->meta.generation;", ";", STATUS),
    Mutant(24, "reconciler/sets_status.c", "return n_images(set) != 0 && set->tally.ready",
           "return set->tally.ready", STATUS),
    Mutant(25, "reconciler/sets_list.c", "	set->deleting = true;\n", "", SETS),
    Mutant(32, "reconciler/sets.c", "	s->leading = lead;\n", "	s->leading = true;\n", SETS),
    Mutant(32, "reconciler/sets.c", "	if (!lead)\n		forget_all(s);\n",
           "	if (!lead && s->read > 1000)\n		forget_all(s);\n", SETS),
]
