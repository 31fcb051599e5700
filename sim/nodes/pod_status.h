/*
 * What a kubelet writes into a pod's status, as one row a moment of its life: recorded on
 * kubelet 1.34.4 with containerd 1.6 for pull pods (UNAVAILABLE, NO_CREATE: with CRI-O 1.34). A row
 * gives the phase and the conditions of the pod, and the state of a container: with several
 * containers the pod has one row and each container its own. Makes the merge patch; decides
 * nothing. The patch carries metadata.uid, as kubelet's does: a pod of the same name but another
 * life is refused by the API server (409).
 */
#ifndef DROP_SIM_NODES_POD_STATUS_H
#define DROP_SIM_NODES_POD_STATUS_H

#include <stdint.h>

#include "base/buf.h"
#include "sim/scenario/dialect.h"

/*
 * id, phase, PodReadyToStartContainers, reason of Initialized, Ready, reason of Ready,
 * container's state, its reason, exit code.
 * "" as PodReadyToStartContainers: no conditions and no containers, as of a rejected pod.
 */
#define POD_SHAPES(S)                                                                              \
	S(CREATING, "Pending", "False", "", "False", "ContainersNotReady", WAITING,                \
	  "ContainerCreating", 0)                                                                  \
	S(ERR_PULL, "Pending", "True", "", "False", "ContainersNotReady", WAITING, "ErrImagePull", \
	  0)                                                                                       \
	S(BACK_OFF, "Pending", "True", "", "False", "ContainersNotReady", WAITING,                 \
	  "ImagePullBackOff", 0)                                                                   \
	S(UNAVAILABLE, "Pending", "True", "", "False", "ContainersNotReady", WAITING,              \
	  "RegistryUnavailable", 0)                                                                \
	S(NEVER, "Pending", "True", "", "False", "ContainersNotReady", WAITING,                    \
	  "ErrImageNeverPull", 0)                                                                  \
	S(BAD_NAME, "Pending", "True", "", "False", "ContainersNotReady", WAITING,                 \
	  "InvalidImageName", 0)                                                                   \
	S(RUNNING, "Running", "True", "", "True", "", RUNNING, "", 0)                              \
	S(ENDED, "Pending", "True", "PodCompleted", "False", "PodCompleted", TERMINATED,           \
	  "Completed", 0)                                                                          \
	S(SUCCEEDED, "Succeeded", "False", "PodCompleted", "False", "PodCompleted", TERMINATED,    \
	  "Completed", 0)                                                                          \
	S(NO_START, "Pending", "True", "", "False", "PodFailed", TERMINATED, "StartError", 128)    \
	S(FAILED, "Failed", "False", "", "False", "PodFailed", TERMINATED, "StartError", 128)      \
	S(NO_CREATE, "Pending", "True", "", "False", "ContainersNotReady", WAITING,                \
	  "CreateContainerError", 0)                                                               \
	S(KILLED, "Failed", "False", "", "False", "PodFailed", TERMINATED, "Error", 137)           \
	S(EVICTED, "Failed", "False", "", "False", "PodFailed", TERMINATED,                        \
	  "ContainerStatusUnknown", 137)                                                           \
	S(REJECTED, "Failed", "", "", "", "", NONE, "", 0)                                         \
	/* Of pods with several containers; first status, init containers, some main ones run: */  \
	S(INIT_FIRST, "Pending", "False", "ContainersNotInitialized", "False",                     \
	  "ContainersNotReady", WAITING, "PodInitializing", 0)                                     \
	S(INITIALIZING, "Pending", "True", "ContainersNotInitialized", "False",                    \
	  "ContainersNotReady", WAITING, "PodInitializing", 0)                                     \
	S(PARTLY, "Running", "True", "", "False", "ContainersNotReady", RUNNING, "", 0)

enum pod_shape {
#define S(id, ...) POD_SHAPE_##id,
	POD_SHAPES(S)
#undef S
		POD_SHAPE_COUNT
};

struct container_said {
	const char *name, *image;
	enum pod_shape shape;       /* for its state */
	const char *waits_for;      /* message of its state; NULL: none */
	const char *image_id;       /* "repo@sha256:..."; NULL: it was never started */
	int64_t started_s, ended_s; /* wall */
	uint64_t address;           /* makes its id */
};

struct pod_said { /* borrowed for the call */
	const char *uid;
	enum pod_shape shape;         /* for phase and conditions */
	const char *reason, *message; /* of the pod: OutOfpods, Evicted; NULL: none */
	const char *runtime;          /* as in nodeInfo.containerRuntimeVersion */
	/* In the order of the spec, init containers first. */
	const struct container_said *containers;
	size_t n, n_init;
	int64_t generation;
	int64_t start_s, ended_s;   /* wall: accepted; evicted */
	int64_t ready_s, sandbox_s; /* when Ready and PodReadyToStartContainers turned */
	uint64_t address;           /* makes its IPs */
	uint64_t node_address;
};

/* Appends {"metadata":{"uid":...},"status":{...}}. */
void pod_status_write(const struct pod_said *said, struct buf *out);
/* Appends the message of ImagePullBackOff about a pull that failed with that row and message. */
void pod_back_off_text(const struct dialect *d, const char *image, enum pod_shape failed,
		       const char *failure, struct buf *out);
const char *pod_shape_phase(enum pod_shape shape);

#endif
