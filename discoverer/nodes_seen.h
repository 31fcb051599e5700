/*
 * The nodes of the cluster, for the N of modelExposure (behaviour.md 55). They are read from the
 * watcher only while a policy needs their number: names, labels and whether they are Ready are
 * kept.
 */
#ifndef DROP_DISCOVERER_NODES_SEEN_H
#define DROP_DISCOVERER_NODES_SEEN_H

#include "api/kinds.h"
#include "discoverer/discoverer.h"

/* An object of the feed. */
void nodes_put(struct discoverer *d, const struct node *node);
void nodes_gone(struct discoverer *d, const char *name);
/* Removes nodes that were not put since the last d->read++: they no longer exist. */
void nodes_sweep(struct discoverer *d);
void nodes_forget(struct discoverer *d);
/* Have all nodes been read? */
bool nodes_known(const struct discoverer *d);
/* Ready nodes that match the selector; all Ready ones if there is none. */
int64_t nodes_ready(const struct discoverer *d, const struct exposure_nodes *nodes);

#endif
