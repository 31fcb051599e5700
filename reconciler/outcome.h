/*
 * What a pull pod proves (behaviour.md 8, 9): evidence in its status decides, not the
 * exit code; time decides where nothing happens. Pure.
 */
#ifndef DROP_RECONCILER_OUTCOME_H
#define DROP_RECONCILER_OUTCOME_H

#include <stdint.h>

#include "api/kinds.h"
#include "base/arena.h"
#include "reconciler/cause.h"

#define OUTCOME_UNRESPONSIVE_MS (2 * 60 * 1000) /* status.startTime unset */
#define OUTCOME_SANDBOX_MS      (5 * 60 * 1000) /* no container, and no sandbox for one */
#define OUTCOME_WAITING_MS      (2 * 60 * 1000) /* an unknown waiting reason stays */

/* What must be remembered between two looks at one pod. Boot ms. Zeroed: never looked. */
struct outcome_memory {
	int64_t seen_ms;         /* first look */
	uint64_t waiting_reason; /* hash of an unknown waiting reason, 0: none */
	int64_t waiting_ms;      /* since when */
};

enum outcome_kind { OUTCOME_RUNNING, OUTCOME_PULLED, OUTCOME_FAILED };

struct outcome {
	enum outcome_kind kind;
	/*
	 * Failed: why. Running: what it becomes at due_ms unless the pod changes before
	 * (always set: pullTimeout at the latest).
	 */
	enum fault fault;
	const char *reason, *message; /* static or in the arena */
	int64_t due_ms;
	const char *digest; /* pulled: "sha256:...", or NULL; borrowed from the pod */
	/* Pulled: seconds from the pod's start to the container's, as the kubelet tells; -1: not.
	 */
	int64_t took_s;
};

struct outcome outcome_of(const struct pod *pod, struct outcome_memory *memory, int64_t timeout_ms,
			  const char *host, const char *platform, int64_t now_ms, struct arena *a);

#endif
