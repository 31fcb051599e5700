/*
 * drop-tap: watches the processes of one socket folder talk. It subscribes to each
 * <proc>.tap, which mirrors only while somebody listens, and prints one JSON line a
 * message; or asks one process for its counters. It owns nothing, changes nothing,
 * and any number of them may run. What it misses because it is slow is lost.
 */
#ifndef DROP_IPC_TAP_H
#define DROP_IPC_TAP_H

#include "ipc/proc.h"

/* Milliseconds that --stats waits for the process, and then for its answer. */
#define TAP_STATS_MS 5000

extern const struct proc_def tap_proc;

/* One line for a frame, with its newline; pure. */
void tap_line(enum proc_id process, const struct msg_tap_frame *frame, int64_t wall_us,
	      struct buf *out);

#endif
