/*
 * The supervisor: starts the processes of procs.def, starts them again when they die,
 * reaps, drains on SIGTERM or SIGINT, and gives up when one of them cannot live.
 *
 * It is told: signals, bytes on notify pipes, its configuration file, time. It sends: signals. It
 * links neither nng nor curl, reads no message and knows nothing of the cluster; losing the lease
 * is the watcher's business and restarts nothing (must 8, 11).
 */
#ifndef DROP_SUPERVISOR_SUPERVISE_H
#define DROP_SUPERVISOR_SUPERVISE_H

#include "supervisor/config.h"

/* Runs until drained; returns the exit code: 0 after a signal, 111 when a child cannot
 * live, 100 when a child says that its options are wrong. */
int supervise(struct config *config);

#endif
