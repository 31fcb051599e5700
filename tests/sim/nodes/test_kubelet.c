/*
 * What a kubelet says of a pull pod, and in which order: the rows of the page of recorded
 * statuses (kubelet 1.34.4, containerd 1.6; some with CRI-O 1.34), conditions included:
 * PodReadyToStartContainers, Initialized, Ready, ContainersReady, PodScheduled by their first
 * letters.
 */
#include "tests/unit.h"

#include <string.h>

#include "tests/sim/nodes/node_world.h"

#define REG       "registry.example.com:5000"
#define CREATING  "Pending waiting ContainerCreating FTFFT"
#define ERR       "Pending waiting ErrImagePull TTFFT"
#define BACKOFF   "Pending waiting ImagePullBackOff TTFFT"
#define ENDED     "Pending Completed 0 pulled TTFFT"
#define DONE      "Succeeded Completed 0 pulled FTFFT"
#define NO_CREATE "Pending waiting CreateContainerError TTFFT"
#define MIN       60000

static struct sim_image images[] = {
	{.ref = REG "/none:1", .size_mib = 1, .scratch = true},
	{.ref = REG "/secret:1", .size_mib = 1, .needs_secret = true},
	{.ref = REG "/big:1", .size_mib = 100},
	{.ref = REG "/huge:1", .size_mib = 1000},
};
static struct sim_registry hosts[] = {
	{.host = "dns.example.com", .fault = "dns"},
	{.host = "refused.example.com", .fault = "refused"},
	{.host = "busy.example.com", .fault = "rate-limited"},
};
static const char *there[] = {REG "/here:1"};
static struct node_taint taint = {"maintenance", NULL, "NoExecute"};
static struct sim_group groups[] = {
	{.name = "n", .count = 1, .bandwidth_mib = 10, .disk_mib = 500, .images = {there, 1}},
	{.name = "two", .count = 1, .max_pods = 2, .bandwidth_mib = 10},
	{.name = "tainted", .count = 1, .taints = {&taint, 1}},
	{.name = "win", .count = 1, .os = "windows"},
	{.name = "par", .count = 1, .bandwidth_mib = 10, .parallel_pulls = true},
	{.name = "crio", .count = 1, .disk_mib = 500, .kubelet = "1.34/crio-1.34"},
};

static struct world w;

static int setup(void **state)
{
	(void)state;
	const struct sim_scenario s = {.any_image = true,
				       .image_size_mib = 1,
				       .nodes = {groups, ROWS(groups)},
				       .images = {images, ROWS(images)},
				       .registries = {hosts, ROWS(hosts)}};
	world_init(&w, &s, &(struct nodes_config){.seed = 1});
	world_run(&w, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_done(&w);
	return 0;
}

/* Sequences of one pod that is left alone. */
static const struct sequence {
	const char *name, *node, *image, *policy, *command;
	int64_t run_ms;
	const char *want, *message;
} sequence_rows[] = {
	{"image has `true`", "n-000", REG "/a:1", NULL, NULL, MIN, CREATING " > " ENDED " > " DONE,
	 NULL},
	{"scratch image", "n-000", REG "/none:1", NULL, NULL, MIN,
	 CREATING " > Pending StartError 128 pulled TTFFT > "
		  "Failed StartError 128 pulled FTFFT",
	 "exec: \\\"true\\\": executable file not found in $PATH"},
	{"no such tag", "n-000", "gone.example.com/a:1", NULL, NULL, 80000,
	 CREATING " > " ERR " > " BACKOFF " > " ERR " > " BACKOFF " > " ERR " > " BACKOFF,
	 "Back-off pulling image \\\"gone.example.com/a:1\\\": ErrImagePull: rpc error: "
	 "code "
	 "= NotFound"},
	{"DNS", "n-000", "dns.example.com/a:1", NULL, NULL, 5000, CREATING " > " ERR,
	 "lookup dns.example.com: no such host"},
	{"connection refused", "n-000", "refused.example.com/a:1", NULL, NULL, 5000,
	 CREATING " > " ERR, "connect: connection refused"},
	{"rate limited", "n-000", "busy.example.com/a:1", NULL, NULL, 5000, CREATING " > " ERR,
	 "429 Too Many Requests"},
	{"no secret", "n-000", REG "/secret:1", NULL, NULL, 5000, CREATING " > " ERR,
	 "401 Unauthorized"},
	{"invalid name", "n-000", "UPPER/x:y", NULL, NULL, 20000, CREATING " > " ERR " > " BACKOFF,
	 "repository name must be lowercase"},
	{"a name that kubelet refuses", "n-000", "docker.io/UPPER/x:1", NULL, NULL, 5 * MIN,
	 CREATING " > Pending waiting InvalidImageName TTFFT",
	 "couldn't parse image name \\\"docker.io/UPPER/x:1\\\": invalid reference format: "
	 "repository name (UPPER/x) must be lowercase"},
	{"Never, absent", "n-000", REG "/a:1", "Never", NULL, 5 * MIN,
	 CREATING " > Pending waiting ErrImageNeverPull TTFFT",
	 "is not present with pull policy of Never"},
	{"Never, present", "n-000", REG "/here:1", "Never", NULL, MIN,
	 CREATING " > " ENDED " > " DONE, NULL},
	{"IfNotPresent, present", "n-000", REG "/here:1", "IfNotPresent", NULL, MIN,
	 CREATING " > " ENDED " > " DONE, NULL},
	{"IfNotPresent, absent", "n-000", REG "/a:1", "IfNotPresent", NULL, MIN,
	 CREATING " > " ENDED " > " DONE, NULL},
	{"something that stays", "n-000", REG "/a:1", NULL, "sleep", MIN,
	 CREATING " > Running running pulled TTTTT", NULL},
	{"taint", "tainted-000", REG "/a:1", NULL, NULL, MIN, "Failed TaintToleration",
	 "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the "
	 "pod "
	 "didn't tolerate"},
	{"CRI-O", "crio-000", REG "/a:1", NULL, NULL, MIN, CREATING " > " ENDED " > " DONE,
	 "\"containerID\":\"cri-o://"},
	{"CRI-O, scratch image", "crio-000", REG "/none:1", NULL, NULL, 5 * MIN,
	 CREATING " > " NO_CREATE, "\"message\":\"container create failed: time="},
	{"CRI-O, scratch image that is there", "crio-000", REG "/none:1", "IfNotPresent", NULL,
	 5 * MIN, CREATING " > " NO_CREATE, "executable file not found in $PATH"},
	{"CRI-O, connection refused", "crio-000", "refused.example.com/a:1", NULL, NULL, 30000,
	 CREATING " > Pending waiting RegistryUnavailable TTFFT > " BACKOFF " > Pending waiting "
		  "RegistryUnavailable TTFFT",
	 "because the registry is unavailable: "},
	{"CRI-O, back-off", "crio-000", "refused.example.com/a:1", NULL, NULL, 20000,
	 CREATING " > Pending waiting RegistryUnavailable TTFFT > " BACKOFF,
	 "Back-off pulling image \\\"refused.example.com/a:1\\\": RegistryUnavailable: image pull "
	 "failed for refused.example.com/a:1 "},
	{"CRI-O, no space left", "crio-000", REG "/huge:1", NULL, NULL, 5000, CREATING " > " ERR,
	 "writing blob: storing blob to file"},
	{"no space left", "n-000", REG "/huge:1", NULL, NULL, 3 * MIN, CREATING " > " ERR,
	 "no space left on device"},
};

static void sequences(void **state)
{
	FOREACH_ROW(struct sequence, sequence_rows)
	{
		struct err err;
		struct sim_step gone = {.what = "image-remove", .image = "gone.example.com/a:1"};
		setup(state);
		assert_int_equal(registries_step(w.registries, &gone, &err), 0);
		struct world_pod *p =
			world_pod(&w, "p", row->node, row->image, row->policy, row->command);
		world_run(&w, row->run_ms);
		if (strcmp(row->name, "no space left") == 0) /* ... and again and again */
			assert_int_equal(strncmp(p->said.data, row->want, strlen(row->want)), 0);
		else
			assert_string_equal(p->said.data, row->want);
		if (row->message != NULL)
			assert_non_null(strstr(p->status.data, row->message));
		assert_non_null(strstr(p->status.data, "{\"metadata\":{\"uid\":\"uid-1\"}"));
		teardown(state);
	}
}

/* A pod says which system it is for, or none; kubelets check that before all else. */
static void rule_49_systems(void **state)
{
	static const struct {
		const char *node, *more, *says, *message;
	} rows[] = {
		{"win-000", "\"os\":{\"name\":\"windows\"},", CREATING " > " ENDED " > " DONE,
		 NULL},
		{"win-000", NULL, CREATING " > " ENDED " > " DONE, NULL},
		{"win-000", "\"os\":{\"name\":\"linux\"},", "Failed PodOSNotSupported",
		 "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS"},
		{"n-000", "\"os\":{\"name\":\"windows\"},", "Failed PodOSNotSupported", NULL},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		setup(state);
		struct world_pod *p =
			world_mutated(&w, "p", rows[i].node, REG "/a:1", rows[i].more, NULL, NULL);
		world_run(&w, MIN);
		assert_string_equal(p->said.data, rows[i].says);
		if (rows[i].message != NULL)
			assert_non_null(strstr(p->status.data, rows[i].message));
		teardown(state);
	}
}

/* Recorded: first status at once, ErrImagePull within 2 s, each next change 10 to 16 s later. */
static void timing(void **state)
{
	(void)state;
	struct world_pod *p = world_pod(&w, "p", "n-000", "dns.example.com/a:1", NULL, NULL);
	world_run(&w, 30 * MIN);
	assert_in_range(p->said_ms[0], 1, 100);
	assert_in_range(p->said_ms[1], 300, 2000);
	for (size_t i = 2; i < 6; i++)
		assert_in_range(p->said_ms[i] - p->said_ms[i - 1], 10000, 16000);
	/* Then the back-off is longer than two syncs; at most 300 s and two more syncs. */
	assert_in_range(p->said_ms[7] - p->said_ms[5], 40000, 75000);
	for (size_t i = 9; i < p->n_said; i++)
		assert_in_range(p->said_ms[i] - p->said_ms[i - 2], 40000, 340000);
}

static void a_pull_takes_its_time(void **state)
{
	(void)state;
	struct world_pod *p = world_pod(&w, "p", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 5000);
	/* Nothing is said during a pull: PodReadyToStartContainers is False until its end. */
	assert_string_equal(p->said.data, CREATING);
	world_run(&w, 0);
	assert_in_range(nodes_progress(w.nodes, 0, REG "/big:1"), 40, 50);
	world_run(&w, 6000); /* 100 MiB at 10 MiB/s */
	assert_string_equal(p->said.data, CREATING " > " ENDED);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/big:1"), 100);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/else:1"), -1);
	world_run(&w, 2000);
	assert_string_equal(p->phase, "Succeeded");
}

static void one_pull_at_a_time(void **state)
{
	(void)state;
	struct world_pod *big = world_pod(&w, "big", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 100);
	struct world_pod *small = world_pod(&w, "small", "n-000", REG "/a:1", NULL, NULL);
	world_run(&w, 9000);
	assert_string_equal(small->said.data, CREATING);
	assert_int_equal(nodes_view(w.nodes, 0).pulling, 1);
	world_run(&w, 5000);
	assert_string_equal(big->phase, "Succeeded");
	assert_string_equal(small->phase, "Succeeded");
	/* In parallel the small one overtakes. */
	big = world_pod(&w, "big2", "par-000", REG "/big:1", NULL, NULL);
	world_run(&w, 100);
	small = world_pod(&w, "small2", "par-000", REG "/a:1", NULL, NULL);
	world_run(&w, 5000);
	assert_string_equal(small->phase, "Succeeded");
	assert_string_equal(big->phase, "Pending");
}

static void a_deleted_pull_is_cancelled(void **state)
{
	(void)state;
	struct world_pod *big = world_pod(&w, "big", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 100);
	struct world_pod *next = world_pod(&w, "next", "n-000", REG "/a:1", NULL, NULL);
	world_run(&w, 3000);
	world_delete(&w, big, false);
	world_run(&w, 5000);
	assert_string_equal(next->phase, "Succeeded");
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/big:1"), -1);
	/* With grace the kubelet ends it. */
	world_delete(&w, next, true);
	assert_false(next->gone);
	world_run(&w, 100);
	assert_true(next->gone);
	assert_int_equal(nodes_view(w.nodes, 0).pods, 0);
}

static void out_of_pods(void **state)
{
	(void)state;
	world_pod(&w, "a", "two-000", REG "/big:1", NULL, NULL);
	struct world_pod *b = world_pod(&w, "b", "two-000", REG "/b:1", NULL, NULL);
	world_run(&w, 100);
	struct world_pod *c = world_pod(&w, "c", "two-000", REG "/c:1", NULL, NULL);
	world_run(&w, 100);
	assert_string_equal(c->said.data, "Failed OutOfpods");
	assert_non_null(strstr(c->status.data,
			       "Pod was rejected: Node didn't have enough resource: "
			       "pods, requested: 1, used: 2, capacity: 2"));
	assert_null(strstr(c->status.data, "containerStatuses"));
	/* Ended pods hold no place. */
	world_run(&w, MIN);
	assert_string_equal(b->phase, "Succeeded");
	struct world_pod *d = world_pod(&w, "d", "two-000", REG "/d:1", NULL, NULL);
	world_run(&w, MIN);
	assert_string_equal(d->phase, "Succeeded");
	world_step(&w, "node-full", "two", NULL, false);
	struct world_pod *e = world_pod(&w, "e", "two-000", REG "/e:1", NULL, NULL);
	world_run(&w, 100);
	assert_string_equal(e->said.data, "Failed OutOfpods");
	assert_int_equal(nodes_counts(w.nodes).pods_rejected, 2);
}

static void disk_pressure(void **state)
{
	(void)state;
	struct world_pod *a = world_pod(&w, "a", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 1000);
	struct world_pod *b = world_pod(&w, "b", "n-000", REG "/b:1", NULL, NULL);
	world_run(&w, 1000);
	world_step(&w, "node-pressure", "n-000", NULL, false);
	world_run(&w, 100);
	struct world_pod *c = world_pod(&w, "c", "n-000", REG "/c:1", NULL, NULL);
	world_run(&w, 100);
	/* behaviour.md 8: 137 is no evidence; there is no imageID. The first condition is
	 * DisruptionTarget. */
	assert_string_equal(a->said.data,
			    CREATING " > Failed Evicted ContainerStatusUnknown 137 TFTFFT");
	assert_non_null(strstr(a->status.data, "The node was low on resource: ephemeral-storage."));
	assert_string_equal(b->said.data, CREATING); /* one every ten seconds */
	assert_string_equal(c->said.data, "Failed Evicted");
	assert_non_null(strstr(c->status.data, "The node had condition: [DiskPressure]."));
	world_run(&w, 10000);
	/* b's pull, unhindered once a's was cancelled, had ended before its turn to be evicted. */
	assert_string_equal(b->phase, "Succeeded");
	assert_non_null(strstr(w.node_taints.data, "node.kubernetes.io/disk-pressure"));
	world_step(&w, "node-pressure", "n-000", NULL, true);
	world_run(&w, 100);
	assert_null(strstr(w.node_taints.data, "node.kubernetes.io/disk-pressure"));
	struct world_pod *d = world_pod(&w, "d", "n-000", REG "/d:1", NULL, NULL);
	world_run(&w, MIN);
	assert_string_equal(d->phase, "Succeeded");
}

static void a_kubelet_that_is_away(void **state)
{
	(void)state;
	struct world_pod *a = world_pod(&w, "a", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 3000);
	world_step(&w, "node-notready", "n-000", NULL, false);
	world_run(&w, 100);
	assert_non_null(strstr(w.node_status.data, "\"type\":\"Ready\",\"status\":\"Unknown\""));
	assert_non_null(strstr(w.node_taints.data, "node.kubernetes.io/unreachable"));
	assert_false(nodes_view(w.nodes, 0).ready);
	struct world_pod *b = world_pod(&w, "b", "n-000", REG "/b:1", NULL, NULL);
	world_run(&w, 10 * MIN);
	assert_string_equal(a->said.data, CREATING);
	assert_int_equal(b->said.len, 0); /* no startTime: NodeUnresponsive, behaviour.md 9 */
	world_step(&w, "node-ready", "n-000", NULL, false);
	world_run(&w, 100);
	assert_non_null(strstr(w.node_status.data, "\"type\":\"Ready\",\"status\":\"True\""));
	world_run(&w, MIN);
	assert_string_equal(a->phase, "Succeeded");
	assert_string_equal(b->phase, "Succeeded");
	assert_int_equal(nodes_counts(w.nodes).double_pulls, 0);
}

static void nodes_go_and_come(void **state)
{
	(void)state;
	struct world_pod *a = world_pod(&w, "a", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 20000);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/big:1"), 100);
	world_step(&w, "node-vanish", "n-000", NULL, false);
	world_run(&w, 1000);
	assert_true(a->gone);
	assert_false(nodes_view(w.nodes, 0).exists);
	world_step(&w, "node-join", "n-000", NULL, false);
	world_run(&w, 1000);
	assert_true(nodes_view(w.nodes, 0).exists);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/big:1"), 100); /* its disk is the same */
	world_step(&w, "node-replace", "n-000", NULL, false);
	world_run(&w, 1000);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/big:1"), -1);
	assert_int_equal(nodes_progress(w.nodes, 0, REG "/here:1"), 100);
	world_step(&w, "node-cordon", "n-000", NULL, false);
	world_run(&w, 100);
	assert_non_null(strstr(w.node_taints.data, "\"unschedulable\":true"));
	world_step(&w, "node-cordon", "n-000", NULL, true);
	world_run(&w, 100);
	assert_string_equal(w.node_taints.data,
			    "{\"spec\":{\"unschedulable\":null,\"taints\":[]}}");
}

static void what_the_node_reports(void **state)
{
	(void)state;
	assert_non_null(strstr(w.node_object.data, "\"kind\":\"Node\""));
	/* Admission taints a new node, we take that off. */
	assert_string_equal(w.node_taints.data,
			    "{\"spec\":{\"unschedulable\":null,\"taints\":[]}}");
	world_pod(&w, "a", "n-000", REG "/big:1", NULL, NULL);
	world_run(&w, 30000);
	assert_non_null(strstr(w.node_status.data, REG "/big:1"));
	assert_non_null(strstr(w.node_status.data, REG "/here:1"));
	world_step(&w, "evict-image", "n-000", REG "/big:1", false);
	world_run(&w, 11000);
	assert_null(strstr(w.node_status.data, REG "/big:1"));
	size_t writes = w.node_writes;
	world_run(&w, 290000); /* nothing changed: heartbeats only, one a node in 150 to 300 s */
	assert_in_range(w.node_writes - writes, 1, 2 * ROWS(groups));
}

static void a_kubelet_objects(void **state)
{
	(void)state;
	size_t writes = w.node_writes;
	nodes_contradicted(w.nodes, "n-000", w.now);
	nodes_contradicted(w.nodes, "n-000", w.now);
	nodes_contradicted(w.nodes, "of others", w.now);
	world_run(&w, 10000);
	assert_int_equal(w.node_writes, writes + 1);
	assert_non_null(strstr(w.node_status.data, "\"type\":\"Ready\",\"status\":\"True\""));
	world_step(&w, "node-notready", "n-000", NULL, false);
	world_run(&w, 1000);
	writes = w.node_writes;
	nodes_contradicted(w.nodes, "n-000", w.now);
	world_run(&w, 10000);
	assert_int_equal(w.node_writes, writes); /* it is away */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences),
		cmocka_unit_test(rule_49_systems),
		CASE(timing),
		CASE(a_pull_takes_its_time),
		CASE(one_pull_at_a_time),
		CASE(a_deleted_pull_is_cancelled),
		CASE(out_of_pods),
		CASE(disk_pressure),
		CASE(a_kubelet_that_is_away),
		CASE(nodes_go_and_come),
		CASE(what_the_node_reports),
		CASE(a_kubelet_objects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
