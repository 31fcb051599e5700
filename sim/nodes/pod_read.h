/*
 * What a kubelet reads of a pod: more than the operator does (api/kinds.h), as it has to
 * carry the pod out. A descriptor table, as for our own kinds.
 */
#ifndef DROP_SIM_NODES_POD_READ_H
#define DROP_SIM_NODES_POD_READ_H

#include "base/arena.h"
#include "base/err.h"

#include "api/kinds.h"

struct sim_pod_container {
	const char *name, *image;
	const char *policy; /* imagePullPolicy */
	struct api_strings command;
	const char *restart_policy; /* of an init container: "Always" makes it a sidecar */
};

struct sim_pod_containers {
	struct sim_pod_container *at;
	size_t n;
};

struct sim_pod { /* starts with its metadata, as all kinds do */
	struct api_meta meta;
	const char *node_name, *restart_policy;
	struct sim_pod_containers init, containers;
	struct api_name_refs secrets; /* imagePullSecrets */
	struct api_tolerations tolerations;
	const char *os; /* spec.os.name; NULL: any */
	const char *phase;
	int64_t grace_s; /* of its deletion; without one the API server needs no kubelet */
};

/* Everything lives in the arena. ERR_TERMINAL: no pod. */
int pod_read(const char *json, size_t len, struct arena *a, struct sim_pod *ret, struct err *err);

enum { POD_TEXT_MAX = 254 }; /* a DNS subdomain, and more than a uid */

struct pod_glance { /* enough to know whose pod it is, and whether there is news in it */
	char name[POD_TEXT_MAX], ns[POD_TEXT_MAX], uid[POD_TEXT_MAX];
	bool maybe_deleted; /* without doubt not, if false */
};

/*
 * -1: no pod. Kubelets see each of their own writes come back, and every pod of other
 * nodes: those end here, at a tenth of what the table costs.
 */
int pod_glance(const char *json, size_t len, struct pod_glance *ret);
/* spec.nodeName, "" if there is none. */
void pod_glance_node(const char *json, size_t len, char node[POD_TEXT_MAX]);

#endif
