/*
 * One doubly linked list by last change over all kinds, a map by name for each kind,
 * and the tombstones in the same list, so that one walk from a cursor finds
 * everything a reader has missed.
 */
#include "watcher/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/xalloc.h"

struct entry {
	struct entry *prev, *next;
	uint64_t seq;
	uint32_t round; /* of the list it was last seen in */
	uint32_t len;   /* bytes of the object after the name's NUL */
	uint8_t kind;
	bool gone;
	char name[]; /* then the packed object */
};

struct store {
	uint64_t epoch, head;
	uint64_t floor; /* seq of the newest tombstone forgotten */
	struct entry *first, *last;
	struct map by_name[KIND_COUNT];
	uint32_t round[KIND_COUNT];
	size_t bytes[KIND_COUNT];
	size_t tombstones;
};

struct store *store_new(uint64_t epoch)
{
	struct store *s = xcalloc(1, sizeof(*s));
	s->epoch = epoch;
	return s;
}

static void unlink_entry(struct store *s, struct entry *e)
{
	*(e->prev ? &e->prev->next : &s->first) = e->next;
	*(e->next ? &e->next->prev : &s->last) = e->prev;
	e->prev = e->next = NULL;
}

static void append(struct store *s, struct entry *e)
{
	e->seq = ++s->head;
	e->prev = s->last;
	e->next = NULL;
	*(s->last ? &s->last->next : &s->first) = e;
	s->last = e;
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	for (struct entry *e = s->first, *next; e != NULL; e = next) {
		next = e->next;
		free(e);
	}
	for (size_t k = 0; k < KIND_COUNT; k++)
		map_done(&s->by_name[k]);
	free(s);
}

static const uint8_t *object_of(const struct entry *e)
{
	return (const uint8_t *)e->name + strlen(e->name) + 1;
}

static struct entry *entry_new(enum kind kind, const char *name, const void *bytes, size_t len)
{
	size_t name_size = strlen(name) + 1;
	struct entry *e = xcalloc(1, sizeof(*e) + name_size + len);
	e->kind = (uint8_t)kind;
	e->len = (uint32_t)len;
	memcpy(e->name, name, name_size);
	if (len != 0)
		memcpy(e->name + name_size, bytes, len);
	return e;
}

/*
 * The older half of the tombstones goes in one walk, so that the walk past live
 * objects is paid once in many deletions; whoever has not read them starts again.
 */
static void forget_tombstones(struct store *s)
{
	struct entry *next;
	for (struct entry *e = s->first; e != NULL && s->tombstones > STORE_TOMBSTONES_MAX / 2;
	     e = next) {
		next = e->next;
		if (!e->gone)
			continue;
		map_del(&s->by_name[e->kind], e->name);
		unlink_entry(s, e);
		s->floor = e->seq;
		s->tombstones--;
		free(e);
	}
}

/* What a live object takes. */
static size_t cost(const struct entry *e)
{
	return e->gone ? 0 : sizeof(*e) + strlen(e->name) + 1 + e->len;
}

/* Replaces what the name stands for and moves it to the tail. */
static void replace(struct store *s, struct entry *old, struct entry *e)
{
	struct map *m = &s->by_name[e->kind];
	if (old != NULL) {
		s->tombstones -= old->gone;
		s->bytes[old->kind] -= cost(old);
		map_del(m, old->name);
		unlink_entry(s, old);
		free(old);
	}
	map_put(m, e->name, e);
	append(s, e);
	s->bytes[e->kind] += cost(e);
	s->tombstones += e->gone;
	if (s->tombstones > STORE_TOMBSTONES_MAX)
		forget_tombstones(s);
}

const void *store_get(const struct store *s, enum kind kind, const char *name, size_t *ret_len)
{
	const struct entry *e = map_get(&s->by_name[kind], name);
	if (e == NULL || e->gone)
		return NULL;
	*ret_len = e->len;
	return object_of(e);
}

bool store_put(struct store *s, enum kind kind, const char *name, const void *bytes, size_t len)
{
	struct entry *old = map_get(&s->by_name[kind], name);
	if (old != NULL)
		old->round = s->round[kind];
	if (old != NULL && !old->gone && old->len == len && memcmp(object_of(old), bytes, len) == 0)
		return false;
	struct entry *e = entry_new(kind, name, bytes, len);
	e->round = s->round[kind];
	replace(s, old, e);
	return true;
}

bool store_gone(struct store *s, enum kind kind, const char *name)
{
	struct entry *old = map_get(&s->by_name[kind], name);
	if (old == NULL || old->gone)
		return false;
	struct entry *e = entry_new(kind, name, NULL, 0);
	e->gone = true;
	replace(s, old, e);
	return true;
}

void store_mark(struct store *s, enum kind kind)
{
	s->round[kind]++;
}

void store_sweep(struct store *s, enum kind kind)
{
	uint64_t before = s->head;
	for (struct entry *e = s->first, *next; e != NULL && e->seq <= before; e = next) {
		/* A deletion may forget tombstones, never a live entry: stand on one. */
		for (next = e->next; next != NULL && next->gone;)
			next = next->next;
		if (e->kind == kind && !e->gone && e->round != s->round[kind])
			store_gone(s, kind, e->name);
	}
}

uint64_t store_epoch(const struct store *s)
{
	return s->epoch;
}

uint64_t store_head(const struct store *s)
{
	return s->head;
}

size_t store_count(const struct store *s, enum kind kind)
{
	size_t n = 0, i = 0;
	for (struct entry *e; (e = map_next(&s->by_name[kind], &i)) != NULL;)
		n += !e->gone;
	return n;
}

size_t store_bytes(const struct store *s, enum kind kind)
{
	return s->bytes[kind];
}

/* The first entry after seq: readers are usually close to the tail, so search from there. */
static const struct entry *after(const struct store *s, uint64_t seq)
{
	const struct entry *e = s->last, *found = NULL;
	for (; e != NULL && e->seq > seq; e = e->prev)
		found = e;
	return found;
}

/* Bytes that a change costs on the wire besides its name and object. */
#define CHANGE_OVERHEAD 32

/* Walks from e; counts what fits, or fills `into` when it is given. Returns where it stopped. */
static const struct entry *collect(const struct entry *e, const struct msg_changes_since *ask,
				   bool reset, struct msg_change *into, size_t *n)
{
	size_t bytes = 0;
	for (*n = 0; e != NULL; e = e->next) {
		if (!(ask->kinds >> e->kind & 1) || (reset && e->gone))
			continue;
		bytes += strlen(e->name) + e->len + CHANGE_OVERHEAD;
		if (*n > 0 && bytes > ask->max_bytes)
			return e;
		if (into != NULL)
			into[*n] = (struct msg_change){
				.kind = e->kind,
				.name = e->name,
				.gone = e->gone,
				.object = {.data = object_of(e), .len = e->len},
			};
		(*n)++;
	}
	return NULL;
}

void store_read(const struct store *s, const struct msg_changes_since *ask, struct arena *a,
		struct msg_changes *ret)
{
	bool reset = ask->epoch != s->epoch || ask->seq == 0 || ask->seq < s->floor ||
		     ask->seq > s->head;
	const struct entry *from = reset ? s->first : after(s, ask->seq);
	size_t n;
	collect(from, ask, reset, NULL, &n);
	ret->changes.at = arena_array(a, n, sizeof(*ret->changes.at));
	const struct entry *stopped = collect(from, ask, reset, ret->changes.at, &n);
	ret->changes.n = n;
	ret->epoch = s->epoch;
	ret->head = s->head;
	ret->reset = reset;
	ret->more = stopped != NULL;
	ret->next = stopped != NULL ? stopped->prev->seq : s->head;
}
