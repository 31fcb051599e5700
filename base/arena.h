/*
 * Memory for one turn. Data of one message or one decision is allocated here and never freed
 * individually; arena_reset() ends the turn. Structures that outlive the turn never hold pointers
 * into an arena.
 */
#ifndef DROP_BASE_ARENA_H
#define DROP_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *head; /* newest block; one of usual size is kept over a reset */
	size_t used;              /* bytes handed out since the last reset */
};

/* A zeroed struct arena is ready to use. */
#define ARENA_INIT                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}

/* Zeroed, aligned for any type. Out of memory aborts. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);
/* NULL in, NULL out. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Everything handed out becomes invalid; big blocks go back to the system. */
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

#endif
