/*
 * A socket folder of a test's own, gone afterwards. Short, because the whole path of a
 * socket must fit 108 bytes.
 */
#ifndef DROP_TESTS_IPC_SCRATCH_H
#define DROP_TESTS_IPC_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <dirent.h>

struct scratch {
	char dir[32];
};

static inline void scratch_open(struct scratch *s)
{
	snprintf(s->dir, sizeof(s->dir), "/tmp/drop-test-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		abort();
}

static inline void scratch_close(const struct scratch *s)
{
	DIR *d = opendir(s->dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(s->dir);
}

#endif
