/*
 * Pretend nodes on a real API server (`drop-sim --nodes-only`): the port of sim/nodes/nodes.h
 * over kube/. Registers the nodes, plays their kubelets for every pod that is bound to them, in
 * all namespaces, renews their leases. Needs the rights of an administrator.
 *
 * The taint node.kubernetes.io/not-ready that the API server gives to each new node is taken
 * off by the nodes, so that it goes without a node lifecycle controller too. Instant nodes renew no
 * leases and report images with their heartbeats only: as few requests as possible, one status
 * patch a pull; a node lifecycle controller would call them dead after 50 s.
 */
#ifndef DROP_SIM_NODES_ATTACH_H
#define DROP_SIM_NODES_ATTACH_H

#include <stdbool.h>

#include "base/err.h"
#include "sim/scenario/scenario.h"

struct attach_config {
	const char *kubeconfig;              /* as kube_new() takes it */
	const struct sim_scenario *scenario; /* its nodes, images and registries */
	bool instant;
};

/* Until SIGTERM or SIGINT. -1: it could not begin. The nodes stay registered. */
int attach_run(const struct attach_config *config, struct err *err);

#endif
