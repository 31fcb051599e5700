/*
 * Reads the watcher's log, for every process that follows objects. The owner gets objects and the
 * state of the lease through a few functions. Invariant: at most one changes_since is unanswered,
 * and the cursor moves only by answers, so a lost doorbell, a gap or a restart of the watcher all
 * end in the same request.
 */
#ifndef DROP_IPC_FEED_H
#define DROP_IPC_FEED_H

#include "api/kinds.h"
#include "ipc/proc.h"

struct feed_ops {
	uint64_t kinds; /* bit mask of enum kind: those that are always read */
	/*
	 * A doorbell is followed by a question no sooner than so long after the last one: it also
	 * rings for kinds that are not read here, and a burst of pods need not be asked about. 0:
	 * at once.
	 */
	int64_t gap_ms;
	/* What the watcher says of the lease, for leader_heard(). */
	void (*lease)(struct proc *p, int64_t said_us, uint64_t term, int64_t until_ms);
	/* obj is the struct of the kind, in the turn's arena. */
	void (*put)(struct proc *p, enum kind kind, const void *obj);
	void (*gone)(struct proc *p, enum kind kind, const char *name);
	/* What is not put between the two does not exist any more. */
	void (*mark)(struct proc *p);
	void (*sweep)(struct proc *p);
	/* All is read; each kind was listed by a list that began after fresh_ms. */
	void (*caught_up)(struct proc *p, int64_t fresh_ms);
};

struct feed { /* what was read; zeroed but for ops */
	const struct feed_ops *ops;
	uint64_t more_kinds; /* read besides those of ops (feed_follow) */
	uint64_t epoch, seq;
	bool asked;                       /* a request is unanswered */
	bool marked;                      /* a read from nothing is going on: sweep at its end */
	int64_t ask_ms;                   /* send the request again then, even without a doorbell */
	int64_t asked_ms;                 /* when we last asked */
	int64_t demanded_ms;              /* freshness last demanded, so that it is demanded once */
	int64_t again_ms;                 /* between two questions while that is not there yet */
	char lease_trouble[ERR_TEXT_MAX]; /* why the lease cannot be held; "": nothing is wrong */
};

/*
 * For the owner's handlers and its turn. demand_ms: each kind has to be listed by a list that
 * began after it, and caught_up is awaited with that; 0: as it is.
 */
void feed_doorbell(struct proc *p, struct feed *f, const struct msg_in *in, int64_t demand_ms);
void feed_changes(struct proc *p, struct feed *f, const struct msg_in *in);
void feed_turn(struct proc *p, struct feed *f, int64_t demand_ms);
/*
 * Reads these kinds, too, from now on, and no others besides those of ops; all is read from nothing
 * again. false: not now, as a request is unanswered; its answer ends in a turn.
 */
bool feed_follow(struct feed *f, uint64_t more_kinds);
/* When feed_turn() has to be called again. */
int64_t feed_next_ms(const struct feed *f);

#endif
