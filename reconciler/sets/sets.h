/*
 * The functional core of CachedImageSets (behaviour.md 23-25): sets, what their
 * DiscoveryPolicies found and the CachedImages go in; the writes that make children and
 * statuses right come out. Same manners as core.h: no clock, no I/O, memory of its own
 * and the turn's arena, the same inputs give the same actions.
 *
 * A child is a CachedImage with an ownerReference to the set's uid; which of the set's
 * images it is, its normalised reference says (api/ref.h), never its name. What is not a
 * child is never written or deleted. While it is unknown what a DiscoveryPolicy would
 * find, no child is deleted.
 *
 * An input costs O(what it touches): a child's status one child, a set's spec that set.
 */
#ifndef DROP_RECONCILER_SETS_SETS_H
#define DROP_RECONCILER_SETS_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "base/clock.h"

/* Images a set may want: a list of the CRD's 1,000 and what is discovered. The rest is skipped. */
#define SET_WANTED_MAX 2000
/* Children deleted a turn: a list emptied by mistake can be put back while most still stand. */
#define SET_DELETES_MAX 10
/* A set's name as a label value (validation of labels in Kubernetes). */
#define SET_LABEL     API_SET_LABEL
#define SET_LABEL_MAX 63

struct sets;

struct sets *sets_new(void);
void sets_free(struct sets *s);

/* ---- what is observed (arguments are borrowed for the call) ---- */

/* obj: struct cachedimageset, discoverypolicy or cachedimage by kind; others are ignored. */
void sets_put(struct sets *s, enum kind kind, const void *obj, struct now now);
void sets_gone(struct sets *s, enum kind kind, const char *name, struct now now);
/* A full read begins; what is not put before sets_sweep() is gone. */
void sets_mark(struct sets *s);
void sets_sweep(struct sets *s, struct now now);
/*
 * All is read, from lists that began after fresh_ms: a write of ours that was acknowledged before
 * and is not on them is lost (the store was restored from an older backup), and is made again.
 */
void sets_listed(struct sets *s, int64_t fresh_ms, struct now now);
/* May act, as core_lead(). false: what was asked for is forgotten. */
void sets_lead(struct sets *s, bool lead);

/*
 * 45. Are children of a set with gateNodes about to be made? Its list is not built or lacks
 * children whose create is yet to be made or to be seen; or its DiscoveryPolicy has not been
 * synced, for a minute after the set came. Not if a create has failed, nor while the set is
 * suspended. O(sets and the entries of such sets).
 */
bool sets_gate_pending(const struct sets *s, struct now now);

/* ---- what is to be done (everything lives in the turn's arena) ---- */

enum set_verb {
	SET_CREATE,
	SET_ADOPT, /* 58: adds the set's ownerReference */
	SET_PATCH,
	SET_DELETE,
	SET_STATUS,
};

struct set_write {
	enum set_verb verb;
	const char *set;  /* name of the set it is for */
	const char *name; /* of the object written: a child, for SET_STATUS the set */
	const char *uid;  /* of that object, a precondition; SET_CREATE: the set's */
	uint64_t rv;      /* SET_ADOPT: resourceVersion of that object, a precondition */
	bool has_owners;  /* SET_ADOPT: others, no controllers, which stay */
	/*
	 * SET_CREATE: meta (name, labels, owners) and spec. SET_ADOPT: meta.owners, the one to add.
	 * SET_PATCH: labels and spec as wanted.
	 */
	const struct cachedimage *child;
	const struct cachedimage *old; /* SET_PATCH: as they are; send the difference */
	const struct cachedimageset_status *status; /* SET_STATUS: all of it */
};

struct set_fact { /* something worth an event on the set; always a warning */
	const char *set, *uid, *reason, *message;
};

struct set_actions {
	struct set_write *writes;
	size_t n_writes;
	struct set_fact *facts;
	size_t n_facts;
	size_t facts_dropped; /* beyond what is kept between two turns */
};

/* room: writes the caller can take now. Returns when time alone makes something due (boot ms). */
int64_t sets_turn(struct sets *s, struct now now, size_t room, struct arena *a,
		  struct set_actions *ret);

/* ---- what became of a write ---- */

enum set_result {
	SET_DONE,    /* made, or it was made before: a create that meets its own child */
	SET_TAKEN,   /* create: another object has the name */
	SET_REFUSED, /* the API server will not have it: text is its message */
	SET_GONE,    /* the object is not there any more, or another one has its name */
	SET_FAILED,  /* unknown or not made; asked again, a create under the same name */
};

/* rv: the object's resourceVersion after the write, 0 if unknown. text: SET_REFUSED. */
void sets_answered(struct sets *s, enum set_verb verb, const char *name, const char *uid,
		   enum set_result result, uint64_t rv, const char *text, struct now now);

/* The name of the child of that set for the reference (in normal form); NULL: there is none. */
const char *sets_child_of(const struct sets *s, const char *set, const char *normal);

/* 58. Has it the wanted reference, the label and no controller? Then it is adopted once the watch
 * shows it. */
bool sets_adoptable(struct arena *a, const struct cachedimage *found,
		    const struct cachedimage *wanted);
/* Is what already has the name the child that was to be created? */
bool sets_same_child(struct arena *a, const struct cachedimage *found,
		     const struct cachedimage *wanted);

#endif
