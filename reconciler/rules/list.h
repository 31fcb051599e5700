/*
 * A doubly linked list of links inside the members; the head is a link too. A link that is in no
 * list points to itself, so list_remove() of it does nothing.
 *
 * Not <sys/queue.h>: the cores take an object off a queue at the end of each thing it may have
 * waited for (a pull that ends, a lead that is lost), whether it waits or not, and queue it again
 * without asking. TAILQ_REMOVE of an element that is in no list writes through stale pointers, so
 * each queue would need a flag beside its links.
 */
#ifndef DROP_RECONCILER_RULES_LIST_H
#define DROP_RECONCILER_RULES_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *prev, *next;
};

#define LIST_MEMBER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct link *l)
{
	l->prev = l->next = l;
}

static inline bool list_alone(const struct link *l)
{
	return l->next == l;
}

static inline void list_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

/* Moves l to the end of the list, wherever it was. */
static inline void list_append(struct link *head, struct link *l)
{
	list_remove(l);
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

#endif
