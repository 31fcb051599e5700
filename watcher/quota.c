/* See quota.h. One map by name for each kind; what is beyond QUOTA_NAMED_MAX is a number. */
#include "watcher/quota.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/xalloc.h"

struct quota {
	const struct store *store;
	struct map by_name[KIND_COUNT];
	size_t named;
	size_t unnamed[KIND_COUNT]; /* since the last list of the kind began */
};

struct quota *quota_new(const struct store *store)
{
	struct quota *r = xcalloc(1, sizeof(*r));
	r->store = store;
	return r;
}

static void drop(struct quota *r, struct left_out *l)
{
	map_del(&r->by_name[l->kind], l->name);
	r->named--;
	free(l->name);
	free(l->uid);
	free(l);
}

void quota_free(struct quota *r)
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
static size_t used(const struct quota *r, enum kind kind)
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
		return QUOTA_CLUSTER_BYTES;
	return bytes <= QUOTA_SMALL ? QUOTA_OURS_SMALL_BYTES : QUOTA_OURS_BYTES;
}

bool quota_fits(const struct quota *r, enum kind kind, const char *name, size_t bytes)
{
	size_t had = 0;
	if (store_get(r->store, kind, name, &had) == NULL)
		had = 0;
	return bytes <= had || used(r, kind) - had + bytes <= limit_of(kind, bytes);
}

struct left_out *quota_leave_out(struct quota *r, enum kind kind, const char *name, const char *uid,
				 size_t bytes)
{
	struct left_out *l = map_get(&r->by_name[kind], name);
	if (l != NULL) {
		l->seen = true;
		l->bytes = bytes;
		return NULL;
	}
	if (r->named == QUOTA_NAMED_MAX) {
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

void quota_settle(struct quota *r, enum kind kind, const char *name)
{
	struct left_out *l = map_get(&r->by_name[kind], name);
	if (l != NULL)
		drop(r, l);
}

void quota_mark(struct quota *r, enum kind kind)
{
	struct left_out *l;
	r->unnamed[kind] = 0;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		l->seen = false;
}

void quota_sweep(struct quota *r, enum kind kind)
{
	struct left_out *l;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		if (!l->seen) {
			drop(r, l);
			i = 0; /* the table moved */
		}
}

size_t quota_count(const struct quota *r, enum kind kind)
{
	return r->by_name[kind].count + r->unnamed[kind];
}

bool quota_again(const struct quota *r, enum kind kind)
{
	const struct left_out *l;
	for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
		if (l->bytes <= QUOTA_OBJECT_MAX && quota_fits(r, kind, l->name, l->bytes))
			return true;
	return false;
}

struct left_out *quota_untold(const struct quota *r)
{
	struct left_out *l;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; (l = map_next(&r->by_name[kind], &i)) != NULL;)
			if (!l->told)
				return l;
	return NULL;
}

const struct left_out *quota_next(const struct quota *r, enum kind kind, size_t *i)
{
	return map_next(&r->by_name[kind], i);
}

const char *quota_why(const struct left_out *l)
{
	if (l->bytes > QUOTA_OBJECT_MAX)
		return "it exceeds the memory limit of one object (512 KiB)";
	if (of_the_cluster(l->kind))
		return "the memory limit for nodes and pull pods (96 MiB) is reached";
	return "the memory limit for objects of drop's kinds (32 MiB; small ones 48 MiB) is "
	       "reached";
}
