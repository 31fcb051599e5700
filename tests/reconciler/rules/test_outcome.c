/* What a pod proves: evidence (behaviour.md 8), failures and time (9). */
#include "tests/unit.h"

#include <string.h>

#include "api/pullpod.h"
#include "reconciler/rules/outcome.h"

#define SEEN    1000
#define MIN     (60 * 1000)
#define TIMEOUT (30 * MIN)
#define IMAGE_ID                                                                                   \
	"docker.io/library/alpine@sha256:"                                                         \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST       "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_DIGEST "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

struct row {
	const char *name, *phase;
	bool taken, sandbox;
	const char *waiting, *message, *terminated, *image_id, *container_id, *pod_reason;
	enum outcome_kind kind;
	enum fault fault;
	const char *reason, *digest;
	int64_t due_ms; /* after SEEN */
};

static const struct row rows[] = {
	/* 8: evidence */
	{"succeeded", "Succeeded", 1, 1, .kind = OUTCOME_PULLED},
	{"ended, still Pending", "Pending", 1, 1, .terminated = "Completed", .image_id = IMAGE_ID,
	 .container_id = "containerd://1", .kind = OUTCOME_PULLED, .digest = DIGEST},
	{"scratch image: StartError", "Failed", 1, 1, .terminated = "StartError",
	 .image_id = IMAGE_ID, .kind = OUTCOME_PULLED, .digest = DIGEST},
	{"image ID without a repository", "Running", 1, 1, .image_id = DIGEST,
	 .kind = OUTCOME_PULLED},
	{"container ID alone", "Failed", 1, 1, .container_id = "cri-o://1", .kind = OUTCOME_PULLED},
	{"CreateContainerConfigError", "Pending", 1, 1, "CreateContainerConfigError",
	 .kind = OUTCOME_PULLED},
	{"PreCreateHookError", "Pending", 1, 1, "PreCreateHookError", .kind = OUTCOME_PULLED},
	{"CreateContainerError", "Pending", 1, 1, "CreateContainerError", .kind = OUTCOME_PULLED},
	{"PreStartHookError", "Pending", 1, 1, "PreStartHookError", .kind = OUTCOME_PULLED},
	{"RunContainerError", "Pending", 1, 1, "RunContainerError", .kind = OUTCOME_PULLED},
	{"evicted: terminated proves nothing", "Failed", 1, 1,
	 .terminated = "ContainerStatusUnknown", .pod_reason = "Evicted", .kind = OUTCOME_FAILED,
	 .fault = FAULT_NODE, .reason = "Evicted"},
	{"evicted after the pull", "Failed", 1, 1, .terminated = "ContainerStatusUnknown",
	 .image_id = IMAGE_ID, .pod_reason = "Evicted", .kind = OUTCOME_PULLED, .digest = DIGEST},
	/* 9: failures that say so */
	{"ErrImagePull", "Pending", 1, 1, "ErrImagePull", "x: not found", .kind = OUTCOME_FAILED,
	 .fault = FAULT_IMAGE, .reason = "ErrImagePull"},
	{"ImagePullBackOff", "Pending", 1, 1, "ImagePullBackOff", "x: not found",
	 .kind = OUTCOME_FAILED, .fault = FAULT_IMAGE, .reason = "ImagePullBackOff"},
	{"InvalidImageName", "Pending", 1, 1, "InvalidImageName", "bad", .kind = OUTCOME_FAILED,
	 .fault = FAULT_IMAGE, .reason = "InvalidImageName"},
	{"RegistryUnavailable", "Pending", 1, 1, "RegistryUnavailable", "bad",
	 .kind = OUTCOME_FAILED, .fault = FAULT_REGISTRY, .reason = "RegistryUnavailable"},
	{"SignatureValidationFailed", "Pending", 1, 1, "SignatureValidationFailed", "bad",
	 .kind = OUTCOME_FAILED, .fault = FAULT_PULL, .reason = "SignatureValidationFailed"},
	{"Never: ErrImageNeverPull", "Pending", 1, 1, "ErrImageNeverPull", .kind = OUTCOME_FAILED,
	 .fault = FAULT_PULL, .reason = "ErrImageNeverPull"},
	/* 9: by structure */
	{"rejected by the kubelet", "Failed", 0, 0, .pod_reason = "OutOfcpu",
	 .kind = OUTCOME_FAILED, .fault = FAULT_NODE, .reason = "OutOfcpu"},
	{"a reason that is none", "Failed", 0, 0, .pod_reason = "no good", .kind = OUTCOME_FAILED,
	 .fault = FAULT_NODE, .reason = "PullFailed"},
	{"failed without a word", "Failed", 0, 0, .kind = OUTCOME_FAILED, .fault = FAULT_NODE,
	 .reason = "PodFailed"},
	{"ImageInspectError", "Pending", 1, 1, "ImageInspectError", "bad", .kind = OUTCOME_FAILED,
	 .fault = FAULT_NODE, .reason = "ImageInspectError"},
	/* 9: by time */
	{"not taken", "Pending", 0, 0, .kind = OUTCOME_RUNNING, .fault = FAULT_NODE,
	 .reason = "NodeUnresponsive", .due_ms = 2 * MIN},
	{"no sandbox", "Pending", 1, 0, .kind = OUTCOME_RUNNING, .fault = FAULT_NODE,
	 .reason = "SandboxFailed", .due_ms = 5 * MIN},
	{"pulling, as kubelet 1.34 says it", "Pending", 1, 0, "ContainerCreating",
	 .kind = OUTCOME_RUNNING, .fault = FAULT_PULL, .reason = "Timeout", .due_ms = TIMEOUT},
	{"pulling", "Pending", 1, 1, "ContainerCreating", .kind = OUTCOME_RUNNING,
	 .fault = FAULT_PULL, .reason = "Timeout", .due_ms = TIMEOUT},
	{"an unknown reason", "Pending", 1, 1, "SomethingNew", "bad", .kind = OUTCOME_RUNNING,
	 .fault = FAULT_PULL, .reason = "SomethingNew", .due_ms = 2 * MIN},
};

static struct outcome in_time(struct outcome seen, const struct outcome_memory *memory)
{
	struct outcome_limits limits = {.timeout_ms = TIMEOUT};
	return outcome_in_time(&seen, memory->seen_ms, &limits);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

/* What the watcher leaves away (pod_trim) decides nothing. */
static void assert_same(const struct outcome *a, const struct outcome *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->fault, b->fault);
	assert_int_equal(a->due_ms, b->due_ms);
	assert_int_equal(a->took_s, b->took_s);
	assert_int_equal(a->contained, b->contained);
	assert_same_text(a->digest, b->digest);
	assert_same_text(a->reason, b->reason);
	assert_same_text(a->message, b->message);
}

static struct outcome look(const struct row *row, struct outcome_memory *memory, int64_t now,
			   struct arena *a)
{
	struct container_waiting waiting = {row->waiting, row->message};
	struct container_terminated ended = {.exit_code = 137, .reason = row->terminated};
	struct container_status cs = {
		.name = "pull",
		.image_id = row->image_id,
		.container_id = row->container_id,
		.waiting = row->waiting ? &waiting : NULL,
		.terminated = row->terminated ? &ended : NULL,
	};
	struct pod_condition sandbox = {"PodReadyToStartContainers",
					row->sandbox ? "True" : "False", NULL, NULL};
	struct pod pod = {
		.phase = row->phase,
		.reason = row->pod_reason,
		.start_time = row->taken,
		.conditions = {&sandbox, 1},
		.container_statuses = {&cs, 1},
	};
	struct outcome_memory untrimmed = *memory;
	struct outcome whole =
		outcome_of(&pod, PULLPOD_ONLY, &untrimmed, "h", "linux/amd64", now, a);
	pod_trim(&pod, a);
	struct outcome o = outcome_of(&pod, PULLPOD_ONLY, memory, "h", "linux/amd64", now, a);
	assert_same(&whole, &o);
	return in_time(o, memory);
}

static void rules_8_9(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	FOREACH_ROW(struct row, rows)
	{
		struct outcome_memory memory = {0};
		struct outcome o = look(row, &memory, SEEN, &a);
		assert_int_equal(o.kind, row->kind);
		if (row->digest == NULL)
			assert_null(o.digest);
		else
			assert_string_equal(o.digest, row->digest);
		if (o.kind == OUTCOME_PULLED)
			continue;
		assert_int_equal(o.fault, row->fault);
		assert_string_equal(o.reason, row->reason);
		assert_true(o.message != NULL && *o.message != '\0');
		if (o.kind == OUTCOME_RUNNING)
			assert_int_equal(o.due_ms, SEEN + row->due_ms);
	}
	arena_done(&a);
}

/* 8. Another image in the pull pod proves nothing of ours, whatever its status says. */
static void rule_8_another_image(void **state)
{
	(void)state;
	static const struct {
		const char *name, *image, *reference;
		bool mutated;
	} images[] = {
		{"the same", "x.io/a:1", "x.io/a:1", false},
		{"the same in full", "docker.io/library/nginx:latest", "nginx", false},
		{"a pod of upstream", "x.io/a:1", NULL, false},
		{"another tag", "x.io/a:2", "x.io/a:1", true},
		{"another repository", "x.io/b:1", "x.io/a:1", true},
		{"a longer name", "x.io/ab:1", "x.io/a:1", true},
		{"a mirror", "mirror.io/x.io/a:1", "x.io/a:1", false},
		{"a mirror, another tag", "mirror.io/x.io/a:2", "x.io/a:1", true},
		{"a digest put in", "x.io/a@" DIGEST, "x.io/a:1", false},
		{"another digest", "x.io/a@" DIGEST, "x.io/a@" OTHER_DIGEST, true},
		{"that digest from a mirror", "m.io/a@" DIGEST, "x.io/a@" DIGEST, false},
		{"no reference at all", "UPPER/x", "x.io/a:1", true},
	};
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		struct pod_container containers[] = {{"agent", "x.io/agent:1"},
						     {"pull", images[i].image}};
		struct pod pod = {.phase = "Succeeded", .containers = {containers, 2}};
		struct outcome o = {0};
		bool got = outcome_mutated(&pod, PULLPOD_ONLY, images[i].reference, &a, &o);
		if (got != images[i].mutated)
			fail_msg("%s", images[i].name);
		if (!got)
			continue;
		assert_int_equal(o.kind, OUTCOME_FAILED);
		assert_string_equal(o.reason, "PodMutated");
		assert_non_null(strstr(o.message, images[i].image));
	}
	arena_done(&a);
}

/* The clock of an unknown reason starts with the reason, and again with another. */
static void rule_9_time_since_the_reason(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct outcome_memory m = {0};
	struct row pulling = {
		.phase = "Pending", .taken = 1, .sandbox = 1, .waiting = "ContainerCreating"};
	struct row one = pulling, two = pulling;
	one.waiting = "One";
	two.waiting = "Two";
	look(&pulling, &m, SEEN, &a);
	assert_int_equal(look(&one, &m, SEEN + MIN, &a).due_ms, SEEN + 3 * MIN);
	assert_int_equal(look(&one, &m, SEEN + 2 * MIN, &a).due_ms, SEEN + 3 * MIN);
	assert_int_equal(look(&two, &m, SEEN + 2 * MIN, &a).due_ms, SEEN + 4 * MIN);
	assert_int_equal(look(&pulling, &m, SEEN + 3 * MIN, &a).due_ms, SEEN + TIMEOUT);
	arena_done(&a);
}

/* How long the kubelet says that a pull took: to the start of the container, or its end. */
static void time_a_pull_took(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t start, running, started, finished, want;
	} times[] = {
		{"ran", 100, 0, 107, 108, 7},
		{"runs", 100, 103, 0, 0, 3},
		{"StartError: started in 1970", 100, 0, 0, 109, 9},
		{"at once", 100, 0, 100, 100, 0},
		{"no start of the pod", 0, 0, 107, 108, -1},
		{"no time of the container", 100, 0, 0, 0, -1},
		{"a clock that went back", 100, 0, 90, 91, -1},
	};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct container_terminated end = {.started_at = times[i].started,
						   .finished_at = times[i].finished};
		struct container_status cs = {.name = "pull",
					      .image_id = IMAGE_ID,
					      .running_since = times[i].running,
					      .terminated = times[i].running == 0 ? &end : NULL};
		struct pod pod = {.phase = "Running",
				  .start_time = times[i].start,
				  .container_statuses = {&cs, 1}};
		struct outcome_memory memory = {0};
		struct arena a = ARENA_INIT;
		struct outcome o =
			outcome_of(&pod, PULLPOD_ONLY, &memory, "h", "linux/amd64", SEEN, &a);
		assert_int_equal(o.kind, OUTCOME_PULLED);
		if (o.took_s != times[i].want)
			fail_msg("%s: %ld", times[i].name, (long)o.took_s);
		arena_done(&a);
	}
}

/* What no API server says is no crash: a container and a status without names. */
static void rule_8_no_names(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct outcome_memory memory = {0};
	struct container_status statuses[] = {{.name = NULL, .image_id = IMAGE_ID}, {"x"}};
	struct pod_container container = {NULL, NULL};
	struct pod pod = {.phase = "Pending",
			  .start_time = 1,
			  .containers = {&container, 1},
			  .container_statuses = {statuses, 2}};
	struct outcome o = outcome_of(&pod, PULLPOD_ONLY, &memory, "h", "linux/amd64", SEEN, &a);
	assert_int_equal(o.kind, OUTCOME_RUNNING);
	assert_false(outcome_lacks_cause(&pod, PULLPOD_ONLY));
	assert_false(outcome_mutated(&pod, PULLPOD_ONLY, "x.io/a:1", &a, &o));
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_8_9),        cmocka_unit_test(rule_8_another_image),
		cmocka_unit_test(rule_8_no_names),  cmocka_unit_test(rule_9_time_since_the_reason),
		cmocka_unit_test(time_a_pull_took),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
