/*
 * See copies.h. An entry is one number: 24 bits of its hash from bit 40 on (its set has 15 more),
 * 23 bits of the second of a pull (they come again after 97 days), 14 bits of its seconds on a
 * logarithmic scale from bit 3 on, its state in the low three; 0 is free.
 */
#include "reconciler/report/copies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define STATE_MASK   7
#define CODE_SHIFT   3
#define CODE_MAX     16383
#define TIME_SHIFT   17
#define TIME_MASK    0x7fffff
#define PRINT_SHIFT  40
#define PULL_MASK    ((UINT64_C(1) << (PRINT_SHIFT - CODE_SHIFT)) - 1)
#define SHORTEST_S   0.01
#define STEPS        200 /* to a factor of e: half a percent each */
#define PRINT_BYTES  3
/* Bytes of a stored entry: its print, one for its set; few sets need more. */
#define ENTRY_BYTES  (PRINT_BYTES + 1)
#define PULL_BYTES   6 /* its seconds and its time */
#define STATE_BYTES  1024
#define COPIES_TOTAL ((size_t)COPIES_SETS * COPIES_WAYS)

void copies_begin(struct copies *c, struct hash_key key)
{
	copies_done(c);
	c->key = key;
}

void copies_done(struct copies *c)
{
	free(c->at);
	*c = (struct copies){0};
}

static enum copy_state state_of(uint64_t entry)
{
	return (enum copy_state)(entry & STATE_MASK);
}

static uint64_t code_of(double seconds)
{
	double code = seconds > SHORTEST_S ? log(seconds / SHORTEST_S) * STEPS + 1 : 0;
	return code < CODE_MAX ? (uint64_t)(code + 0.5) : CODE_MAX;
}

static double seconds_of(uint64_t entry)
{
	uint64_t code = (entry >> CODE_SHIFT) & CODE_MAX;
	return code > 0 ? SHORTEST_S * exp((double)(code - 1) / STEPS) : 0;
}

/* The last second before at_s whose low bits are those. */
static int64_t time_of(uint64_t entry, int64_t at_s)
{
	uint64_t ago = ((uint64_t)at_s - (entry >> TIME_SHIFT)) & TIME_MASK;
	/* Clocks of nodes differ: a little later is not 97 days ago. */
	return ago > TIME_MASK - 3600 ? at_s + (int64_t)(TIME_MASK + 1 - ago) : at_s - (int64_t)ago;
}

/* ---- the table ---- */

struct place {
	uint64_t *set;
	uint64_t print, choice;
};

static struct place place_of(struct copies *c, char what, const char *node_uid, const char *name)
{
	struct buf text = {0};
	buf_addf(&text, "%c%s %s", what, node_uid, name);
	uint64_t h = hash_keyed(c->key, text.data, text.len);
	buf_done(&text);
	if (c->at == NULL)
		c->at = xcalloc(COPIES_TOTAL, sizeof(*c->at));
	return (struct place){
		.set = &c->at[h % COPIES_SETS * COPIES_WAYS],
		.print = h >> PRINT_SHIFT,
		.choice = (h >> 20) % COPIES_WAYS,
	};
}

static uint64_t *find(const struct place *p)
{
	for (size_t i = 0; i < COPIES_WAYS; i++)
		if (p->set[i] != 0 && p->set[i] >> PRINT_SHIFT == p->print)
			return &p->set[i];
	return NULL;
}

/* Higher: goes earlier. */
static int worthless(uint64_t entry)
{
	static const int order[] = {[COPY_UNKNOWN] = 9, [COPY_USED] = 4, [COPY_THERE] = 3,
				    [COPY_COUNTED] = 2, [COPY_PULLED] = 1};
	return order[state_of(entry)];
}

static void put(const struct place *p, enum copy_state state, uint64_t pull)
{
	uint64_t *entry = find(p);
	if (entry == NULL) {
		entry = &p->set[p->choice];
		for (size_t i = 0; i < COPIES_WAYS; i++)
			if (worthless(p->set[i]) > worthless(*entry))
				entry = &p->set[i];
	}
	*entry = p->print << PRINT_SHIFT | pull << CODE_SHIFT | state;
}

void copies_pull(struct copies *c, const char *node_uid, const char *image,
		 const struct copies_pull *pull)
{
	struct place p = place_of(c, 'i', node_uid, image);
	uint64_t time = (uint64_t)pull->at_s & TIME_MASK;
	if (pull->brought)
		put(&p, COPY_PULLED, code_of(pull->seconds) | time << (TIME_SHIFT - CODE_SHIFT));
	else if (find(&p) == NULL)
		put(&p, COPY_THERE, 0);
}

struct copy copies_use(struct copies *c, const char *node_uid, const char *image, int64_t at_s)
{
	struct place p = place_of(c, 'i', node_uid, image);
	const uint64_t *entry = find(&p);
	struct copy was = {COPY_UNKNOWN, 0, 0};
	if (entry != NULL)
		was = (struct copy){state_of(*entry), seconds_of(*entry), time_of(*entry, at_s)};
	put(&p, COPY_USED, 0);
	return was;
}

bool copies_count(struct copies *c, const char *node_uid, const char *digest)
{
	struct place p = place_of(c, 'd', node_uid, digest);
	if (find(&p) != NULL)
		return false;
	put(&p, COPY_COUNTED, 0);
	return true;
}

/* ---- stored ---- */

/* In this order, with as many as find room. */
static const enum copy_state stored_order[] = {COPY_PULLED, COPY_COUNTED, COPY_THERE, COPY_USED};
#define STORED_STATES (sizeof(stored_order) / sizeof(stored_order[0]))

static size_t count_of(const struct copies *c, enum copy_state state)
{
	size_t n = 0;
	for (size_t i = 0; c->at != NULL && i < COPIES_TOTAL; i++)
		n += state_of(c->at[i]) == state;
	return n;
}

static void store_state(const struct copies *c, enum copy_state state, size_t n, struct buf *out)
{
	size_t before = 0;
	varint_put(out, n);
	for (size_t i = 0; n > 0; i++) {
		uint64_t entry = c->at[i];
		if (state_of(entry) != state)
			continue;
		uint64_t print = entry >> PRINT_SHIFT;
		uint8_t bytes[PRINT_BYTES] = {(uint8_t)print, (uint8_t)(print >> 8),
					      (uint8_t)(print >> 16)};
		varint_put(out, i / COPIES_WAYS - before);
		buf_add(out, bytes, sizeof(bytes));
		if (state == COPY_PULLED)
			varint_put(out, (entry >> CODE_SHIFT) & PULL_MASK);
		before = i / COPIES_WAYS;
		n--;
	}
}

void copies_store(const struct copies *c, size_t limit, struct buf *out)
{
	size_t end = out->len + limit;
	buf_add(out, &c->key, sizeof(c->key));
	for (size_t i = 0; i < STORED_STATES; i++) {
		size_t rest = (STORED_STATES - i) * STATE_BYTES;
		size_t each = ENTRY_BYTES + (stored_order[i] == COPY_PULLED ? PULL_BYTES : 0);
		size_t room = end > out->len + rest ? (end - out->len - rest) / each : 0;
		size_t n = count_of(c, stored_order[i]);
		store_state(c, stored_order[i], n < room ? n : room, out);
	}
}

static void restore_state(struct copies *c, enum copy_state state, struct varint_reader *r)
{
	size_t n = varint_get_most(r, COPIES_TOTAL), set = 0;
	for (size_t i = 0; i < n && !r->bad; i++) {
		set += varint_get_most(r, COPIES_SETS - 1);
		if (set >= COPIES_SETS || r->end - r->at < PRINT_BYTES) {
			r->bad = true;
			return;
		}
		uint64_t print = r->at[0] | (uint64_t)r->at[1] << 8 | (uint64_t)r->at[2] << 16;
		r->at += PRINT_BYTES;
		uint64_t pull = state == COPY_PULLED ? varint_get_most(r, PULL_MASK) : 0;
		if (c->at == NULL)
			c->at = xcalloc(COPIES_TOTAL, sizeof(*c->at));
		const struct place p = {&c->at[set * COPIES_WAYS], print, print % COPIES_WAYS};
		if (!r->bad)
			put(&p, state, pull);
	}
}

void copies_restore(struct copies *c, struct varint_reader *r)
{
	struct hash_key key;
	if (r->bad || (size_t)(r->end - r->at) < sizeof(key)) {
		r->bad = true;
		return;
	}
	memcpy(&key, r->at, sizeof(key));
	r->at += sizeof(key);
	copies_begin(c, key);
	for (size_t i = 0; i < STORED_STATES; i++)
		restore_state(c, stored_order[i], r);
}
