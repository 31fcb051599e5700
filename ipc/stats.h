/*
 * The counters of a process: one table for all programs, the only place that names a
 * counter. dropctl stats prints them; tests read them to see that a dropped
 * message was counted. Adding one is adding a row; a row that nobody counts, or a
 * proc_count() of no row, fails tests/check.
 */
#ifndef DROP_IPC_STATS_H
#define DROP_IPC_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "ipc/msg.h"

/* C(name, doc); those of the message loop, then those of the programs. */
#define STATS(C)                                                                                   \
	C(turns, "turns of the main loop")                                                         \
	C(messages_received, "messages that were read and understood")                             \
	C(messages_sent, "messages handed to the sockets")                                         \
	C(bundles_sent, "bundles of them that were requests and answers")                          \
	C(requests_unanswered, "requests whose deadline passed or whose peer went")                \
	C(requests_refused, "requests not sent: no peer, queue full, or too many unanswered")      \
	C(answers_late, "answers after the deadline, or a second one")                             \
	C(answers_lost, "answers to a process that had gone, or that did not fit a queue")         \
	C(tap_lost, "messages not mirrored because they do not fit a tap frame")                   \
	C(effects, "bundles sent, doorbells and API writes (base/effect.h)")                       \
	C(pods_created, "puller: pods the API server made for us")                                 \
	C(pods_existed, "puller: pods that were there already (409)")                              \
	C(pods_refused, "puller: pods the API server will not have (403, 404, 422)")               \
	C(pod_creates_failed, "puller: creates without a usable answer")                           \
	C(pods_deleted, "puller: pods that are gone")                                              \
	C(pod_deletes_failed, "puller: deletes to be asked again")                                 \
	C(events_written, "reconciler: events made or counted up")                                 \
	C(events_dropped, "reconciler: facts that became no event")                                \
	C(pod_requests_dropped, "puller: requests too late or of another term")

#define STATS_ENUM(name, doc)  STAT_##name,
#define STATS_FAULT(name, doc) STAT_dropped_##name,
/* One for each way to refuse a message, named dropped_<fault>. */
enum stat_id { STATS(STATS_ENUM) MSG_FAULTS(STATS_FAULT) STAT_COUNT };

struct stats {
	uint64_t at[STAT_COUNT];
};

const char *stat_name(enum stat_id stat);
const char *stat_doc(enum stat_id stat);
/* -1: no such counter. */
int stat_find(const char *name);
void stats_fault(struct stats *s, enum msg_fault fault);
/* The body of a `stats` message; zeros only when all. */
struct msg_stats stats_message(const struct stats *s, bool all, struct arena *a);

#endif
