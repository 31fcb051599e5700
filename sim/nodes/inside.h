/*
 * The inside of a struct nodes, for nodes.c, node_writes.c and steps.c: the nodes by
 * number and name, the pods by name, one heap of timers for all.
 */
#ifndef DROP_SIM_NODES_INSIDE_H
#define DROP_SIM_NODES_INSIDE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/map.h"

#include "sim/nodes/node_status.h"

enum {
	NODE_STATUS_MS = 10000, /* kubelet's nodeStatusUpdateFrequency: changed images are told */
	NODES_RETRY_MS = 1000,  /* after a write that did not arrive */
};

enum node_write { /* in the order in which they are done */
		  NODE_WRITE_DELETE = 1 << 0,
		  NODE_WRITE_CREATE = 1 << 1,
		  NODE_WRITE_TAINTS = 1 << 2,
		  NODE_WRITE_STATUS = 1 << 3,
		  NODE_WRITE_IMAGES = 1 << 4, /* the status with the images */
};

struct snode {
	struct kubelet kubelet;
	struct timer timer; /* TIMER_NODE: the least of the moments below */
	TAILQ_ENTRY(snode) of_writes;
	const char *name;
	const struct node_group *group;
	int64_t beat_ms;   /* the next heartbeat */
	int64_t images_ms; /* when changed images are reported and the disk is checked */
	int64_t retry_ms;  /* a write that failed is made again */
	int64_t heartbeat_s, ready_s, pressure_s, began_s;
	unsigned wants, flying; /* enum node_write */
	bool exists;            /* should, in the API */
	bool registered;        /* does, and without the taint of a new node */
	bool cordoned, queued;
	uint32_t installed; /* how often it was replaced: part of its machineID */
};

TAILQ_HEAD(snodes, snode);

struct nodes {
	struct kubelet_env env;
	struct timers timers;
	struct node_port port;
	struct arena arena; /* groups and names, for good */
	struct arena turn;  /* of one call */
	struct snode **at;
	size_t n, cap;
	struct map by_name; /* -> struct snode */
	struct map pods;    /* namespace/name -> struct kpod */
	uint32_t list;      /* of all pods: how many began */
	struct snodes writes;
	struct timer retry; /* TIMER_RETRY: of the pods in env.retries */
	struct buf starts;  /* nodes_starts() */
};

static inline struct snode *snode_of(struct kubelet *k)
{
	return (struct snode *)((char *)k - offsetof(struct snode, kubelet));
}
/* node_writes.c: sets the timer to the least of its moments. */
void snode_arm(struct nodes *n, struct snode *s);
/* Registers it, or again after it was gone; it must not exist. */
void snode_join(struct nodes *n, struct snode *s, struct now now);
/* It goes, and its pods with it; images too when it is replaced. */
void snode_leave(struct nodes *n, struct snode *s, bool images, struct now now);
/* Something is to be written about it (node_writes.c). */
void snode_write(struct nodes *n, struct snode *s, unsigned wants);
/* Writes what there is to write until the port is busy. */
void nodes_flush(struct nodes *n, struct now now);
/* Queues again the pods whose failed write is due for a retry. */
void nodes_retry(struct nodes *n, struct now now);

#endif
