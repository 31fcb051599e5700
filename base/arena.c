/*
 * A chain of blocks, newest first, each twice as large as the previous one up to the usual size, so
 * that small arenas stay small. A larger request gets a block of its own. A reset keeps the largest
 * regular block, so that a steady loop allocates nothing after a few rounds.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define BLOCK_FIRST 512
#define BLOCK_USUAL (32 * 1024)
#define ALIGN       _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t need)
{
	size_t last = a->head != NULL ? a->head->size : BLOCK_FIRST / 2;
	size_t size = last < BLOCK_USUAL / 2 ? 2 * last : BLOCK_USUAL;
	while (size < need && size < BLOCK_USUAL)
		size *= 2;
	size = need > size ? need : size;
	struct arena_block *b = xmalloc(sizeof(*b) + size);
	b->next = a->head;
	b->size = size;
	b->used = 0;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ALIGN - sizeof(struct arena_block))
		abort();
	size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
	struct arena_block *b = a->head;
	if (b == NULL || b->size - b->used < need)
		b = block_new(a, need);
	void *p = b->bytes + b->used;
	b->used += need;
	a->used += need;
	return memset(p, 0, need);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		abort();
	return arena_alloc(a, count * size);
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_alloc(a, n);
	return n ? memcpy(copy, p, n) : copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	if (s == NULL)
		return NULL;
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);
	memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strndup(a, s, strlen(s));
}

/* Formatting costs more than copying: most texts are not longer, and are formatted once. */
#define PRINTED_ONCE 256

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	char most[PRINTED_ONCE];
	int n = vsnprintf(most, sizeof(most), fmt, ap);
	va_end(ap);
	char *s = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0 && (size_t)n < sizeof(most))
		memcpy(s, most, (size_t)n + 1);
	else if (n > 0)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL;
	for (struct arena_block *b = a->head, *next; b != NULL; b = next) {
		next = b->next;
		if (b->size > BLOCK_USUAL || (keep != NULL && keep->size >= b->size)) {
			free(b);
			continue;
		}
		free(keep);
		keep = b;
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->head = keep;
	a->used = 0;
}

void arena_done(struct arena *a)
{
	arena_reset(a);
	free(a->head);
	*a = (struct arena)ARENA_INIT;
}
