/*
 * The supervisor: starts the processes of procs.def, restarts them when they die, reaps, stops them
 * in order on SIGTERM or SIGINT, and exits when one of them keeps failing.
 *
 * Input: signals, bytes on notify pipes, its configuration file, time. Output: signals. It links
 * neither nng nor curl, reads no messages and does not connect to the cluster; the loss of the
 * lease restarts nothing (must 8, 11).
 */
#ifndef DROP_SUPERVISOR_SUPERVISE_H
#define DROP_SUPERVISOR_SUPERVISE_H

#include "supervisor/config.h"

/* Runs until drained; returns the exit code: 0 after a signal, 111 when a child cannot
 * live, 100 when a child says that its options are wrong. */
int supervise(struct config *config);

#endif
