/* The socket folder, its lock and the status file; see status_file.h. */
#include "supervisor/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#include "ipc/endpoint.h"

#define STATUS_NEW STATUS_FILE ".new"

int status_open(const char *dir, struct err *err)
{
	/* The lock's descriptor stays open until we die. */
	if (endpoint_dir(dir, err) < 0 || endpoint_lock(dir, "supervisor", err) < 0)
		return -1;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(err, ERR_TERMINAL, "%s: %s", dir, strerror(errno));
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

void status_beat(int dir_fd, int64_t now_ms)
{
	char text[24];
	/* 20 digits, always: the file is never seen half written. */
	int n = snprintf(text, sizeof(text), "%020lld\n", (long long)now_ms);
	int fd =
		openat(dir_fd, STATUS_BEAT_FILE, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	(void)!pwrite(fd, text, (size_t)n, 0);
	close(fd);
}
