/* See room.h. One map by name for each kind; what is beyond ROOM_NAMED_MAX is a number. */
#include "watcher/room.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/xalloc.h"

struct room {
	const struct store *store;
	struct map by_name[KIND_COUNT];
	size_t named;
	size_t unnamed[KIND_COUNT]; /* since the last list of the kind began */
};

struct room *room_new(const struct store *store)
{
	struct room *r = xcalloc(1, sizeof(*r));
	r->store = store;
	return r;
}

static void drop(struct room *r, struct left_out *l)
{
	map_del(&r->by_name[l->kind], l->name);
	r->named--;
	free(l->name);
	free(l->uid);
	free(l);
}

void room_free(struct room *r)
{
	if (r == NULL)
		return;
	struct left_out *l;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL; i = 0)
			drop(r, l);
		map_done(&r->by_name[kind]);
	}
	free(r);
}

static bool of_the_cluster(enum kind kind)
{
	return kind == KIND_NODE || kind == KIND_POD;
}

/* Of all kinds that share a bound with this one. */
static size_t used(const struct room *r, enum kind kind)
{
	size_t sum = 0;
	for (int k = 0; k < KIND_COUNT; k++)
		if (of_the_cluster((enum kind)k) == of_the_cluster(kind))
			sum += store_bytes(r->store, (enum kind)k);
	return sum;
}

static size_t limit_of(enum kind kind, size_t bytes)
{
	if (of_the_cluster(kind))
		return ROOM_CLUSTER_BYTES;
	return bytes <= ROOM_SMALL ? ROOM_OURS_SMALL_BYTES : ROOM_OURS_BYTES;
}

bool room_fits(const struct room *r, enum kind kind, const char *name, size_t bytes)
{
	size_t had = 0;
	if (store_get(r->store, kind, name, &had) == NULL)
		had = 0;
	return bytes <= had || used(r, kind) - had + bytes <= limit_of(kind, bytes);
}

struct left_out *room_leave_out(struct room *r, enum kind kind, const char *name, const char *uid,
				size_t bytes)
{
	struct left_out *l = map_get(&r->by_name[kind], name);
	if (l != NULL) {
		l->seen = true;
		l->bytes = bytes;
		return NULL;
	}
	if (r->named == ROOM_NAMED_MAX) {
		r->unnamed[kind]++;
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct left_out){kind,  xstrdup(name), xstrdup(uid != NULL ? uid : ""),
			       bytes, true,          false};
	map_put(&r->by_name[kind], l->name, l);
	r->named++;
	return l;
}

void room_settle(struct room *r, enum kind kind, const char *name)
{
	struct left_out *l = map_get(&r->by_name[kind], name);
	if (l != NULL)
		drop(r, l);
}

void room_mark(struct room *r, enum kind kind)
{
	struct left_out *l;
	r->unnamed[kind] = 0;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		l->seen = false;
}

void room_sweep(struct room *r, enum kind kind)
{
	struct left_out *l;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		if (!l->seen) {
			drop(r, l);
			i = 0; /* the table moved */
		}
}

size_t room_count(const struct room *r, enum kind kind)
{
	return r->by_name[kind].count + r->unnamed[kind];
}

bool room_again(const struct room *r, enum kind kind)
{
	const struct left_out *l;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		if (room_fits(r, kind, l->name, l->bytes))
			return true;
	return false;
}

struct left_out *room_untold(const struct room *r)
{
	struct left_out *l;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
			if (!l->told)
				return l;
	return NULL;
}
