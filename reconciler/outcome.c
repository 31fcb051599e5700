/*
 * Evidence first (8), then failures that say so (9), then structure, then time (9).
 * The order is the rule: a pod that was evicted after its image came is a success,
 * and `terminated` alone proves nothing.
 */
#include "reconciler/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "api/ref.h"
#include "base/hash.h"

static bool is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static bool one_of(const char *s, const char *const *list)
{
	for (; s != NULL && *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static bool filled(const char *s)
{
	return s != NULL && *s != '\0';
}

/* 8. The runtime had the image in its hands when it came that far. */
static const char *const waits_after_pull[] = {
	"CreateContainerConfigError", "PreCreateHookError", "CreateContainerError",
	"PreStartHookError",          "RunContainerError",  NULL,
};

/* 9. kubelet says that the pull failed. */
static const char *const waits_failed[] = {
	"ErrImagePull",
	"ImagePullBackOff",
	"InvalidImageName",
	"RegistryUnavailable",
	"SignatureValidationFailed",
	"ErrImageNeverPull",
	NULL,
};

/* What waiting is called while everything is in order. */
static const char *const waits_normal[] = {"ContainerCreating", "PodInitializing", NULL};

static bool pulled(const struct pod *pod, const struct container_status *cs)
{
	if (is(pod->phase, "Succeeded"))
		return true;
	if (cs == NULL)
		return false;
	return filled(cs->container_id) || filled(cs->image_id) ||
	       (cs->waiting != NULL && one_of(cs->waiting->reason, waits_after_pull));
}

static struct outcome node_fault(const char *reason, const char *message, int64_t due_ms)
{
	return (struct outcome){.kind = due_ms == 0 ? OUTCOME_FAILED : OUTCOME_RUNNING,
				.fault = FAULT_NODE,
				.reason = reason,
				.message = message,
				.due_ms = due_ms};
}

/* 9. Failed without evidence: the kubelet rejected or evicted it. */
static struct outcome rejected(const struct pod *pod, struct arena *a)
{
	const char *text = filled(pod->message) ? pod->message : "the node ended the pull pod";
	return node_fault(filled(pod->reason) ? arena_strdup(a, cause_reason(pod->reason))
					      : "PodFailed",
			  cause_tail(a, text), 0);
}

static struct outcome waiting_failed(const struct container_waiting *w, const char *host,
				     const char *platform, struct arena *a)
{
	struct cause cause = cause_find(a, w->reason, w->message, host, platform);
	return (struct outcome){.kind = OUTCOME_FAILED,
				.fault = cause.fault,
				.reason = arena_strdup(a, cause_reason(w->reason)),
				.message = cause.text};
}

static bool ready_to_start(const struct pod *pod)
{
	for (size_t i = 0; i < pod->conditions.n; i++)
		if (is(pod->conditions.at[i].type, "PodReadyToStartContainers"))
			return is(pod->conditions.at[i].status, "True");
	return false;
}

static void sooner(struct outcome *o, struct outcome other)
{
	if (other.due_ms < o->due_ms)
		*o = other;
}

/*
 * A kubelet (1.34, recorded) leaves PodReadyToStartContainers False until the pull is over, and
 * says ContainerCreating all the while: that may be a pull of an hour. Only where it says
 * nothing of the container is the sandbox what is missing; pullTimeout judges the rest.
 */
static bool no_sandbox(const struct pod *pod)
{
	const struct container_status *cs =
		pod->container_statuses.n > 0 ? &pod->container_statuses.at[0] : NULL;
	return !ready_to_start(pod) && (cs == NULL || cs->waiting == NULL);
}

/* 9. What time will make of it. */
static struct outcome in_time(const struct pod *pod, const struct container_waiting *unknown,
			      const struct outcome_memory *m, int64_t timeout_ms, const char *host,
			      const char *platform, struct arena *a)
{
	struct outcome o = {.kind = OUTCOME_RUNNING,
			    .fault = FAULT_PULL,
			    .reason = "Timeout",
			    .message = "the pull did not end within the policy's pullTimeout",
			    .due_ms = m->seen_ms + timeout_ms};
	if (pod->start_time == 0)
		sooner(&o, node_fault("NodeUnresponsive", "kubelet did not take the pull pod",
				      m->seen_ms + OUTCOME_UNRESPONSIVE_MS));
	else if (no_sandbox(pod))
		sooner(&o, node_fault("SandboxFailed", "the pull pod's sandbox did not start",
				      m->seen_ms + OUTCOME_SANDBOX_MS));
	if (unknown != NULL) {
		struct outcome w = waiting_failed(unknown, host, platform, a);
		w.kind = OUTCOME_RUNNING;
		w.due_ms = m->waiting_ms + OUTCOME_WAITING_MS;
		sooner(&o, w);
	}
	return o;
}

static void remember(struct outcome_memory *m, const struct container_waiting *unknown,
		     int64_t now_ms)
{
	if (m->seen_ms == 0)
		m->seen_ms = now_ms;
	uint64_t reason = unknown != NULL ? hash_str(HASH_START, unknown->reason) : 0;
	if (reason != m->waiting_reason)
		m->waiting_ms = now_ms;
	m->waiting_reason = reason;
}

/* A container that never started (StartError) has a start of 1970, and its end counts. */
static int64_t took_s(const struct pod *pod, const struct container_status *cs)
{
	int64_t end = cs != NULL ? cs->running_since : 0;
	if (cs != NULL && cs->terminated != NULL) {
		end = cs->terminated->started_at;
		if (end <= 0)
			end = cs->terminated->finished_at;
	}
	return end > 0 && pod->start_time > 0 && end >= pod->start_time ? end - pod->start_time
									: -1;
}

struct outcome outcome_of(const struct pod *pod, struct outcome_memory *memory, int64_t timeout_ms,
			  const char *host, const char *platform, int64_t now_ms, struct arena *a)
{
	const struct container_status *cs =
		pod->container_statuses.n > 0 ? &pod->container_statuses.at[0] : NULL;
	const struct container_waiting *w = cs != NULL ? cs->waiting : NULL;
	bool failed = w != NULL && one_of(w->reason, waits_failed);
	bool inspect = w != NULL && is(w->reason, "ImageInspectError");
	const struct container_waiting *unknown =
		w != NULL && !failed && !inspect && !one_of(w->reason, waits_normal) ? w : NULL;

	remember(memory, unknown, now_ms);
	if (pulled(pod, cs))
		return (struct outcome){.kind = OUTCOME_PULLED,
					.took_s = took_s(pod, cs),
					.digest = cs != NULL && filled(cs->image_id)
							  ? ref_digest(cs->image_id)
							  : NULL};
	if (failed)
		return waiting_failed(w, host, platform, a);
	if (inspect)
		return node_fault("ImageInspectError",
				  cause_tail(a, filled(w->message)
							? w->message
							: "the image could not be inspected"),
				  0);
	if (is(pod->phase, "Failed"))
		return rejected(pod, a);
	return in_time(pod, unknown, memory, timeout_ms, host, platform, a);
}
