/*
 * What a kubelet reads of a pod: more than the operator does (api/kinds.h), as it has to
 * carry the pod out. A descriptor table, as for our own kinds.
 */
#ifndef DROP_SIM_POD_READ_H
#define DROP_SIM_POD_READ_H

#include "base/arena.h"
#include "base/err.h"

#include "api/kinds.h"

struct sim_pod_container {
	const char *name, *image;
	const char *policy; /* imagePullPolicy */
	struct api_strings command;
};

struct sim_pod_containers {
	struct sim_pod_container *at;
	size_t n;
};

struct sim_pod { /* starts with its metadata, as all kinds do */
	struct api_meta meta;
	const char *node_name, *restart_policy;
	struct sim_pod_containers containers;
	struct api_name_refs secrets; /* imagePullSecrets */
	struct api_tolerations tolerations;
	const char *phase;
};

/* Everything lives in the arena. ERR_TERMINAL: no pod. */
int pod_read(const char *json, size_t len, struct arena *a, struct sim_pod *ret, struct err *err);

struct pod_glance { /* enough to know whose pod it is, and whether there is news in it */
	const char *name, *ns, *uid, *node;
	int64_t deleted;
	int64_t grace_s; /* of the deletion; without one the API server needs no kubelet */
};

/* As pod_read. Kubelets see each of their own writes come back: those end here. */
int pod_glance(const char *json, size_t len, struct arena *a, struct pod_glance *ret);

#endif
