/* The socket folder, its lock and the status file; see status.h. */
#include "supervisor/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define STATUS_NEW STATUS_FILE ".new"

/* Sockets in a folder that others may enter would let them command the puller. */
static int check_private(int fd, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_TERMINAL, "stat: %s", strerror(errno));
	if ((st.st_mode & 077) == 0)
		return 0;
	if (fchmod(fd, 0700) < 0)
		return err_set(err, ERR_TERMINAL,
			       "mode is %o and cannot be made 0700 (%s); "
			       "name a folder that is not there yet",
			       st.st_mode & 07777, strerror(errno));
	return 0;
}

/* The lock is held until we die: its fd stays open and is not inherited. */
static int lock(int dir_fd, struct err *err)
{
	int fd = openat(dir_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_TERMINAL, "%s: %s", LOCK_FILE, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	int why = errno;
	close(fd);
	if (why == EWOULDBLOCK)
		return err_set(err, ERR_TERMINAL, "another supervisor uses this folder");
	return err_set(err, ERR_TERMINAL, "lock: %s", strerror(why));
}

int status_open(const char *dir, struct err *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		err_set(err, ERR_TERMINAL, "mkdir: %s", strerror(errno));
		return err_wrap(err, "%s", dir);
	}
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_set(err, ERR_TERMINAL, "open: %s", strerror(errno));
		return err_wrap(err, "%s", dir);
	}
	if (check_private(fd, err) < 0 || lock(fd, err) < 0) {
		close(fd);
		return err_wrap(err, "%s", dir);
	}
	return fd;
}

static int write_all(int fd, const struct buf *b, struct err *err)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(fd, b->data + at, b->len - at);
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_RETRY, "write: %s", strerror(errno));
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int status_write(int dir_fd, const struct child children[PROCESS_COUNT],
		 const pid_t pids[PROCESS_COUNT], struct err *err)
{
	struct buf b = {0};
	for (int p = 0; p < PROCESS_COUNT; p++)
		buf_addf(&b, "%s %d %s %u\n", process_name((enum process)p), (int)pids[p],
			 name_of(child_state_names, children[p].state), children[p].restarts);
	int fd = openat(dir_fd, STATUS_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);
	int rc = fd < 0 ? err_set(err, ERR_RETRY, "open: %s", strerror(errno))
			: write_all(fd, &b, err);
	buf_done(&b);
	if (fd >= 0)
		close(fd);
	if (rc == 0 && renameat(dir_fd, STATUS_NEW, dir_fd, STATUS_FILE) < 0)
		rc = err_set(err, ERR_RETRY, "rename: %s", strerror(errno));
	return rc == 0 ? 0 : err_wrap(err, "%s", STATUS_FILE);
}
