/*
 * The reconciler alone decides, and alone writes the status of CachedImages and
 * CachedImageSets and the sets' children. It reads what the watcher knows (core_feed.c), asks
 * two cores what to do, of images (core.h) and of sets (sets.h), which know nothing of
 * each other, and has it done: pods by the puller, writes by itself (apply.c,
 * set_writes.c). When it may act is takeover.c.
 * It never talks to a registry or a node, and lists nothing: what registries say it asks the
 * discoverer.
 */
#ifndef DROP_RECONCILER_RECONCILER_H
#define DROP_RECONCILER_RECONCILER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/map.h"
#include "base/zone.h"
#include "ipc/options.h"
#include "ipc/feed.h"
#include "ipc/proc.h"
#include "kube/kube.h"
#include "kube/stored_bytes.h"
#include "reconciler/core/core.h"
#include "reconciler/events/events.h"
#include "reconciler/report/tally.h"
#include "reconciler/takeover.h"
#include "reconciler/sets/sets.h"

/* An answer may come this much after the deadline of what it answers. */
#define ANSWER_GRACE_MS 1000
/* Questions about images that may be unanswered, and milliseconds of one (35). */
#define CHECKS_MAX    6
#define CHECK_TIME_MS 5000
/* Writes to nodes that may be unanswered (46), and of their conditions (47). */
#define NODE_ASKS_MAX 4
#define NODE_SAYS_MAX 4
/*
 * Requests about pods to the puller that may be unanswered: all that a peer may have, but for one
 * puller_sync, and those writes where there are any. With fewer, pulls start more slowly.
 */
#define ASKS_MAX (PROC_REQUESTS_MAX - 1)
/* One changes_since and one starts_since besides, and those questions. */
static_assert(PROC_REQUESTS_MAX + 2 + CHECKS_MAX <= PROC_ALL_REQUESTS_MAX, "each has its place");
/* Nodes being read at a time; each answer is a whole Node (node_read.c). */
#define RESOLVES_MAX 4
/* Time zones of pull windows that are kept (zones.c): a few KB each. */
#define ZONES_MAX 64
/* Statuses of PullPolicies being written at a time. */
#define POLICY_WRITES_MAX 4
/* So many facts of the core do not wait for the end of the turn (apply_facts). */
#define FACTS_MANY 256

struct ask {          /* one request to the puller */
	uint64_t tag; /* of the request; 0: free */
	char pod_name[64];
};

struct registry_check { /* one question to the discoverer */
	uint64_t tag;   /* of the request; 0: free */
	char *image_name, *image_uid, *reference;
};

struct node_ask {     /* one write to a node, by the puller */
	uint64_t tag; /* of the request; 0: free */
	char *node, *node_uid;
};

struct starts_reader { /* of the watcher's first starts (starts_read.c) */
	bool asked;    /* a request is unanswered */
	bool known;    /* it said what is counted, that is, what an earlier leader saved */
	bool enabled;  /* the watcher knows usage */
	int64_t next_ms;
	uint64_t epoch, seq; /* what was read last; epoch 0: nothing yet */
	int64_t covered_s;   /* the watcher sees events since then; 0: not yet */
	int64_t gaps_s;
	int64_t lead_s; /* we lead since then */
	bool complete;  /* an earlier leader counted nothing that we may count again */
};

/* The report's ConfigMap (report_store.c): read when we begin to lead, then written. */
struct report_keeper {
	char *name;       /* of it; NULL: the watcher has not said it yet; owned */
	bool ready;       /* it was read, or is not there, or may not be */
	bool refused;     /* the right is missing: said once */
	bool unread;      /* it cannot be read: said once */
	bool node_went;   /* deleted or replaced since the bytes were made */
	uint64_t request; /* 0: none */
	bool writing;     /* that request is a write */
	struct stored_write write;
	struct buf bytes;      /* that are being written */
	uint64_t unsaved;      /* starts counted since they were made */
	int64_t next_ms;       /* read again, or written, not before */
	int64_t early_ms;      /* with so many unsaved that they are written earlier: not before */
	bool leaving;          /* the last write, when the process stops, is not done */
	struct tally_pulls at; /* the counters when we began to lead */
	struct tally_pulls saved; /* in the bytes that were made last */
};

struct reconciler {
	struct reconciler_options options; /* first */
	struct kube *kube;
	struct core *core;
	struct sets *sets;
	struct takeover takeover;
	bool acting;     /* core_lead(true) was called */
	bool announcing; /* puller_sync is unanswered */
	int64_t announce_ms;
	struct feed feed;
	struct ask asks[ASKS_MAX];
	size_t n_asks;
	uint64_t asked;        /* ever, so that no tag comes twice */
	int64_t warn_again_ms; /* write_log_level(): no warning before */
	size_t n_writes;
	size_t n_policy_writes;
	int64_t policy_told_ms; /* the right to write these is missing: not logged again before */
	size_t n_resolves;
	struct registry_check checks[CHECKS_MAX];
	size_t n_checks;
	uint64_t checked;       /* ever, so that no tag comes twice */
	int64_t check_alone_ms; /* since when the discoverer is not connected; 0: it is */
	struct node_ask node_asks[NODE_ASKS_MAX];
	size_t n_node_asks;
	struct node_ask node_says[NODE_SAYS_MAX];
	size_t n_node_says;
	int64_t say_told_ms;  /* the right to these is missing: not logged again before */
	uint64_t node_asked;  /* ever, so that no tag comes twice */
	int64_t node_told_ms; /* the right is missing: not logged again before */
	struct map pools;     /* node pools that have a label in metrics; owned names */
	size_t n_set_writes;
	struct events *events;
	size_t n_event_writes;
	bool events_legacy;            /* core/v1: the newer API was forbidden */
	int64_t events_off_ms;         /* none before: both are */
	uint64_t events_dropped;       /* of events.c, so many are counted */
	struct arena zones[ZONES_MAX]; /* each of one time zone */
	size_t n_zones;
	struct starts_reader starts;
	struct tally tally;
	struct report_keeper keeper;
	bool prune; /* an image or a node went, or names another reference */
};

/* core_feed.c: from the watcher to the core. */
extern const struct feed_ops reconciler_feed;
void read_turn(struct proc *p);
void on_doorbell(struct proc *p, const struct msg_in *in);
void on_changes(struct proc *p, const struct msg_in *in);

/* zones.c: the core learns the time zones that a policy names; after it, they are freed. */
void zones_tell(struct reconciler *r, const struct pullpolicy *p);
void zones_done(struct reconciler *r);

/* apply.c: from the core to the puller and the API server. */
int64_t apply_turn(struct proc *p);
/* After what may have ended many pulls: facts that are FACTS_MANY do not wait for the turn. */
void apply_facts(struct proc *p);
/* Everything asked for is forgotten and nothing more is written. */
void apply_fence(struct reconciler *r);
void on_pull_started(struct proc *p, const struct msg_in *in);
void on_pod_deleted(struct proc *p, const struct msg_in *in);

/* node_read.c: the core's questions about digests. */
void node_read(struct proc *p, const struct core_resolve *wanted);

/* status_patches.c: the status of a CachedImage, of a PullPolicy. */
void image_status_write(struct proc *p, const struct core_write *w);
void policy_status_write(struct proc *p, const struct core_policy_write *w);

/* registry_checks.c: the core's questions to registries. */
/* How many may be asked now. *next: at most when more may be. */
size_t registry_checks_room(struct proc *p, int64_t *next);
void registry_check(struct proc *p, const struct core_check *wanted);
void on_facts_told(struct proc *p, const struct msg_in *in);
void registry_checks_fence(struct reconciler *r);

/* node_opens.c: the core's removals of startup taints. */
void node_open(struct proc *p, const struct core_open *wanted);
void on_node_opened(struct proc *p, const struct msg_in *in);
void node_opens_fence(struct reconciler *r);

/* node_says.c: the core's conditions of nodes. */
void node_say(struct proc *p, const struct core_condition *wanted);
void on_node_said(struct proc *p, const struct msg_in *in);
void node_says_fence(struct reconciler *r);

/* write_log.c: the level at which a failed write is logged; for a right that may be missing for
 * good, with a memory of its own (boot ms, 0 at first). */
enum log_level write_log_level(struct reconciler *r);
enum log_level forbidden_log_level(int64_t *again_ms);

/* set_writes.c: from the core of sets to the API server. */
int64_t set_writes_turn(struct proc *p);

/* event_writes.c: from facts to events. */
void events_tell(struct proc *p, const struct event_fact *fact);
int64_t event_writes_turn(struct proc *p);

/* pull_metrics.c: metrics. */
extern const struct option_def reconciler_options[];
void measure_fact(struct proc *p, const struct core_fact *fact);
/* An object's status or children are up to date now, or could not be written. */
void measure_reconciled(struct proc *p, enum kind kind, bool done);
void reconciler_collect(struct proc *p);

/* gate_metrics.c: metrics of held nodes. */
void measure_gate(struct proc *p, const struct core_fact *fact);
void collect_held(struct proc *p);
void gate_metrics_done(struct reconciler *r);

/* explain_reply.c: what dropctl asks. */
void on_explain(struct proc *p, const struct msg_in *in);
void on_explain_images(struct proc *p, const struct msg_in *in);
void on_explain_queue(struct proc *p, const struct msg_in *in);
/* As a message has them; borrows its texts. */
struct image_platforms platforms_told(const struct msg_platform_list *list, struct arena *a);
void on_explain_plan(struct proc *p, const struct msg_in *in);

/* overview_reply.c: what the status page shows first. */
void on_overview_get(struct proc *p, const struct msg_in *in);

/* gate_reply.c: what dropctl and the status page ask about held nodes, and orders to open them. */
void on_explain_held(struct proc *p, const struct msg_in *in);
void on_gate_open(struct proc *p, const struct msg_in *in);

/* starts_read.c: first starts of images from the watcher, and the report. */
int64_t starts_turn(struct proc *p);
void on_starts(struct proc *p, const struct msg_in *in);
void on_report_get(struct proc *p, const struct msg_in *in);
void starts_fence(struct reconciler *r);

/* report_store.c: what is counted outlives us. */
void report_store_begin(struct proc *p); /* we lead now */
/* Pulls by us and by earlier leaders. */
struct tally_pulls report_pulls(struct proc *p);
/* store: name of the ConfigMaps of usage. True: starts may be counted. */
bool report_store_ready(struct proc *p, const char *store);
int64_t report_store_turn(struct proc *p);
/* The process stops while we lead: what is counted so far is to be written; before starts_fence().
 */
void report_store_stopping(struct proc *p);
/* Writes that; call it each turn until it returns true. */
bool report_store_leave(struct proc *p);
void report_store_fence(struct reconciler *r);

/* reconciler.c */
int reconciler_init(struct proc *p, struct err *err);
int64_t reconciler_turn(struct proc *p, struct now now);
void reconciler_done(struct proc *p);
void on_puller_synced(struct proc *p, const struct msg_in *in);

#endif
