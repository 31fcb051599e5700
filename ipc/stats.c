/* The counters' names from their table, and their form as a message. */
#include "ipc/stats.h"

#include "base/names.h"

#define ROW_NAME(name, doc)   [STAT_##name] = #name,
#define FAULT_NAME(name, doc) [STAT_dropped_##name] = "dropped_" #name,
static const char *const stat_names[STAT_COUNT] = {STATS(ROW_NAME) MSG_FAULTS(FAULT_NAME)};

#define ROW_DOC(name, doc)   [STAT_##name] = (doc),
#define FAULT_DOC(name, doc) [STAT_dropped_##name] = "messages dropped: " doc,
static const char *const stat_docs[STAT_COUNT] = {STATS(ROW_DOC) MSG_FAULTS(FAULT_DOC)};

const char *stat_name(enum stat_id stat)
{
	return name_of(NAMES(stat_names), stat);
}

const char *stat_doc(enum stat_id stat)
{
	return name_of(NAMES(stat_docs), stat);
}

int stat_find(const char *name)
{
	return name_find(NAMES(stat_names), name);
}

#define FAULT_STAT(name, doc) [MSG_FAULT_##name] = STAT_dropped_##name,
static const enum stat_id fault_stats[MSG_FAULT_COUNT] = {MSG_FAULTS(FAULT_STAT)};

void stats_fault(struct stats *s, enum msg_fault fault)
{
	s->at[fault_stats[fault]]++;
}

struct msg_stats stats_message(const struct stats *s, bool all, struct arena *a)
{
	struct msg_stats m = {.counters.at =
				      arena_array(a, STAT_COUNT, sizeof(struct msg_counter))};
	for (int i = 0; i < STAT_COUNT; i++)
		if (all || s->at[i] != 0)
			m.counters.at[m.counters.n++] =
				(struct msg_counter){stat_names[i], s->at[i]};
	return m;
}
