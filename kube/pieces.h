/*
 * Bytes of a stream that wait to be handed on: first in, first out, in pieces of one size. A burst
 * is not copied into ever larger buffers, and what was handed on is given back at once.
 */
#ifndef DROP_KUBE_PIECES_H
#define DROP_KUBE_PIECES_H

#include <stddef.h>
#include <sys/queue.h>

struct piece;
TAILQ_HEAD(piece_list, piece);

struct pieces {
	struct piece_list list; /* pieces_init() */
	size_t n;               /* bytes in all */
};

void pieces_init(struct pieces *q);
void pieces_add(struct pieces *q, const char *bytes, size_t n);
/*
 * Takes the bytes that come first, at most so many, as far as they lie together; 0: there are none.
 * They are valid until the next call of any of these but pieces_drop().
 */
size_t pieces_take(struct pieces *q, size_t most, const char **ret_bytes);
/* Nothing waits any more. What was taken last stays valid. */
void pieces_drop(struct pieces *q);
void pieces_done(struct pieces *q);

#endif
