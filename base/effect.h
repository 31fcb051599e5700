/*
 * Counts the external effects of a process: bundles of messages, doorbells, API writes. For the
 * crash tests (tests/pipeline, tests/e2e): built with the option crash_points, and with
 * DROP_CRASH_PROC=<name> and DROP_CRASH_AFTER=<n> in the environment, the process of that name
 * kills itself with SIGKILL right after its n-th effect, so that a test can try every n. With
 * DROP_CRASH_ONCE=<file> it does so only if it can make that file, so that the restarted process
 * continues. Without these variables, or without the option, it only counts.
 *
 * Called by ipc/ after each bundle or doorbell it sent and by kube/ after each write was sent and
 * after it was answered. A base/ module because both share one count.
 */
#ifndef DROP_BASE_EFFECT_H
#define DROP_BASE_EFFECT_H

#include <stdint.h>

/* Reads the environment; before it nothing crashes. Called once, by proc_main(). */
void effect_init(const char *proc);
void effect_count(void);
uint64_t effect_total(void);

#endif
