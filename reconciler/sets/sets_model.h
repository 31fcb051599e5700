/*
 * What the core of sets knows, and how its parts call each other. Private to sets*.c.
 *
 *   set ──┬── entry: one image it wants ── child: the CachedImage that is it
 *         ├── family: everything whose ownerReference has the set's uid
 *         ├── orphans: what has the set's label and no controller
 *         └── discovery: the DiscoveryPolicy it names, there or not
 *
 * What concerns one child is decided by child_settle(), and only there; what concerns an
 * entry without a child by entry_settle(). A set's list is made anew (list_build) when
 * its spec or its discovery changed, once a turn. Not leading, the model only mirrors.
 */
#ifndef DROP_RECONCILER_SETS_SETS_MODEL_H
#define DROP_RECONCILER_SETS_SETS_MODEL_H

#include "api/health.h"
#include "base/map.h"
#include "base/timers.h"

#include "reconciler/rules/list.h"
#include "reconciler/rules/status_ack.h"
#include "reconciler/sets/sets.h"

/* Facts between two turns; more are dropped, they are only events. */
#define SET_FACTS_MAX 64
/* A made child that the watch does not show for so long is asked for again. */
#define SET_UNSEEN_MS 10000
/* A name whose holder is on its way out is waited for so long, looked at so often. */
#define SET_NAME_WAIT_MS 10000
#define SET_NAME_LOOK_MS 500
/* An unknown outcome is asked again after this. */
#define SET_AGAIN_MS 1000
/*
 * A DiscoveryPolicy that is missing may be the next line of the file that made the set: no
 * complaint in the set's first seconds.
 */
#define SET_PATIENCE_MS 2000
/* What is refused, or edited back each time, is tried again after this, doubling. */
#define SET_BACKOFF_MS     5000
#define SET_BACKOFF_MAX_MS (5 * 60 * 1000)

enum set_timer { TIMER_ENTRY, TIMER_CHILD, TIMER_SET, TIMER_PATIENCE };

struct owned { /* of a CachedImage's spec, what the set owns besides the reference */
	const char *pull_policy, *policy_name;
	struct api_name_refs secrets;
	struct api_map selector;
	struct api_tolerations tolerations;
	struct pod_metadata pod_metadata;
	bool gate_nodes; /* 45 */
};

enum discovery_state {
	DISCOVERY_NONE, /* the set names no DiscoveryPolicy */
	DISCOVERY_MISSING,
	DISCOVERY_WAITED_FOR, /* it has not been synced yet */
	DISCOVERY_KNOWN,
	DISCOVERY_FAILING,
};

struct discovery {
	char *name;
	enum discovery_state state;
	uint64_t read;
	void *mem; /* block of what follows */
	const char *reason;
	struct api_name_refs images; /* references as discovered */
	struct link sets;
};

struct family { /* of one owner's uid; there while it has a set or children */
	char *uid;
	struct set *set; /* NULL: no such set is known */
	struct link children;
};

struct orphans { /* 58. With one value of the label; there while it has members or sets */
	char *label;
	struct link members, sets;
};

struct entry {
	struct set *set;
	char *normal; /* reference, key in set.entries */
	void *mem;    /* block of image */
	struct image_entry image;
	uint64_t build; /* last list that had it */
	struct child *child;
	struct child *orphan; /* as matched last, if match is that of the set (orphans.c) */
	uint64_t match;
	bool adopting;   /* what is asked for is the adoption of the object `asked` */
	char *asked;     /* name of a create whose outcome is open, key in sets.asked; or NULL */
	bool in_flight;  /* it is unanswered */
	bool made;       /* it was answered with success: the watch will show it */
	bool leaving;    /* not on the list any more, and the timer of that runs */
	unsigned number; /* of the name asked for, see child_name() */
	unsigned first;  /* those before it are taken by what the watch does not show */
	bool waited;     /* for a name, since waited_ms */
	int64_t waited_ms;
	unsigned failures;
	char *trouble; /* why it has no child, for the message; or NULL */
	struct timer timer;
	struct link of_set, queued;
};

enum child_role {
	CHILD_NONE,   /* not ours to judge: nobody's, or its set is being deleted */
	CHILD_WANTED, /* it is an entry's child */
	CHILD_KEPT,   /* it may be discovered: nobody knows at present */
	CHILD_STALE,  /* not on the list: deleted */
};

struct child {
	char *name, *uid;
	uint64_t read, rv;
	int64_t created;
	bool deleting;
	struct family *family; /* NULL: nobody's; then nothing below is kept */
	void *mem;             /* block of what follows */
	const char *normal, *label;
	struct owned owned;
	bool ready, degraded, stalled; /* as its status says of its present generation */
	/* What child_settle() has counted in the set: */
	enum child_role role;
	bool counted_ready, counted_degraded, counted_stalled;
	bool in_flight;      /* a patch or delete is unanswered */
	uint64_t written_rv; /* of our last patch: older observations are late echoes */
	bool deleted;        /* our delete was answered with success */
	int64_t acked_ms;    /* boot ms of the answer to that patch or delete */
	unsigned repairs;    /* patches in a row that did not last */
	int64_t again_ms;    /* not written before */
	struct timer timer;
	struct link of_family, queued;
	struct orphans *group; /* NULL: it is no orphan */
	struct link of_orphans;
	bool has_owners; /* an orphan's, none of them a controller */
};

struct tally { /* children by what child_settle() has counted */
	uint32_t managed, kept, stale, ready, degraded, stalled;
};

enum set_phase { SET_NO_PHASE, SET_PENDING, SET_READY, SET_DEGRADED, SET_PHASES };

struct set_status_hash {
	uint64_t hash;
	enum set_phase phase; /* SET_NO_PHASE: nothing is known */
};

struct set {
	char *name, *uid;
	uint64_t read;
	int64_t generation;
	uint64_t spec_hash;
	bool deleting;
	void *mem; /* block of the spec's parts that follow */
	struct owned owned;
	struct image_entries images;
	struct discovery *discovery;     /* held; NULL: none is named */
	enum discovery_state discovered; /* as of the last list */
	struct link of_discovery;
	int64_t patient_ms; /* boot ms: until then a missing DiscoveryPolicy is waited for */
	struct timer patience;
	struct family *family;
	struct orphans *orphans;
	struct link of_orphans;
	bool matched; /* entries and orphans, since the last change */
	uint64_t match;
	int64_t left_since; /* unix seconds: since when orphans are left alone; 0: none are */
	struct map entries; /* by normal */
	struct link listed; /* entries in the order of the list */
	uint64_t build;
	size_t n_wanted, n_skipped;
	struct tally tally;
	bool list_known; /* what is not on the list is not wanted */
	bool told;       /* that its DiscoveryPolicy is missing */
	struct link dirty;
	/* Status (set_status.c). */
	struct timer timer;
	struct status_ack ack;
	struct set_status_hash known, sent, seen;
	char ready_status[8]; /* of condition Ready, and since when (unix seconds) */
	int64_t ready_since;
	bool suspend;                /* 50 */
	int64_t suspended_since;     /* unix seconds; 0: its status does not say so */
	struct health_memory health; /* 59 */
};

struct sets {
	bool leading;
	uint64_t read;
	int64_t listed_ms; /* each kind was listed by a list that began after this moment */
	struct map sets, discoveries, families, children, orphans;
	struct map asked; /* open creates by name */
	struct timers timers, statuses;
	struct link dirty, creates, patches, deletes;
	struct set_fact facts[SET_FACTS_MAX];
	size_t n_facts, facts_dropped;
	struct arena fact_mem;
	struct arena scratch; /* emptied by each public function */
};

/* owned.c: the part of a spec that the set owns */
struct pack;
struct owned owned_pack(struct pack *p, const struct owned *o);
struct owned owned_copy(const struct owned *o, struct arena *a);
struct owned owned_of_child(const struct cachedimage_spec *spec);
struct owned owned_of_set(const struct cachedimageset_spec *spec);
bool owned_equal(const struct owned *a, const struct owned *b);
/* Puts copies of the owned fields into a spec. */
void owned_fill(const struct owned *o, struct cachedimage_spec *spec, struct arena *a);

/* set_list.c: what a set wants */
void set_observe(struct sets *s, const struct cachedimageset *obj, struct now now);
void set_gone(struct sets *s, struct set *set);
void discovery_put(struct sets *s, const struct discoverypolicy *dp);
void discovery_gone(struct sets *s, struct discovery *d);
void set_dirty(struct sets *s, struct set *set);
void list_build(struct sets *s, struct set *set, struct now now);

/* entries.c: entries without a child, and the creates they ask for */
struct entry *entry_new(struct set *set, const char *normal);
void entry_free(struct sets *s, struct entry *e);
/* Queues a create, sets a timer, or drops an entry that is not wanted any more. */
void entry_settle(struct sets *s, struct entry *e, struct now now);
/* It has a child, or lost it. */
void entry_attach(struct sets *s, struct entry *e, struct child *c, struct now now);
void entry_detach(struct sets *s, struct entry *e, struct now now);
void entry_due(struct sets *s, struct entry *e, struct now now);
/* Lead lost: what was asked for is forgotten. */
void entry_forget(struct sets *s, struct entry *e);
/* Writes its create into ret if there is a name for it now; else sets a timer. */
bool entry_create(struct sets *s, struct entry *e, struct now now, struct arena *a,
		  struct set_write *ret);
void entry_answered(struct sets *s, struct entry *e, enum set_result result, const char *text,
		    struct now now);
/* The same, of an adoption. */
void entry_adopted(struct sets *s, struct entry *e, enum set_result result, const char *text,
		   struct now now);

/* children.c: CachedImages as observed, and what is to be done with ours */
void child_put(struct sets *s, const struct cachedimage *obj, struct now now);
void child_gone(struct sets *s, struct child *c, struct now now);
void child_free(struct sets *s, struct child *c, struct now now);
void child_settle(struct sets *s, struct child *c, struct now now);
void child_due(struct sets *s, struct child *c, struct now now);
void child_forget(struct sets *s, struct child *c);
struct family *family_hold(struct sets *s, const char *uid);
void family_release(struct sets *s, struct family *f);
struct set_write child_patch(struct child *c, struct arena *a);
struct set_write child_delete(struct child *c, struct arena *a);
void child_answered(struct sets *s, struct child *c, enum set_verb verb, enum set_result result,
		    uint64_t rv, struct now now);
/* See sets_listed(). */
void child_listed(struct sets *s, struct child *c, int64_t fresh_ms, struct now now);

/* orphans.c: behaviour.md 58 */
void orphans_join_set(struct sets *s, struct set *set);
void orphans_leave_set(struct sets *s, struct set *set);
/* The CachedImage has that label and no controller; or not any more. */
void orphan_join(struct sets *s, struct child *c, const char *label, struct now now);
void orphan_leave(struct sets *s, struct child *c, struct now now);

/* orphan_match.c */
#define ORPHAN_NAMES_MAX 5 /* in a message; the rest is counted */
/* The one to keep, or to adopt, of two for one reference: the older, then the first by name. */
bool child_better(const struct child *a, const struct child *b);
/* The one to adopt for an entry without a child, or NULL. */
struct child *orphan_for(struct entry *e);
/* Names of those that are left alone, and how many there are. */
const char *orphans_left(struct set *set, size_t *ret_n, struct arena *a);

/* names_list.c: the first names of a list, for messages */
void names_first(const char **first, size_t *n, size_t max, const char *name);
const char *names_text(const char *const *first, size_t n, size_t all, struct arena *a);

/* set_status.c: behaviour.md 21, 24 */
void status_observe(struct set *set, const struct cachedimageset *obj);
void status_touch(struct sets *s, struct set *set, struct now now);
void status_forget(struct sets *s, struct set *set);
/* false: the API has it already. */
bool status_write(struct sets *s, struct set *set, struct now now, struct arena *a,
		  struct set_write *ret);
void status_answered(struct sets *s, struct set *set, enum set_result result, uint64_t rv,
		     struct now now);
/* See sets_listed(). */
void status_listed(struct sets *s, struct set *set, int64_t fresh_ms, struct now now);

/* sets.c */
void set_fact(struct sets *s, const struct set *set, const char *reason, const char *message);
int64_t set_backoff(unsigned failures);

#endif
