/*
 * Paths, permissions and locks of the socket folder. The mode of the folder is the only access
 * control between the processes, so it is checked at every start.
 */
#include "ipc/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR_USUAL  "/run/drop"
#define DIR_PARENT "/run"
#define DIR_MEMORY "/dev/shm"

void endpoint_default_dir(char *out, size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	/* W_OK says no on a read-only file system, to root as well. */
	if (access(DIR_USUAL, W_OK) == 0 || access(DIR_PARENT, W_OK) == 0)
		snprintf(out, size, "%s", DIR_USUAL);
	else if (run != NULL && *run != '\0')
		snprintf(out, size, "%s/drop", run);
	else
		snprintf(out, size, "%s/drop-%u", DIR_MEMORY, (unsigned)geteuid());
}

int endpoint_dir(const char *dir, struct err *err)
{
	struct stat st;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_TERMINAL, "create socket folder %s: %s", dir,
			       strerror(errno));
	if (lstat(dir, &st) != 0)
		return err_set(err, ERR_TERMINAL, "socket folder %s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_TERMINAL, "socket folder %s: not a directory", dir);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_TERMINAL, "socket folder %s: owned by uid %u, not by us",
			       dir, st.st_uid);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_TERMINAL,
			       "socket folder %s: mode %04o lets others in; chmod 0700 it", dir,
			       st.st_mode & 07777);
	return 0;
}

int endpoint_path(char out[ENDPOINT_MAX], const char *dir, const char *proc, const char *role,
		  struct err *err)
{
	int n = snprintf(out, ENDPOINT_MAX, "%s/%s.%s", dir, proc, role);
	if (n >= 0 && n < ENDPOINT_MAX)
		return 0;
	return err_set(err, ERR_TERMINAL,
		       "socket path %s/%s.%s: %d bytes, a Unix socket has %d; use a shorter folder",
		       dir, proc, role, n, ENDPOINT_MAX - 1);
}

int endpoint_lock(const char *dir, const char *proc, struct err *err)
{
	char path[ENDPOINT_MAX];
	if (endpoint_path(path, dir, proc, "lock", err) != 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_TERMINAL, "open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	int why = errno;
	close(fd);
	return err_set(err, ERR_TERMINAL,
		       why == EWOULDBLOCK ? "another drop-%s runs in %s" : "lock %s in %s", proc,
		       dir);
}
