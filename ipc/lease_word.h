/*
 * The order of what the watcher says about the lease. Doorbells and answers come over
 * different sockets and may overtake each other, also from one life of the watcher to the
 * next; an older word must not undo a newer one. All processes share CLOCK_BOOTTIME, so
 * the moment at which a word was said (lease_said_us) is its place in the order.
 */
#ifndef DROP_IPC_LEASE_WORD_H
#define DROP_IPC_LEASE_WORD_H

#include <stdbool.h>
#include <stdint.h>

/* Is this word not older than the last one that counted? Then it counts. */
static inline bool lease_word_counts(int64_t *last_us, int64_t said_us)
{
	if (said_us < *last_us)
		return false;
	*last_us = said_us;
	return true;
}

#endif
