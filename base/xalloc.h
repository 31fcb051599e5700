/*
 * Allocation that never returns NULL: out of memory aborts, and the supervisor restarts the process
 * (must 8). Blocks are released with free().
 */
#ifndef DROP_BASE_XALLOC_H
#define DROP_BASE_XALLOC_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Grows or shrinks to count * size bytes; an overflowing product aborts. */
void *xreallocarray(void *old, size_t count, size_t size);
/* NULL in, NULL out. */
char *xstrdup(const char *s);

#endif
