/* The log of starts.h. What the log had of a pair of node and image is a small number in a table. */
#include "usage/starts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

/* Places that a pair may have: a set. A pair is displaced only when its set is full. */
#define WAYS 8

enum { PAIR_PULLED = 1, PAIR_LOOKED, PAIR_USED, PAIR_MASK = 3 };

struct starts {
	struct start log[STARTS_MAX]; /* number n at n % STARTS_MAX */
	uint64_t head;
	uint64_t forgotten_rv;
	uint64_t pairs[STARTS_PAIRS]; /* hash, with what is known in its low bits; 0: free */
	bool unsorted;
	struct start *listed; /* while unsorted; owned */
	size_t n_listed;
};

struct starts *starts_new(void)
{
	return xcalloc(1, sizeof(struct starts));
}

static void start_clear(struct start *start)
{
	free(start->node);
	free(start->node_uid);
	free(start->image);
	*start = (struct start){0};
}

static void forget_listed(struct starts *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		start_clear(&s->listed[i]);
}

void starts_free(struct starts *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < STARTS_MAX; i++)
		start_clear(&s->log[i]);
	forget_listed(s, s->n_listed);
	free(s->listed);
	free(s);
}

static void set_start(struct start *to, const struct start *from)
{
	*to = *from;
	to->node = xstrdup(from->node);
	to->node_uid = xstrdup(from->node_uid);
	to->image = xstrdup(from->image);
}

/* ---- the log ---- */

static bool is_of(uint64_t entry, uint64_t hash)
{
	return entry != 0 && (entry & ~(uint64_t)PAIR_MASK) == hash;
}

/* Which entry of a full set goes: what was used already is missed least. */
static uint64_t *victim(uint64_t *set, uint64_t hash)
{
	size_t first = hash >> 32;
	for (size_t i = 0; i < WAYS; i++) {
		uint64_t *entry = &set[(first + i) % WAYS];
		if ((*entry & PAIR_MASK) == PAIR_USED)
			return entry;
	}
	return &set[first % WAYS];
}

/* The entry of the pair; what is known of it is 0 if it is new there. */
static uint64_t *pair_at(struct starts *s, uint64_t hash)
{
	uint64_t *set = &s->pairs[(hash >> 2) % (STARTS_PAIRS / WAYS) * WAYS], *free_one = NULL;
	for (size_t i = 0; i < WAYS; i++) {
		if (is_of(set[i], hash))
			return &set[i];
		if (set[i] == 0 && free_one == NULL)
			free_one = &set[i];
	}
	return free_one != NULL ? free_one : victim(set, hash);
}

/* Does it change what is known of the pair? */
static bool is_news(struct starts *s, const struct start *start)
{
	uint64_t h = hash_bytes(hash_str(HASH_START, start->node_uid), &start->hash,
				sizeof(start->hash));
	uint64_t hash = h & ~(uint64_t)PAIR_MASK, *pair = pair_at(s, hash);
	unsigned known = is_of(*pair, hash) ? (unsigned)(*pair & PAIR_MASK) : 0;
	unsigned next = PAIR_USED;
	if (start->own)
		next = start->cold || start->again ? PAIR_PULLED : PAIR_LOOKED;
	if ((next == PAIR_LOOKED && known != 0) || (next == PAIR_USED && known == PAIR_USED))
		return false;
	*pair = hash | next;
	return true;
}

static void forgotten(struct starts *s, uint64_t rv)
{
	if (rv > s->forgotten_rv)
		s->forgotten_rv = rv;
}

static void log_start(struct starts *s, const struct start *start)
{
	if (!is_news(s, start))
		return;
	struct start *entry = &s->log[++s->head % STARTS_MAX];
	forgotten(s, entry->rv);
	start_clear(entry);
	set_start(entry, start);
	entry->seq = s->head;
}

/* ---- the list ---- */

static int by_rv(const void *a, const void *b)
{
	const struct start *x = a, *y = b;
	return x->rv < y->rv ? -1 : x->rv > y->rv;
}

/* The older half goes. */
static void make_room(struct starts *s)
{
	size_t half = STARTS_LISTED_MAX / 2;
	qsort(s->listed, s->n_listed, sizeof(*s->listed), by_rv);
	forgotten(s, s->listed[half - 1].rv);
	forget_listed(s, half);
	s->n_listed -= half;
	for (size_t i = 0; i < s->n_listed; i++)
		s->listed[i] = s->listed[half + i];
}

void starts_unsorted(struct starts *s)
{
	s->unsorted = true;
}

void starts_sort(struct starts *s)
{
	s->unsorted = false;
	if (s->n_listed > 0)
		qsort(s->listed, s->n_listed, sizeof(*s->listed), by_rv);
	for (size_t i = 0; i < s->n_listed; i++)
		log_start(s, &s->listed[i]);
	forget_listed(s, s->n_listed);
	free(s->listed);
	s->listed = NULL;
	s->n_listed = 0;
}

void starts_add(struct starts *s, const struct start *start)
{
	if (!s->unsorted) {
		log_start(s, start);
		return;
	}
	if (s->listed == NULL)
		s->listed = xcalloc(STARTS_LISTED_MAX, sizeof(*s->listed));
	if (s->n_listed == STARTS_LISTED_MAX)
		make_room(s);
	set_start(&s->listed[s->n_listed++], start);
}

/* ---- reading ---- */

uint64_t starts_head(const struct starts *s)
{
	return s->head;
}

const struct start *starts_after(const struct starts *s, uint64_t seq)
{
	if (seq >= s->head)
		return NULL;
	uint64_t next = s->head - seq > STARTS_MAX ? s->head - STARTS_MAX + 1 : seq + 1;
	return &s->log[next % STARTS_MAX];
}

uint64_t starts_forgotten_rv(const struct starts *s)
{
	return s->forgotten_rv;
}
