/* The log of starts.h. What is known of a pair of node and image is a small number in a table. */
#include "usage/starts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/xalloc.h"

/* Places that a pair may have: a set. A pair is displaced only when its set is full. */
#define WAYS 8

enum { PAIR_OURS = 1, PAIR_BEFORE, PAIR_USED, PAIR_MASK = 3 };

struct starts {
	struct start log[STARTS_MAX]; /* number n at n % STARTS_MAX */
	uint64_t head;
	uint64_t pairs[STARTS_PAIRS]; /* hash, with what is known in its low bits; 0: free */
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

void starts_free(struct starts *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < STARTS_MAX; i++)
		start_clear(&s->log[i]);
	free(s);
}

static uint64_t hash_of(const char *node_uid, uint64_t image)
{
	uint64_t h = hash_bytes(hash_str(HASH_START, node_uid), &image, sizeof(image));
	return h & ~(uint64_t)PAIR_MASK;
}

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

static unsigned known_of(uint64_t entry, uint64_t hash)
{
	return is_of(entry, hash) ? (unsigned)(entry & PAIR_MASK) : 0;
}

void starts_pulled(struct starts *s, const char *node_uid, uint64_t image_hash, bool pulled)
{
	uint64_t hash = hash_of(node_uid, image_hash), *pair = pair_at(s, hash);
	if (pulled)
		*pair = hash | PAIR_OURS;
	else if (known_of(*pair, hash) == 0)
		*pair = hash | PAIR_BEFORE;
}

static enum start_brought brought(unsigned known)
{
	if (known == PAIR_OURS)
		return BROUGHT_BY_US;
	return known == PAIR_BEFORE ? BROUGHT_BEFORE : BROUGHT_UNKNOWN;
}

void starts_used(struct starts *s, uint64_t image_hash, const struct start *start)
{
	uint64_t hash = hash_of(start->node_uid, image_hash), *pair = pair_at(s, hash);
	unsigned known = known_of(*pair, hash);
	if (known == PAIR_USED)
		return;
	*pair = hash | PAIR_USED;
	struct start *entry = &s->log[++s->head % STARTS_MAX];
	start_clear(entry);
	*entry = *start;
	entry->seq = s->head;
	entry->node = xstrdup(start->node);
	entry->node_uid = xstrdup(start->node_uid);
	entry->image = xstrdup(start->image);
	entry->brought = brought(known);
}

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
