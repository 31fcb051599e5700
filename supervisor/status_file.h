/*
 * The socket folder and the file <socket-dir>/supervisor.status in it: one line per process, "name
 * pid state restarts", rewritten at each transition, so that any tool can read the state. A lock
 * prevents a second supervisor in the folder.
 */
#ifndef DROP_SUPERVISOR_STATUS_FILE_H
#define DROP_SUPERVISOR_STATUS_FILE_H

#include <sys/types.h>

#include "base/err.h"

#include "supervisor/decide.h"

#define STATUS_FILE "supervisor.status"
/* Boot milliseconds of the loop's last round but for STATUS_BEAT_MS, for who asks if we are stuck.
 */
#define STATUS_BEAT_FILE "supervisor.beat"
#define STATUS_BEAT_MS   5000

/* Makes the folder (ipc/endpoint.h) and locks it. The folder's descriptor, or -1 (ERR_TERMINAL). */
int status_open(const char *dir, struct err *err);
/* The loop has come round. A beat that cannot be written is a beat that is missed. */
void status_beat(int dir_fd, int64_t now_ms);
/* Replaces the file in one step. pids: 0 where no process runs. */
int status_write(int dir_fd, const struct child children[PROCESS_COUNT],
		 const pid_t pids[PROCESS_COUNT], struct err *err);

#endif
