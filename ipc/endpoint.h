/*
 * The socket folder: its path, its mode, and its locks. A process that listens there first locks
 * <proc>.lock, so that a second instance is refused and the sockets of a killed one can be removed
 * without a race.
 */
#ifndef DROP_IPC_ENDPOINT_H
#define DROP_IPC_ENDPOINT_H

#include <stddef.h>

#include "base/err.h"

/* Bytes of a socket's path with its NUL: sun_path. */
#define ENDPOINT_MAX 108

/*
 * /run/drop where we may write, else $XDG_RUNTIME_DIR/drop, else /dev/shm/drop-<uid>: a
 * container with a read-only root has nothing else, and every pod has that. Written to out.
 */
void endpoint_default_dir(char *out, size_t size);
/* Creates dir (0700), or refuses one that is not ours or open to others. ERR_TERMINAL. */
int endpoint_dir(const char *dir, struct err *err);
/* "<dir>/<proc>.<role>"; a path too long for a Unix socket is ERR_TERMINAL. */
int endpoint_path(char out[ENDPOINT_MAX], const char *dir, const char *proc, const char *role,
		  struct err *err);
/* The descriptor that holds the lock until the process ends, or -1 (ERR_TERMINAL). */
int endpoint_lock(const char *dir, const char *proc, struct err *err);

#endif
