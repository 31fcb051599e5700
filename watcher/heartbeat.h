/*
 * When a node's heartbeat counts as a change (behaviour.md 18; must 5). Pure.
 */
#ifndef DROP_WATCHER_HEARTBEAT_H
#define DROP_WATCHER_HEARTBEAT_H

#include "api/kinds.h"

/* Of an unchanged node the heartbeat is passed on this often: 8 a second of 5,000 nodes. */
#define HEARTBEAT_EVERY_S (10 * 60)

/*
 * A kubelet tells its images and its heartbeat in one write, so the heartbeat that proves
 * something comes with the list that proves it. While the list stays the same, now keeps the
 * heartbeat of was and is no change. Both are trimmed (node_trim).
 */
void heartbeat_settle(const struct node *was, struct node *now);

#endif
