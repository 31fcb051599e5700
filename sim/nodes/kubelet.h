/*
 * One kubelet: the pods of a node from acceptance to their end, its pull line and its
 * disk. A table of states and events (kubelet_sync.c) carries out each step. The status that a pod
 * should have is kept as a row of POD_SHAPES and written when the API
 * server can take it, so that a slow one gets the last state and not each one.
 *
 * Pure: time is an argument; due moments are timers of the owner (nodes.c). As a real kubelet:
 * one pull at a time unless told otherwise, a failed one again after 10 s, doubling to 300 s;
 * statuses lag one sync behind, which is why ErrImagePull and ImagePullBackOff alternate.
 */
#ifndef DROP_SIM_NODES_KUBELET_H
#define DROP_SIM_NODES_KUBELET_H

#include <sys/queue.h>

#include "base/timers.h"

#include "sim/nodes/disk.h"
#include "sim/nodes/nodes.h"
#include "sim/nodes/pod_read.h"
#include "sim/nodes/pod_status.h"

enum {                              /* milliseconds; a real kubelet on an idle machine, rounded */
       KUBELET_SEEN_MS = 15,        /* from the watch event to the first status */
       KUBELET_SANDBOX_MS = 300,    /* network and pause container */
       KUBELET_MANIFEST_MS = 150,   /* the registry's first answers */
       KUBELET_START_MS = 300,      /* container made, run and looked at */
       KUBELET_RELIST_MS = 1000,    /* the loop that notices what containers do */
       KUBELET_SYNC_MS = 10000,     /* between syncs of a pod that has an error ... */
       KUBELET_SYNC_MORE_MS = 5000, /* ... and up to so much later */
       KUBELET_BACKOFF_MS = 10000,  /* after the first failed pull; doubles */
       KUBELET_BACKOFF_MAX_MS = 300000,
       KUBELET_EVICT_MS = 10000, /* between evictions under pressure */
};

enum kpod_state {
	KPOD_NEW,      /* not accepted yet */
	KPOD_SANDBOX,  /* accepted */
	KPOD_LINE,     /* waits its turn to pull */
	KPOD_ASKING,   /* the registry */
	KPOD_FETCHING, /* layers */
	KPOD_STARTING, /* the image is there */
	KPOD_RUNNING,
	KPOD_ENDED,   /* its container has ended, the status of the pod does not say so yet */
	KPOD_FAILING, /* no image; tries again at some sync */
	KPOD_OVER,    /* Succeeded or Failed */
	KPOD_DYING,   /* has a deletionTimestamp; the API server waits for the kubelet to confirm */
	KPOD_STATES,
};

enum timer_owner { TIMER_POD, TIMER_FETCH, TIMER_NODE, TIMER_RETRY };

enum kcontainer_state {
	KCONTAINER_WAITS, /* was not tried yet */
	KCONTAINER_FAILS, /* has no image */
	KCONTAINER_RUNS,
	KCONTAINER_ENDED,
	KCONTAINER_BROKE, /* ended with an error */
};

struct kcontainer {
	const char *name, *image;
	const struct sim_content *content; /* that it uses */
	const char *image_id;              /* digest name */
	const char *no_space;              /* digest of what the disk had no space for, or NULL */
	int64_t failed_ms;                 /* when its last pull failed */
	int64_t started_s, ended_s;
	enum kcontainer_state state;
	enum pod_shape said;     /* what the API should say of its state */
	enum pod_shape next;     /* what it will at the next sync */
	enum pull_fault failure; /* of the last pull that failed */
	unsigned failures;
	bool init, sidecar;    /* sidecar: an init container that goes on */
	bool always, never;    /* imagePullPolicy */
	bool ends, needs_true; /* by itself; its command is `true` */
};

struct kubelet;

struct kpod {
	struct timer timer;
	TAILQ_ENTRY(kpod) of_node, of_pulls, of_writes;
	struct kubelet *kubelet;
	/* One block of text: */
	const char *key; /* namespace/name */
	const char *name, *ns, *uid;
	const char *secrets; /* imagePullSecrets, each with its NUL, ended by an empty one */
	struct kcontainer *containers; /* as in the spec, init containers first */
	size_t n, n_init;
	struct kcontainer *main;     /* that the pod is for: `pull`, or the first */
	struct kcontainer *cur;      /* that is being brought to run */
	struct sim_manifest pull;    /* of cur; ASKING, FETCHING */
	int64_t left, total;         /* bytes to fetch */
	int64_t queued_ms, began_ms; /* of the pull of cur: it waited in line between them */
	int64_t retry_ms;            /* a write is tried again */
	int64_t soon_ms;             /* a failure of this sync asks for the next so soon */
	int64_t start_s, ended_s, ready_s, sandbox_s, generation;
	uint64_t address;
	uint32_t list; /* the last that named it, struct nodes */
	enum kpod_state state;
	enum pod_shape said;         /* what the API should say */
	enum pull_fault fault;       /* of the pull that goes on */
	bool accepted, active, slow; /* active: holds a place of max_pods */
	bool unsaid;                 /* a container changed since the last status */
	bool dirty, flying, queued, waits_retry,
		wants_delete; /* of_writes: queued or waits_retry */
	bool intolerant;      /* of the node's taints */
	bool other_os;        /* than the node's */
	bool deleting;        /* has a deletionTimestamp */
	bool rejected, evicted;
	const char *reason; /* of that, static */
	int64_t used;       /* pods when it was rejected */
};

TAILQ_HEAD(kpods, kpod);
TAILQ_HEAD(kubelets, kubelet);
struct kevent; /* sim/nodes/kubelet_event.h */
TAILQ_HEAD(kevents, kevent);

struct kubelet_group { /* what nodes of one group share; see struct sim_group */
	char *name;
	const char *platform; /* "linux/amd64" */
	int64_t bandwidth;    /* bytes a second; 0: no limit */
	int64_t max_pods;
	bool parallel;
	uint64_t lost_events; /* of a hundred */
	const struct dialect *dialect;
	bool by_hand; /* nothing happens to pods unless a scenario says so, but deletions end */
	struct node_taints taints;
};

struct kubelet_env { /* what all kubelets of a cluster share */
	struct registries *registries;
	struct timers *timers;
	const struct node_port *port;
	struct nodes_config config;
	struct nodes_counts counts;
	uint64_t random;
	int64_t now_ms;            /* of the last call of the owner, for who asks without a time */
	size_t active, busy_nodes; /* pods being carried out; nodes with one */
	struct kevents events;     /* that wait to be written */
	size_t n_events;
	uint64_t event_number;   /* of the last one */
	struct kpods writes;     /* that have something to say to the API */
	struct kubelets changed; /* whose images did; the owner takes them off */
	struct kpods retries;    /* ... and were not heard; the same order as their retry_ms */
};

struct kubelet {
	struct kubelet_env *env;
	const struct kubelet_group *group;
	struct disk disk;
	struct kpods pods, line, pulls; /* all; waiting to pull; pulling (ASKING, FETCHING) */
	size_t n_pods, n_active, n_fetching;
	struct timer fetch;
	int64_t fetched_ms; /* up to when `left` of those fetching is true */
	int64_t evict_ms;   /* under pressure: the next eviction */
	uint64_t address;
	int64_t skew_s; /* its clock is so far ahead */
	bool away, pressure, full;
	bool images_changed; /* on env's list of those */
	TAILQ_ENTRY(kubelet) of_changed;
	/* The pull that the pod asked for has ended (kubelet_sync.c; kubelet_pull.c calls it). */
	void (*pull_ended)(struct kpod *p, bool done, struct now now);
};

void kubelet_init(struct kubelet *k, struct kubelet_env *env, const struct kubelet_group *group,
		  int64_t disk_bytes, uint64_t address);
void kubelet_done(struct kubelet *k);

/* The time by its clock. All functions here take the true one. */
struct now kubelet_now(const struct kubelet *k, struct now now);
/* A pod of this node that was not known. Returns it; it is the kubelet's until kubelet_gone. */
struct kpod *kubelet_add(struct kubelet *k, const struct sim_pod *pod, struct now now);
void kubelet_delete(struct kpod *p, struct now now); /* has a deletionTimestamp */
void kubelet_gone(struct kpod *p, struct now now);   /* is no more; frees it */
void kubelet_pod_due(struct kpod *p, struct now now);
void kubelet_fetch_due(struct kubelet *k, struct now now);
void kubelet_stop(struct kubelet *k, struct now now); /* away: nothing moves, nothing is said */
void kubelet_start(struct kubelet *k, struct now now);
/* Under pressure new pods are refused, and at evict_ms one of the others is evicted. */
void kubelet_set_pressure(struct kubelet *k, bool on, struct now now);
void kubelet_evict_one(struct kubelet *k, struct now now);
/* The patch for what the API should say of the pod now. */
void kubelet_write(const struct kpod *p, struct buf *out);
/* As nodes_progress(). */
int kubelet_progress(const struct kubelet *k, const char *reference);

#endif
