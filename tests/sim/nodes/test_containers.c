/*
 * Pods of several containers, as a mutating webhook makes them of pull pods, and nodes without a
 * kubelet: order of pulls and statuses as of kubelet 1.34 (containerStatuses by name, init
 * containers in the order of the spec, one after the other).
 */
#include "tests/unit.h"

#include <string.h>

#include "base/clock.h"

#include "tests/sim/nodes/node_world.h"

#define REG        "registry.example.com:5000"
#define AGENT      "{\"name\":\"agent\",\"image\":\"" REG "/agent:1\",\"command\":[\"agent\"]}"
#define BROKEN     "{\"name\":\"agent\",\"image\":\"dns.example.com/agent:1\",\"command\":[\"agent\"]}"
#define SETUP      "{\"name\":\"setup\",\"image\":\"" REG "/setup:1\",\"command\":[\"sh\"]}"
#define NO_INIT    "{\"name\":\"setup\",\"image\":\"dns.example.com/setup:1\",\"command\":[\"sh\"]}"
#define SIDECAR    "{\"name\":\"proxy\",\"image\":\"" REG "/proxy:1\",\"restartPolicy\":\"Always\"}"
#define INIT(list) "\"initContainers\":[" list "],"
#define MIN        60000

static struct sim_registry hosts[] = {{.host = "dns.example.com", .fault = "dns"}};
static struct sim_group groups[] = {
	{.name = "n", .count = 1},
	{.name = "hand", .count = 1, .by_hand = true},
};
static struct world w;

static int setup(void **state)
{
	(void)state;
	const struct sim_scenario s = {.any_image = true,
				       .image_size_mib = 1,
				       .nodes = {groups, ROWS(groups)},
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

/* A pod that is left alone: where it ends, and what its last status says and does not say. */
static const struct mutated {
	const char *name, *more, *before, *behind;
	const char *phase; /* then: of its last status */
	const char *has[5], *lacks;
} mutated_rows[] = {
	{"a sidecar before pull: pull ended, the pod runs on",
	 NULL,
	 AGENT ",",
	 NULL,
	 "Running",
	 {"\"containerStatuses\":[{\"name\":\"agent\",\"state\":{\"running\"",
	  "{\"name\":\"pull\",\"state\":{\"terminated\":{\"exitCode\":0",
	  REG "/agent@sha256:", "containers with unready status: [pull]"},
	 NULL},
	{"a sidecar behind pull: by name all the same",
	 NULL,
	 NULL,
	 "," AGENT,
	 "Running",
	 {"\"containerStatuses\":[{\"name\":\"agent\""},
	 NULL},
	{"a sidecar without an image: pull has its own",
	 NULL,
	 BROKEN ",",
	 NULL,
	 "Pending",
	 {"{\"name\":\"agent\",\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\"",
	  "{\"name\":\"pull\",\"state\":{\"terminated\":{\"exitCode\":0",
	  "containers with unready status: [agent pull]"},
	 NULL},
	{"an init container that ends",
	 INIT(SETUP),
	 NULL,
	 NULL,
	 "Succeeded",
	 {"\"initContainerStatuses\":[{\"name\":\"setup\",\"state\":{\"terminated\"",
	  "\"containerStatuses\":[{\"name\":\"pull\",\"state\":{\"terminated\""},
	 "PodInitializing"},
	{"an init container without an image: pull waits for it",
	 INIT(NO_INIT),
	 NULL,
	 NULL,
	 "Pending",
	 {"\"initContainerStatuses\":[{\"name\":\"setup\",\"state\":{\"waiting\":{\"reason\":"
	  "\"ImagePullBackOff\",\"message\":\"Back-off pulling image",
	  "{\"name\":\"pull\",\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}",
	  "\"reason\":\"ContainersNotInitialized\"", "containers with incomplete status: [setup]",
	  "lookup dns.example.com"},
	 NULL},
	{"an init container that stays ends with the pod",
	 INIT(SIDECAR),
	 NULL,
	 NULL,
	 "Succeeded",
	 {"\"initContainerStatuses\":[{\"name\":\"proxy\",\"state\":{\"terminated\""},
	 NULL},
	{"two init containers, the second without an image",
	 INIT(SETUP ",{\"name\":\"aaa\",\"image\":\"dns.example.com/a:1\"}"),
	 NULL,
	 NULL,
	 "Pending",
	 {"\"initContainerStatuses\":[{\"name\":\"setup\",\"state\":{\"terminated\"",
	  "{\"name\":\"aaa\",\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\"",
	  "containers with incomplete status: [aaa]"},
	 NULL},
};

static void mutated_pods(void **state)
{
	FOREACH_ROW(struct mutated, mutated_rows)
	{
		setup(state);
		struct world_pod *p = world_mutated(&w, "p", "n-000", REG "/a:1", row->more,
						    row->before, row->behind);
		world_run(&w, MIN + 15000);
		assert_string_equal(p->phase, row->phase);
		for (size_t i = 0; i < ROWS(row->has) && row->has[i] != NULL; i++)
			if (strstr(p->status.data, row->has[i]) == NULL)
				fail_msg("%s: not in %s", row->has[i], p->status.data);
		if (row->lacks != NULL)
			assert_null(strstr(p->status.data, row->lacks));
		assert_false(p->went_back);
		world_delete(&w, p, true);
		world_run(&w, 1000);
		assert_true(p->gone);
		teardown(state);
	}
}

/* Its pull ends, whatever its sidecar: the first status comes with the whole sync's result. */
static void statuses_come_in_order(void **state)
{
	(void)state;
	struct world_pod *p = world_mutated(&w, "p", "n-000", REG "/a:1", INIT(SETUP), NULL, NULL);
	world_run(&w, MIN);
	assert_string_equal(p->said.data, "Pending waiting PodInitializing FFFFT > "
					  "Pending waiting PodInitializing TTFFT > "
					  "Pending Completed 0 pulled TTFFT > "
					  "Succeeded Completed 0 pulled FTFFT");
}

static void a_kubelet_comes_back_to_several_containers(void **state)
{
	(void)state;
	struct world_pod *p = world_mutated(&w, "p", "n-000", REG "/a:1", NULL, BROKEN ",", NULL);
	world_run(&w, MIN);
	world_step(&w, "node-notready", "n-000", NULL, false);
	world_run(&w, MIN);
	world_step(&w, "node-ready", "n-000", NULL, false);
	world_run(&w, MIN);
	assert_string_equal(p->phase, "Pending");
	assert_non_null(strstr(p->status.data, "{\"name\":\"pull\",\"state\":{\"terminated\""));
	world_delete(&w, p, true);
	world_run(&w, 1000);
	assert_int_equal(nodes_view(w.nodes, 0).pods, 0);
}

static void no_kubelet(void **state)
{
	(void)state;
	size_t writes = w.node_writes;
	struct world_pod *p = world_pod(&w, "p", "hand-000", REG "/a:1", NULL, NULL);
	world_run(&w, 10 * MIN);
	assert_int_equal(p->n_said, 0);
	assert_true(nodes_view(w.nodes, 1).exists);
	/* Heartbeats are the other node's only: at most four in ten minutes. */
	assert_in_range(w.node_writes - writes, 1, 4);
	world_step(&w, "node-notready", "hand-000", NULL, false);
	world_delete(&w, p, true);
	world_run(&w, MIN);
	assert_false(p->gone); /* nobody is there to end it */
	world_step(&w, "node-ready", "hand-000", NULL, false);
	world_run(&w, MIN);
	assert_true(p->gone);
	struct world_pod *q = world_pod(&w, "q", "hand-000", REG "/a:1", NULL, NULL);
	world_run(&w, 5000);
	world_delete(&w, q, true);
	world_run(&w, 1000);
	assert_true(q->gone);
}

/* The kubelet's own words go by its clock; those of others do not. */
static void a_skewed_clock(void **state)
{
	(void)state;
	char early[TIME_TEXT_MAX], late[TIME_TEXT_MAX];
	struct err err;
	const struct sim_step ahead = {.what = "node-clock", .node = "n", .by_ms = 300000};
	const struct sim_step back = {
		.what = "node-clock", .node = "n", .by_ms = 300000, .end = true};
	assert_int_equal(nodes_step(w.nodes, &ahead, w.now, &err), 0);
	world_run(&w, 100);
	time_format(late, w.now.wall_s + 300);
	assert_non_null(strstr(w.node_status.data, late));
	struct world_pod *p = world_pod(&w, "p", "n-000", REG "/a:1", NULL, NULL);
	world_run(&w, 500);
	char start[64];
	snprintf(start, sizeof(start), "\"startTime\":\"%s\"", late);
	assert_non_null(strstr(p->status.data, start));
	world_run(&w, MIN);
	time_format(early, w.now.wall_s - MIN / 1000);
	assert_string_equal(p->phase, "Succeeded");
	assert_null(strstr(p->status.data, early));
	world_step(&w, "node-notready", "n-000", NULL, false); /* the words of a controller */
	world_run(&w, 100);
	time_format(early, w.now.wall_s);
	char since[64];
	snprintf(since, sizeof(since), "\"lastTransitionTime\":\"%s\"", early);
	assert_non_null(strstr(w.node_status.data, since));
	world_step(&w, "node-ready", "n-000", NULL, false);
	assert_int_equal(nodes_step(w.nodes, &back, w.now, &err), 0);
	world_run(&w, 5 * MIN);
	time_format(late, w.now.wall_s + 200);
	assert_true(strcmp(strstr(w.node_status.data, "lastHeartbeatTime") +
				   strlen("lastHeartbeatTime\":\""),
			   late) < 0);
}

static bool has_node(void *ctx, const char *node)
{
	return strcmp(node, ctx) == 0;
}

/* Of two nodes the API knows one: it says what it is, the other registers again. */
static void after_a_restore(void **state)
{
	(void)state;
	struct world_pod *p = world_pod(&w, "p", "n-000", REG "/a:1", NULL, NULL);
	world_run(&w, MIN);
	assert_string_equal(p->phase, "Succeeded");
	buf_clear(&w.log, SIZE_MAX);
	nodes_restored(w.nodes, has_node, "n-000", w.now);
	assert_int_equal(nodes_view(w.nodes, 0).pods, 0);
	world_run(&w, 1000);
	assert_non_null(strstr(w.log.data, "create hand-000"));
	assert_non_null(strstr(w.log.data, "status n-000"));
	assert_null(strstr(w.log.data, "create n-000"));
	/* One that should not be there goes. */
	world_step(&w, "node-vanish", "hand-000", NULL, false);
	world_run(&w, 1000);
	buf_clear(&w.log, SIZE_MAX);
	nodes_restored(w.nodes, has_node, "hand-000", w.now);
	world_run(&w, 1000);
	assert_non_null(strstr(w.log.data, "delete hand-000"));
	assert_non_null(strstr(w.log.data, "create n-000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_pods),
		cmocka_unit_test_setup_teardown(statuses_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_kubelet_comes_back_to_several_containers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_kubelet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_skewed_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_restore, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
