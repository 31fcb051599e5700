/*
 * Listed names as sorted hashes, and the proof of absence. Invariant: names[] is
 * sorted and without repetition, sizes[i] belongs to names[i].
 */
#include "reconciler/rules/presence.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

/* 10 bits of mantissa below a leading one, 6 of exponent. */
#define MANTISSA_BITS 10

presence_size presence_size_of(int64_t bytes)
{
	uint64_t n = bytes > 0 ? (uint64_t)bytes : 1;
	unsigned exponent = 0;
	for (; n >= (uint64_t)2 << MANTISSA_BITS; n >>= 1)
		exponent++;
	/* Small numbers stand for themselves. */
	if (exponent == 0 && n < (uint64_t)1 << MANTISSA_BITS)
		return (presence_size)n;
	n -= (uint64_t)1 << MANTISSA_BITS;
	return (presence_size)((exponent + 1) << MANTISSA_BITS | n);
}

int64_t presence_bytes(presence_size size)
{
	unsigned exponent = size >> MANTISSA_BITS;
	int64_t n = size & ((1 << MANTISSA_BITS) - 1);
	return exponent == 0 ? n : (n + (1 << MANTISSA_BITS)) << (exponent - 1);
}

struct listed {
	uint64_t name;
	presence_size size;
	uint16_t entry;
};

static int compare(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return x->name < y->name ? -1 : x->name > y->name;
}

static uint64_t hash_of(const struct node *node, bool ready, int64_t heartbeat)
{
	uint64_t h = hash_bytes(HASH_START, &heartbeat, sizeof(heartbeat));
	h = hash_bytes(h, &ready, sizeof(ready));
	for (size_t i = 0; i < node->images.n; i++) {
		const struct node_image *img = &node->images.at[i];
		h = hash_bytes(h, &img->size, sizeof(img->size));
		for (size_t k = 0; k < img->names.n; k++)
			h = hash_str(h, img->names.at[k]);
	}
	return h;
}

/* The names of all images, sorted; returns how many. */
static size_t collect(const struct node *node, struct listed *list)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < node->images.n; i++) {
		const struct node_image *img = &node->images.at[i];
		bool names_full = img->names.n >= NODE_IMAGE_NAMES_MAX;
		/* More than there are numbers: those after have no number of their own. */
		size_t number = i < PRESENCE_NAMES_FULL - 1 ? i : PRESENCE_NAMES_FULL - 1;
		uint16_t entry = (uint16_t)(number | (names_full ? PRESENCE_NAMES_FULL : 0));
		for (size_t k = 0; k < img->names.n; k++) {
			uint64_t name = node_name_hash(img->names.at[k]);
			if (name != 0)
				list[n++] =
					(struct listed){name, presence_size_of(img->size), entry};
		}
	}
	qsort(list, n, sizeof(*list), compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || list[kept - 1].name != list[i].name)
			list[kept++] = list[i];
	return kept;
}

static void keep(struct presence *p, const struct listed *list, size_t n)
{
	free(p->names);
	p->names = xcalloc(n + 1, sizeof(*p->names) + sizeof(*p->sizes) + sizeof(*p->entries));
	p->sizes = (presence_size *)(void *)(p->names + n);
	p->entries = (uint16_t *)(void *)(p->sizes + n);
	p->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		p->names[i] = list[i].name;
		p->sizes[i] = list[i].size;
		p->entries[i] = list[i].entry;
	}
}

/*
 * The kubelet's clock is ahead by at least what a heartbeat is ahead, and by at most what one is
 * ahead that was long under way. Where it was set back, what was known is void.
 */
static void note_clock(struct presence *p, int64_t heartbeat_s, int64_t now_s)
{
	int64_t least_s = heartbeat_s - now_s;
	if (heartbeat_s < p->heartbeat_s)
		p->ahead_s = 0;
	p->heartbeat_s = heartbeat_s;
	if (p->ahead_s < least_s)
		p->ahead_s = least_s;
	if (p->ahead_s > least_s + PRESENCE_LATE_S)
		p->ahead_s = least_s + PRESENCE_LATE_S;
}

bool presence_read(struct presence *p, const struct node *node, int64_t now_s)
{
	const struct node_condition *c = node_condition_find(node, "Ready");
	bool ready = c != NULL && c->status != NULL && strcmp(c->status, "True") == 0;
	int64_t heartbeat = c != NULL ? c->heartbeat : 0;
	uint64_t known = hash_of(node, ready, heartbeat);
	if (p->names != NULL && known == p->known)
		return false;
	p->known = known;
	p->ready = ready;
	if (heartbeat != 0)
		note_clock(p, heartbeat, now_s);
	else
		p->heartbeat_s = p->ahead_s = 0;
	p->names_full = false;
	p->smallest = 0;
	p->total = 0;
	p->n_images = (uint32_t)node->images.n;
	size_t names = 0;
	for (size_t i = 0; i < node->images.n; i++) {
		const struct node_image *img = &node->images.at[i];
		names += img->names.n;
		p->names_full |= img->names.n >= NODE_IMAGE_NAMES_MAX;
		/* None is larger than a node: sums of 4 times that fit. */
		p->total += img->size > 0 && img->size < PRESENCE_LARGEST ? (uint64_t)img->size : 0;
		if (i == 0 || img->size < p->smallest)
			p->smallest = img->size;
	}
	struct listed *list = xcalloc(names + 1, sizeof(*list));
	keep(p, list, collect(node, list));
	free(list);
	return true;
}

void presence_done(struct presence *p)
{
	free(p->names);
	*p = (struct presence){0};
}

/* The place of the name in names[]; p->n: it is not there. */
static size_t place_of(const struct presence *p, uint64_t name)
{
	size_t lo = 0, hi = p->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (p->names[mid] < name)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->n && p->names[lo] == name ? lo : p->n;
}

presence_size presence_find(const struct presence *p, uint64_t name)
{
	size_t at = place_of(p, name);
	return at < p->n ? p->sizes[at] : 0;
}

int presence_entry(const struct presence *p, uint64_t name)
{
	size_t at = place_of(p, name);
	return at < p->n ? p->entries[at] : -1;
}

int64_t presence_made_s(const struct presence *p)
{
	return p->heartbeat_s - p->ahead_s;
}

bool presence_disproved(const struct presence *p, presence_size size, int64_t pulled_s)
{
	return p->ready && presence_made_s(p) > pulled_s + PRESENCE_AFTER_S && !p->names_full &&
	       size != 0 && p->n != 0 && p->smallest < presence_bytes(size);
}
