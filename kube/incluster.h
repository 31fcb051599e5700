/*
 * The configuration of a pod: where the kubelet puts the service account's token, the
 * authority's certificates and the namespace (Kubernetes, "Accessing the API from a Pod").
 */
#ifndef DROP_KUBE_INCLUSTER_H
#define DROP_KUBE_INCLUSTER_H

#include <stdbool.h>

#include "kube/api_config.h"

#define INCLUSTER_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* Whether the environment is that of a pod. */
bool incluster_here(void);
/* ERR_TERMINAL says what is missing. */
int incluster_load(struct kube_config *ret, struct err *err);
/* The same with everything as arguments, for tests. dir is INCLUSTER_DIR. */
int incluster_load_from(const char *dir, const char *host, const char *port,
			struct kube_config *ret, struct err *err);

#endif
