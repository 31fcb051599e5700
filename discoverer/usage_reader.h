/*
 * Reads usage from the watcher (behaviour 52), part by part, for whoever waits: sources of type
 * cluster, and the saver. One read is under way at a time; who comes during one waits for the next,
 * so that nobody gets what is older than his question. Nothing is kept between reads.
 */
#ifndef DROP_DISCOVERER_USAGE_READER_H
#define DROP_DISCOVERER_USAGE_READER_H

#include <sys/queue.h>

#include "ipc/proc.h"
#include "usage/stored.h"

struct usage_told {              /* borrowed for the callback */
	bool enabled;            /* --usage of the watcher */
	const char *trouble;     /* why nothing is known; NULL: it is */
	const char *store;       /* name of the ConfigMaps, without their number */
	const struct buf *parts; /* STORED_PARTS, as they are stored */
	struct usage *usage;     /* what they say; NULL: nobody wanted it */
};

struct usage_waiter {
	void (*told)(struct usage_waiter *w, const struct usage_told *told);
	bool wants_usage; /* and not only its parts */
	bool waits;
	TAILQ_ENTRY(usage_waiter) link;
};
TAILQ_HEAD(usage_waiters, usage_waiter);

struct usage_reader {
	struct proc *proc;
	struct usage_waiters now, next; /* of the read under way; of the next */
	bool reading;                   /* part `part` is asked for, or will be at ask_ms */
	bool asked;
	int64_t ask_ms, began_ms;
	int64_t again_ms; /* the next wait before it is asked again */
	uint64_t snapshot;
	size_t part;
	char store[256];
	struct buf parts[STORED_PARTS];
};

void usage_reader_init(struct usage_reader *r, struct proc *p);
void usage_reader_done(struct usage_reader *r);
/* w->told() is called once, later. */
void usage_reader_want(struct usage_reader *r, struct usage_waiter *w);
/* w->told() will not be called. */
void usage_reader_leave(struct usage_reader *r, struct usage_waiter *w);
int64_t usage_reader_turn(struct usage_reader *r, int64_t now_ms);
void on_usage(struct proc *p, const struct msg_in *in);

#endif
