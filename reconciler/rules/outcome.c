/*
 * Evidence first (8), then failures that say so (9), then structure, then time (9).
 * The order is the rule: a pod that was evicted after its image came is a success,
 * and `terminated` alone proves nothing.
 */
#include "reconciler/rules/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "api/pullpod.h"
#include "api/ref.h"
#include "base/clock.h"
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

/* An image's ID is told of a container that was made; its own may be trimmed (pod_trim). */
static bool contained(const struct pod *pod, const struct container_status *cs)
{
	return is(pod->phase, "Succeeded") || filled(cs->container_id) || filled(cs->image_id);
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
		if (is(pod->conditions.at[i].type, POD_READY_TO_START))
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
static bool no_sandbox(const struct pod *pod, const struct container_status *cs)
{
	return !ready_to_start(pod) && (cs == NULL || cs->waiting == NULL);
}

/* 9. What time will make of it. */
static struct outcome stuck(const struct pod *pod, const struct container_status *cs,
			    const struct container_waiting *unknown, const struct outcome_memory *m,
			    const char *host, const char *platform, struct arena *a)
{
	struct outcome o = {.kind = OUTCOME_RUNNING, .due_ms = CLOCK_NEVER};
	if (pod->start_time == 0)
		sooner(&o, node_fault("NodeUnresponsive", "kubelet did not take the pull pod",
				      m->seen_ms + OUTCOME_UNRESPONSIVE_MS));
	else if (no_sandbox(pod, cs))
		sooner(&o, node_fault("SandboxFailed", "the pull pod's sandbox did not start",
				      m->seen_ms + OUTCOME_SANDBOX_MS));
	if (unknown != NULL) {
		struct outcome w = waiting_failed(unknown, host, platform, a);
		w.kind = OUTCOME_RUNNING;
		w.due_ms = m->waiting_ms + OUTCOME_WAITING_MS;
		sooner(&o, w);
	}
	o.untaken = pod->start_time == 0;
	return o;
}

#define TIMEOUT        "the pull did not end within the policy's pullTimeout"
#define SHARED_TIMEOUT "the pulls of one pod did not end within pullTimeout for each of its images"

struct outcome outcome_in_time(const struct outcome *seen, int64_t seen_ms,
			       const struct outcome_limits *limits)
{
	if (seen->kind != OUTCOME_RUNNING)
		return *seen;
	if (limits->node_reason != NULL)
		return (struct outcome){.kind = OUTCOME_RUNNING,
					.fault = FAULT_NODE,
					.reason = limits->node_reason,
					.message = limits->node_message,
					.due_ms = limits->node_due_ms};
	struct outcome o = {.kind = OUTCOME_RUNNING,
			    .fault = FAULT_PULL,
			    .reason = "Timeout",
			    .message = limits->shared ? SHARED_TIMEOUT : TIMEOUT,
			    .due_ms = seen_ms + limits->timeout_ms};
	sooner(&o, *seen);
	return o;
}

static void remember(struct outcome_memory *m, const struct container_waiting *unknown,
		     int64_t now_ms)
{
	if (m->seen_ms == 0)
		m->seen_ms = now_ms;
	uint32_t reason = unknown != NULL ? (uint32_t)hash_str(HASH_START, unknown->reason) : 0;
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

static const struct container_status *find(const struct container_statuses *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (is(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

const struct pod_container *outcome_container(const struct pod *pod, int place)
{
	char name[PULLPOD_CONTAINER_SIZE];
	const struct pod_containers *list = &pod->containers;
	for (size_t i = 0; i < list->n; i++)
		if (is(list->at[i].name, pullpod_container(name, place)))
			return &list->at[i];
	return list->n == 1 && place == PULLPOD_ONLY ? &list->at[0] : NULL;
}

/*
 * The same image from another place: a webhook for a mirror changes host and path, one that pins
 * adds the digest. Workloads get the same, so what is on the node is what they will ask for.
 */
static bool same_elsewhere(const char *wanted, const char *runs)
{
	const char *w = strrchr(wanted, '/'), *r = strrchr(runs, '/');
	w = w != NULL ? w + 1 : wanted;
	r = r != NULL ? r + 1 : runs;
	size_t n = strcspn(w, ":@");
	const char *pinned = strchr(w, '@'), *pins = strchr(r, '@');
	if (strcspn(r, ":@") != n || strncmp(w, r, n) != 0)
		return false;
	if (pinned != NULL)
		return is(pins, pinned);
	return pins != NULL || strcmp(w + n, r + n) == 0;
}

/* Both as a runtime understands them: a webhook may only have written the name in full. */
bool outcome_mutated(const struct pod *pod, int place, const char *reference, struct arena *a,
		     struct outcome *ret)
{
	const struct pod_container *own = outcome_container(pod, place);
	if (own == NULL || own->image == NULL || reference == NULL || is(own->image, reference))
		return false;
	const char *normal = ref_normal(a, reference), *runs = ref_normal(a, own->image);
	if (normal != NULL && runs != NULL && (is(runs, normal) || same_elsewhere(normal, runs)))
		return false;
	*ret = (struct outcome){
		.kind = OUTCOME_FAILED,
		.fault = FAULT_PULL,
		.reason = "PodMutated",
		.message = cause_tail(
			a, arena_printf(a, "a webhook put another image into the pull pod: %s",
					own->image))};
	return true;
}

static const struct container_status *status_of(const struct pod *pod, int place)
{
	char name[PULLPOD_CONTAINER_SIZE];
	const struct pod_container *c = outcome_container(pod, place);
	bool named = c != NULL && c->name != NULL;
	return find(&pod->container_statuses, named ? c->name : pullpod_container(name, place));
}

/* kubelet 1.29: `Back-off pulling image "R"` and nothing after it; later ones repeat the cause. */
static bool bare(const struct container_waiting *w)
{
	static const char start[] = "Back-off pulling image \"";
	if (!is(w->reason, "ImagePullBackOff"))
		return false;
	if (!filled(w->message))
		return true;
	if (strncmp(w->message, start, sizeof(start) - 1) != 0)
		return false;
	const char *end = strchr(w->message + sizeof(start) - 1, '"');
	return end == NULL || end[1] == '\0';
}

bool outcome_lacks_cause(const struct pod *pod, int place)
{
	const struct container_status *cs = status_of(pod, place);
	return cs != NULL && cs->waiting != NULL && bare(cs->waiting);
}

/*
 * An init container that a webhook added and that failed: the pull cannot begin. Its image is not
 * ours, so the fault is the pull's, and the text names the container.
 */
static bool init_failed(const struct pod *pod, const char *platform, struct arena *a,
			struct outcome *ret)
{
	for (size_t i = 0; i < pod->init_container_statuses.n; i++) {
		const struct container_status *cs = &pod->init_container_statuses.at[i];
		const struct container_waiting *w = cs->waiting;
		const struct container_terminated *t = cs->terminated;
		const char *name = cs->name != NULL ? cs->name : "";
		if (w != NULL && one_of(w->reason, waits_failed) && !bare(w)) {
			*ret = waiting_failed(w, NULL, platform, a);
			ret->fault = FAULT_PULL;
			ret->message = cause_tail(
				a, arena_printf(a, "init container %s: %s", name, ret->message));
			return true;
		}
		if (t != NULL && t->exit_code != 0 && is(pod->phase, "Failed")) {
			*ret = (struct outcome){
				.kind = OUTCOME_FAILED,
				.fault = FAULT_PULL,
				.reason = "InitContainerFailed",
				.message = arena_printf(
					a, "init container %s ended with exit code %lld", name,
					(long long)t->exit_code)};
			return true;
		}
	}
	return false;
}

struct outcome outcome_of(const struct pod *pod, int place, struct outcome_memory *memory,
			  const char *host, const char *platform, int64_t now_ms, struct arena *a)
{
	const struct container_status *cs = status_of(pod, place);
	const struct container_waiting *w = cs != NULL ? cs->waiting : NULL;
	bool failed = w != NULL && one_of(w->reason, waits_failed) && !bare(w);
	bool inspect = w != NULL && is(w->reason, "ImageInspectError");
	const struct container_waiting *unknown =
		w != NULL && !failed && !inspect && !one_of(w->reason, waits_normal) ? w : NULL;
	struct outcome init;

	remember(memory, unknown, now_ms);
	if (pulled(pod, cs))
		return (struct outcome){.kind = OUTCOME_PULLED,
					.contained = contained(pod, cs),
					.took_s = place == PULLPOD_ONLY ? took_s(pod, cs) : -1,
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
	if (init_failed(pod, platform, a, &init))
		return init;
	if (is(pod->phase, "Failed"))
		return rejected(pod, a);
	return stuck(pod, cs, unknown, memory, host, platform, a);
}
