/* A list of pieces; bytes are added to the last and taken from the first. */
#include "kube/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Of one piece with its head: larger ones make the memory of the process grow for one event. */
#define PIECE_SIZE (32 * 1024)

struct piece {
	TAILQ_ENTRY(piece) next;
	size_t from, to; /* the bytes in between wait */
	char bytes[PIECE_SIZE - 4 * sizeof(size_t)];
};

void pieces_init(struct pieces *q)
{
	TAILQ_INIT(&q->list);
	q->n = 0;
}

static struct piece *last_with_room(struct pieces *q)
{
	struct piece *p = TAILQ_LAST(&q->list, piece_list);
	if (p != NULL && q->n == 0)
		p->from = p->to = 0;
	if (p != NULL && p->to < sizeof(p->bytes))
		return p;
	p = xmalloc(sizeof(*p));
	p->from = p->to = 0;
	TAILQ_INSERT_TAIL(&q->list, p, next);
	return p;
}

void pieces_add(struct pieces *q, const char *bytes, size_t n)
{
	while (n > 0) {
		struct piece *p = last_with_room(q);
		size_t room = sizeof(p->bytes) - p->to;
		size_t part = n < room ? n : room;
		memcpy(p->bytes + p->to, bytes, part);
		p->to += part;
		q->n += part;
		bytes += part;
		n -= part;
	}
}

static void free_first(struct pieces *q)
{
	struct piece *p = TAILQ_FIRST(&q->list);
	TAILQ_REMOVE(&q->list, p, next);
	free(p);
}

size_t pieces_take(struct pieces *q, size_t most, const char **ret_bytes)
{
	struct piece *p = TAILQ_FIRST(&q->list);
	if (q->n == 0)
		return 0;
	if (p->from == p->to) {
		free_first(q);
		p = TAILQ_FIRST(&q->list);
	}
	size_t n = p->to - p->from < most ? p->to - p->from : most;
	*ret_bytes = p->bytes + p->from;
	p->from += n;
	q->n -= n;
	return n;
}

void pieces_drop(struct pieces *q)
{
	struct piece *first = TAILQ_FIRST(&q->list), *p;
	q->n = 0;
	if (first == NULL)
		return;
	first->from = first->to;
	while ((p = TAILQ_NEXT(first, next)) != NULL) {
		TAILQ_REMOVE(&q->list, p, next);
		free(p);
	}
}

void pieces_done(struct pieces *q)
{
	while (!TAILQ_EMPTY(&q->list))
		free_first(q);
	q->n = 0;
}
