/* A pod as a kubelet keeps it, made from what the API says of it. */
#ifndef DROP_SIM_NODES_KUBELET_POD_H
#define DROP_SIM_NODES_KUBELET_POD_H

#include "sim/nodes/kubelet.h"

/* Of a pod with a container; one that has ended is KPOD_OVER. One block: free() ends it. */
/* platform: "os/arch" of the node. */
struct kpod *kpod_new(const struct sim_pod *pod, const struct node_taints *taints,
		      const char *platform);

#endif
