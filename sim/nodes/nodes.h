/*
 * The nodes of the pretend cluster: N kubelets, each with its disk of images, its pull
 * queue and the pods pinned to it. Pure: pods of the cluster go in, the writes of kubelets
 * go out through a port, time is an argument. The port is either our own store or, with
 * --nodes-only, a real API server (sim/nodes/attach.c); the code here does not depend on which.
 *
 * A pod goes as with a real kubelet (reference of statuses: kubelet 1.34, containerd 1.6):
 * accepted or rejected (OutOfpods), startTime and ContainerCreating, image pulled in turn,
 * container terminated, phase Succeeded or Failed; ErrImagePull and ImagePullBackOff alternate.
 *
 * Costs O(what is touched): one timer heap for all nodes. Seeded: same inputs, same outputs.
 */
#ifndef DROP_SIM_NODES_NODES_H
#define DROP_SIM_NODES_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sim/nodes/registry.h"
#include "sim/scenario/scenario.h"

struct nodes;

/*
 * What kubelets do to the API. Texts are borrowed for the call. The port may refuse or be slow:
 * kubelets repeat what did not arrive (nodes_written with ok false). Called from nodes_turn()
 * only, and nothing is touched after a call: it may call nodes_pod() and nodes_written() itself.
 */
struct node_port {
	void *ctx;
	void (*node_create)(void *ctx, const char *node, const char *json, size_t len);
	void (*node_delete)(void *ctx, const char *node);
	/* Merge patches; sent to the status subresource. At most one for one object is unanswered.
	 */
	void (*node_status)(void *ctx, const char *node, const char *patch, size_t len);
	void (*node_patch)(void *ctx, const char *node, const char *patch, size_t len); /* taints */
	void (*pod_status)(void *ctx, const char *ns, const char *pod, const char *uid,
			   const char *patch, size_t len);
	void (*pod_delete)(void *ctx, const char *ns, const char *pod, const char *uid); /* force */
	/* An event; nobody waits for the answer. NULL: events are not written. */
	void (*event)(void *ctx, const char *ns, const char *json, size_t len);
	/* Appends the taints that the Node has besides those that follow from its conditions
	 * (node_taint_follows), as JSON objects with commas between them. NULL: those with which it
	 * registered. */
	void (*other_taints)(void *ctx, const char *node, struct buf *out);
	/* Is there such a Secret (imagePullSecrets)? NULL: each that is named. */
	bool (*secret_exists)(void *ctx, const char *ns, const char *name);
	/* No more writes now: they wait until a nodes_turn() that finds it false. NULL: never. */
	bool (*busy)(void *ctx);
};

struct nodes_config {
	uint64_t seed;
	bool instant; /* no kubelet delays and no bandwidth: each pull is done at once (bench) */
	int64_t jitter_ms; /* of kubelet's steps; 0: none */
};

struct nodes *nodes_new(const struct nodes_config *config, struct registries *registries,
			const struct node_port *port);
void nodes_free(struct nodes *n);

/* Makes the group's nodes; those not absent register at once. */
void nodes_add_group(struct nodes *n, const struct sim_group *group, struct now now);

/* What the cluster says: a pod was added or changed (gone false) or is gone. JSON borrowed.
 * Pods of nodes that are not ours are ignored. */
void nodes_pod(struct nodes *n, bool gone, const char *json, size_t len, struct now now);
/* The API says that this node is not ready: its kubelet, unless it is away, objects at its next
 * look, within 10 s. */
void nodes_contradicted(struct nodes *n, const char *node, struct now now);
/* The API is as in a backup: kubelets begin again with what nodes_pod() tells them after this, and
 * register again or say what they are. has: is that node there? */
void nodes_restored(struct nodes *n, bool (*has)(void *ctx, const char *node), void *ctx,
		    struct now now);
/* A list of all pods begins; at its end those that nodes_pod() did not name since are gone. */
void nodes_resync_begin(struct nodes *n);
void nodes_resync_end(struct nodes *n, struct now now);
/* The last pod_status of that pod (node NULL) or node write was answered. */
void nodes_written(struct nodes *n, const char *node, const char *ns, const char *pod, bool ok,
		   struct now now);

/* A step that concerns nodes, images or registries (NODE_*, EVICT_IMAGE). ERR_TERMINAL: no such
 * node. */
int nodes_step(struct nodes *n, const struct sim_step *step, struct now now, struct err *err);

/* Does what is due; returns the boot ms of the next thing, or CLOCK_NEVER. */
int64_t nodes_turn(struct nodes *n, struct now now);

/* The true state of the nodes: for the screen, tests, GET /sim/truth. */
struct node_view {
	const char *name;
	bool exists, ready;
	size_t pods, pulling, images;
	int64_t disk_mib, used_mib;
};
size_t nodes_count(const struct nodes *n);
struct node_view nodes_view(const struct nodes *n, size_t i);
/* 0..100 while that node pulls the reference; 100 when it has it; -1 when neither; -2 failing. */
int nodes_progress(const struct nodes *n, size_t i, const char *reference);

/*
 * Each start of a container, lost events too: JSON objects with commas between them, up to
 * NODES_STARTS_MAX bytes, what comes later is left out. Borrowed until the next turn.
 */
#define NODES_STARTS_MAX (8 * 1024 * 1024)
const struct buf *nodes_starts(const struct nodes *n);

/* Counts since the start, for invariants of tests. */
struct nodes_counts {
	uint64_t pulls_started, pulls_done, pulls_failed, pods_accepted, pods_rejected;
	uint64_t bytes_pulled; /* of the pulls done: of layers that the node had not */
	uint64_t double_pulls; /* two pods at one time for one reference on one node */
	uint64_t most_at_once, most_nodes_at_once;
};
struct nodes_counts nodes_counts(const struct nodes *n);

#endif
