/*
 * What a pull pod proves (behaviour.md 8, 9): evidence in its status decides, not the
 * exit code; time decides where nothing happens. Pure.
 */
#ifndef DROP_RECONCILER_RULES_OUTCOME_H
#define DROP_RECONCILER_RULES_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "reconciler/rules/cause.h"

#define OUTCOME_UNRESPONSIVE_MS (2 * 60 * 1000) /* status.startTime unset */
#define OUTCOME_SANDBOX_MS      (5 * 60 * 1000) /* no container, and no sandbox for one */
#define OUTCOME_WAITING_MS      (2 * 60 * 1000) /* an unknown waiting reason stays */

/* What must be remembered between two looks at one pod. Boot ms. Zeroed: never looked. */
struct outcome_memory {
	int64_t seen_ms;         /* first look */
	uint32_t waiting_reason; /* hash of an unknown waiting reason, 0: none */
	int64_t waiting_ms;      /* since when */
};

enum outcome_kind { OUTCOME_RUNNING, OUTCOME_PULLED, OUTCOME_FAILED };

struct outcome {
	enum outcome_kind kind;
	/*
	 * Failed: why. Running: what it becomes at due_ms unless the pod changes before;
	 * CLOCK_NEVER: nothing in the pod's status says that the pull is stuck.
	 */
	enum fault fault;
	const char *reason, *message; /* static or in the arena; NULL: nothing is wrong */
	int64_t due_ms;
	bool untaken;       /* running: the kubelet has not taken the pod so far (no startTime) */
	bool contained;     /* pulled: the kubelet has made the container, whatever became of it */
	const char *digest; /* pulled: "sha256:...", or NULL; borrowed from the pod */
	/*
	 * Pulled: seconds from the pod's start to the container's, as the kubelet tells; -1: it
	 * does not, or the container waited for others.
	 */
	int64_t took_s;
};

/*
 * The container that pulls: the one of that name, wherever it stands (api/pullpod.h says the name
 * by the place); or, for PULLPOD_ONLY, the only one there is (a pod of upstream). NULL: there is
 * none.
 */
const struct pod_container *outcome_container(const struct pod *pod, int place);
/*
 * What the pod's own status says, by that container: others, which a webhook added, prove nothing
 * about the image.
 */
struct outcome outcome_of(const struct pod *pod, int place, struct outcome_memory *memory,
			  const char *host, const char *platform, int64_t now_ms, struct arena *a);
/*
 * Does the container that pulls run another image than the pod was made for, as a mutating webhook
 * does it? Then nothing in the pod's status is about the image: ret is a failure, however the pod
 * ended. The same name and tag on another host or path, or with a digest, is no other image.
 * reference NULL: not known, false.
 */
bool outcome_mutated(const struct pod *pod, int place, const char *reference, struct arena *a,
		     struct outcome *ret);
/* An ImagePullBackOff whose message has no cause (kubelet 1.29 and older): keep the cause known. */
bool outcome_lacks_cause(const struct pod *pod, int place);

/* What bounds a running pull from outside of its pod. */
struct outcome_limits {
	int64_t timeout_ms; /* the policy's pullTimeout, as it is now; stretched if shared */
	bool shared;        /* the pod has several images (batch.h) */
	/* Why the node cannot run the pull, and the boot ms at which that ends it; NULL: it can. */
	const char *node_reason, *node_message;
	int64_t node_due_ms;
};

/*
 * With time: what a running pull becomes, and at which due_ms, unless something changes before. On
 * a node that cannot run it, it ends as a fault of that node, never as a Timeout of the image.
 * Anything but a running pull comes back as it is. Strings are those of the arguments, or static.
 */
struct outcome outcome_in_time(const struct outcome *seen, int64_t seen_ms,
			       const struct outcome_limits *limits);

#endif
