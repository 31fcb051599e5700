/* See tree.h. Both files are written at once, so that no half of one is read. */
#include "metricsd/tree.h"

#include <stdio.h>

static FILE *open_in(const char *dir, const char *file)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return fopen(path, "re");
}

/* Boot ms of the last heartbeat; -1: there is no supervisor. */
static int64_t read_beat(const char *dir)
{
	long long at_ms = -1;
	FILE *f = open_in(dir, "supervisor.beat");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%lld", &at_ms) != 1)
		at_ms = 0;
	fclose(f);
	return at_ms;
}

void tree_read(const char *socket_dir, int64_t now_ms, struct tree *ret)
{
	*ret = (struct tree){.alive = true};
	int64_t beat_ms = read_beat(socket_dir);
	if (beat_ms >= 0) {
		ret->supervised = true;
		ret->alive = now_ms - beat_ms < TREE_STUCK_MS;
	}
	FILE *f = open_in(socket_dir, "supervisor.status");
	if (f == NULL)
		return;
	while (ret->n < TREE_CHILDREN_MAX) {
		struct tree_child *c = &ret->children[ret->n];
		if (fscanf(f, "%23s %d %23s %u", c->name, &c->pid, c->state, &c->restarts) != 4)
			break;
		ret->n++;
	}
	fclose(f);
}
