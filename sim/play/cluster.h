/*
 * The pretend kubelets' way to the API when both are in this process: a node_port that writes
 * to the store, and the store's changes of pods back to the nodes. With --nodes-only
 * sim/nodes/attach.c takes its place.
 */
#ifndef DROP_SIM_PLAY_CLUSTER_H
#define DROP_SIM_PLAY_CLUSTER_H

#include "sim/nodes/nodes.h"
#include "sim/store/store.h"

struct cluster {
	struct store *store;
	struct nodes *nodes;
};

/* The port for nodes_new; cluster_join comes after. */
struct node_port cluster_port(struct cluster *c);
/* The store was replaced by a backup. */
void cluster_restored(struct cluster *c, struct now now);
/* From now on nodes hear of pods. */
void cluster_join(struct cluster *c, struct nodes *nodes);

#endif
