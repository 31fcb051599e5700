/*
 * Starts a child: its own process group, limits, the notify pipe, and a parent-death signal. All
 * data is prepared before fork(), so that between fork() and execve() only async-signal-safe calls
 * are made.
 */
#ifndef DROP_SUPERVISOR_SPAWN_H
#define DROP_SUPERVISOR_SPAWN_H

#include <sys/types.h>

#include "base/err.h"

#include "supervisor/decide.h"
#include "supervisor/options.h"

/* Bytes of "<host>_<16 hex>"; host names have at most 64. */
#define IDENTITY_MAX 96
/* 32 hex digits and a NUL. */
#define HASH_KEY_MAX 33

struct spawner {
	const struct supervisor_options *options;
	char *bin_dir;               /* owned */
	char identity[IDENTITY_MAX]; /* who we are on the lease, must 7 */
	char hash_key[HASH_KEY_MAX]; /* of the tree's hashes of image names (ipc/proc_keys.c) */
};

struct spawned {
	pid_t pid;
	int notify_fd; /* one byte is readable when the child is ready; the caller closes it */
};

/* Finds the programs, makes the identity and the key; no_new_privs from here on. ERR_TERMINAL. */
int spawner_init(struct spawner *s, const struct supervisor_options *options, struct err *err);
void spawner_done(struct spawner *s);

/* -1: no process was made (ERR_RETRY). A program that cannot be executed is an exit of the child.
 */
int spawn(const struct spawner *s, enum process p, struct spawned *ret, struct err *err);

#endif
