/*
 * Nodes through any weather: thousands of seeded runs with lost and late answers, nodes and
 * registries that fail, pods that come and go. What must hold, holds at every moment; once
 * the weather is fair, every pod comes to its end. The same seed gives the same run.
 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "tests/sim/nodes/node_world.h"

#define SEEDS   1500
#define ACTIONS 60
#define NODES   4
#define IMAGES  6

static const char *const refs[IMAGES] = {"a.io/x:1", "a.io/y:1", "b.io/x:1",
					 "b.io/y:2", "c.io/z:1", "c.io/big:1"};
static const char *const names[NODES] = {"g-000", "g-001", "h-000", "h-001"};
static struct sim_image rows[] = {
	{.ref = "c.io/z:1", .scratch = true, .size_mib = 3},
	{.ref = "c.io/big:1", .size_mib = 60},
};

struct run {
	struct world w;
	uint64_t pods;
};

static void begin(struct run *r, uint64_t seed)
{
	r->pods = 0;
	uint64_t rnd = seed * 2654435761U;
	struct sim_group groups[] = {
		{.name = "g",
		 .count = 2,
		 .bandwidth_mib = (int64_t)(rnd % 4) * 10,
		 .disk_mib = 150},
		{.name = "h",
		 .count = 2,
		 .bandwidth_mib = 20,
		 .disk_mib = 90,
		 .max_pods = 3,
		 .parallel_pulls = rnd & 64},
	};
	const struct sim_scenario s = {.any_image = true,
				       .image_size_mib = 20,
				       .nodes = {groups, ROWS(groups)},
				       .images = {rows, ROWS(rows)}};
	const struct nodes_config config = {.seed = seed, .jitter_ms = (int64_t)(rnd >> 8) % 400};
	world_init(&r->w, &s, &config);
	r->w.refuse_percent = (unsigned)(rnd >> 16) % 30;
	r->w.late_percent = (unsigned)(rnd >> 24) % 60;
}

/* The operator asks for an image on a node once at a time. */
static bool is_there(const struct run *r, const char *node, const char *image)
{
	for (size_t i = 0; i < r->w.n_pods; i++) {
		const struct world_pod *p = r->w.pods[i];
		if (!p->gone && strcmp(p->node, node) == 0 && strcmp(p->image, image) == 0)
			return true;
	}
	return false;
}

static void make_pod(struct run *r)
{
	static const char *const policies[] = {"Always", "IfNotPresent", "Never"};
	const char *node = names[world_random(&r->w, NODES)];
	const char *image = refs[world_random(&r->w, IMAGES)];
	char name[64];
	if (is_there(r, node, image))
		return;
	snprintf(name, sizeof(name), "p-%llu", (unsigned long long)r->pods++);
	world_pod(&r->w, name, node, image, policies[world_random(&r->w, 20) % 3 % 2], NULL);
}

static void delete_pod(struct run *r)
{
	if (r->w.n_pods == 0)
		return;
	struct world_pod *p = r->w.pods[world_random(&r->w, r->w.n_pods)];
	world_delete(&r->w, p, world_random(&r->w, 2) == 0);
}

static void weather(struct run *r)
{
	static const char *const steps[] = {"node-notready", "node-vanish", "node-replace",
					    "node-pressure", "node-full",   "node-cordon"};
	static const char *const faults[] = {"dns", "not-found", "slow", "timeout", "none"};
	struct world *w = &r->w;
	struct err err;
	if (world_random(w, 3) == 0) {
		struct sim_step s = {.what = "registry-fault",
				     .registry = world_random(w, 2) ? "a.io" : "b.io",
				     .fault = faults[world_random(w, ROWS(faults))]};
		assert_int_equal(registries_step(w->registries, &s, &err), 0);
	} else if (world_random(w, 4) == 0) {
		world_step(w, "evict-image", names[world_random(w, NODES)],
			   refs[world_random(w, IMAGES)], false);
	} else if (world_random(w, 8) == 0) {
		struct sim_step s = {.what = "image-set",
				     .image = refs[world_random(w, IMAGES - 2)],
				     .size_mib = 1 + (int64_t)world_random(w, 30)};
		assert_int_equal(registries_step(w->registries, &s, &err), 0);
	} else {
		world_step(w, steps[world_random(w, ROWS(steps))], names[world_random(w, NODES)],
			   NULL, world_random(w, 2) == 0);
	}
}

static void fair_weather(struct run *r)
{
	static const char *const ended[] = {"node-notready", "node-pressure", "node-full",
					    "node-cordon", "node-vanish"};
	struct err err;
	for (size_t i = 0; i < ROWS(ended); i++)
		for (size_t n = 0; n < NODES; n++)
			world_step(&r->w, ended[i], names[n], NULL, true);
	struct sim_step a = {.what = "registry-heal", .registry = "a.io"}, b = a;
	b.registry = "b.io";
	assert_int_equal(registries_step(r->w.registries, &a, &err), 0);
	assert_int_equal(registries_step(r->w.registries, &b, &err), 0);
	r->w.refuse_percent = r->w.late_percent = 0;
}

static void what_always_holds(const struct run *r)
{
	const struct nodes_counts c = nodes_counts(r->w.nodes);
	size_t live = 0, known = 0;
	assert_int_equal(c.double_pulls, 0);
	assert_int_equal(r->w.overlapping, 0);
	for (size_t i = 0; i < nodes_count(r->w.nodes); i++) {
		struct node_view v = nodes_view(r->w.nodes, i);
		assert_true(v.used_mib <= v.disk_mib);
		known += v.pods;
	}
	for (size_t i = 0; i < r->w.n_pods; i++) {
		live += !r->w.pods[i]->gone;
		assert_false(r->w.pods[i]->went_back);
	}
	assert_int_equal(known, live);
	assert_true(c.pulls_done + c.pulls_failed <= c.pulls_started);
}

static void what_holds_in_the_end(const struct run *r)
{
	what_always_holds(r);
	for (size_t i = 0; i < r->w.n_pods; i++) {
		const struct world_pod *p = r->w.pods[i];
		if (!p->gone)
			fail_msg("%s of %s on %s is %s: %s", p->name, p->image, p->node, p->phase,
				 p->said.data);
	}
	for (size_t i = 0; i < NODES; i++)
		assert_true(nodes_view(r->w.nodes, i).exists && nodes_view(r->w.nodes, i).ready);
}

static bool is_over(const struct world_pod *p)
{
	return strcmp(p->phase, "Succeeded") == 0 || strcmp(p->phase, "Failed") == 0;
}

static void story(struct run *r, uint64_t seed, bool look)
{
	begin(r, seed);
	for (int i = 0; i < ACTIONS; i++) {
		uint64_t dice = world_random(&r->w, 10);
		if (dice < 5)
			make_pod(r);
		else if (dice < 7)
			delete_pod(r);
		else
			weather(r);
		world_run(&r->w, (int64_t)world_random(&r->w, 1 << world_random(&r->w, 16)));
		if (look)
			what_always_holds(r);
	}
	fair_weather(r);
	/* The operator deletes what is over: its images are free to go when space is needed. */
	for (int i = 0; i < 4; i++) {
		world_run(&r->w, 900000);
		for (size_t j = 0; j < r->w.n_pods; j++)
			if (is_over(r->w.pods[j]))
				world_delete(&r->w, r->w.pods[j], true);
	}
	world_run(&r->w, 900000);
}

static struct run *run_new(void)
{
	return xcalloc(1, sizeof(struct run));
}

static void any_weather(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct run *r = run_new();
		/* The last one shown is the one that fails. */
		print_message("# seed %llu\n", (unsigned long long)seed);
		story(r, seed, true);
		what_holds_in_the_end(r);
		world_done(&r->w);
		free(r);
	}
}

static void same_seed_same_run(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct run *a = run_new(), *b = run_new(), *other = run_new();
		story(a, seed, false);
		story(b, seed, false);
		story(other, seed + 1, false);
		assert_string_equal(a->w.log.data, b->w.log.data);
		assert_string_not_equal(a->w.log.data, other->w.log.data);
		world_done(&a->w);
		world_done(&b->w);
		world_done(&other->w);
		free(a);
		free(b);
		free(other);
	}
}

/* Bench mode: one write a pull. */
static void instant(void **state)
{
	(void)state;
	struct run *r = run_new();
	struct sim_group g = {.name = "g", .count = 10};
	const struct sim_scenario s = {.any_image = true, .nodes = {&g, 1}};
	world_init(&r->w, &s, &(struct nodes_config){.seed = 1, .instant = true});
	for (int i = 0; i < 100; i++) {
		static const char *const on[] = {"g-000", "g-001", "g-002", "g-003", "g-004",
						 "g-005", "g-006", "g-007", "g-008", "g-009"};
		static const char *const of[] = {"i:0", "i:1", "i:2", "i:3", "i:4",
						 "i:5", "i:6", "i:7", "i:8", "i:9"};
		char name[64];
		snprintf(name, sizeof(name), "p-%d", i);
		world_pod(&r->w, name, on[i % 10], of[i / 10], NULL, NULL);
	}
	world_run(&r->w, 0);
	assert_int_equal(r->w.statuses, 100);
	assert_int_equal(r->w.node_writes, 2 * 10); /* created, and the taint taken off */
	assert_int_equal(nodes_counts(r->w.nodes).pulls_done, 100);
	for (size_t i = 0; i < r->w.n_pods; i++)
		assert_string_equal(r->w.pods[i]->said.data, "Succeeded Completed 0 pulled FTFFT");
	world_done(&r->w);
	free(r);
}

static void a_port_that_is_busy(void **state)
{
	(void)state;
	/* Nothing is lost, nothing is written meanwhile, and the last state is what is said. */
	struct run *r = run_new();
	struct sim_group g = {.name = "g", .count = 1};
	const struct sim_scenario s = {.any_image = true, .nodes = {&g, 1}};
	world_init(&r->w, &s, &(struct nodes_config){.seed = 1});
	world_run(&r->w, 1000);
	r->w.busy = true;
	struct world_pod *p = world_pod(&r->w, "p", "g-000", "i:1", NULL, NULL);
	world_run(&r->w, 60000);
	assert_int_equal(r->w.statuses, 0);
	r->w.busy = false;
	world_run(&r->w, 0);
	assert_string_equal(p->said.data, "Succeeded Completed 0 pulled FTFFT");
	world_done(&r->w);
	free(r);
}

static void wrong_steps(void **state)
{
	(void)state;
	static const struct row {
		const char *name;
		struct sim_step step;
		const char *want;
	} bad[] = {
		{"not ours", {.what = "image-set", .node = "g-000"}, "no step of nodes"},
		{"no node", {.what = "node-join"}, "needs `node`"},
		{"no such node", {.what = "node-join", .node = "x"}, "no node or group"},
		{"no image", {.what = "evict-image", .node = "g"}, "needs `image`"},
	};
	struct run *r = run_new();
	begin(r, 1);
	FOREACH_ROW(struct row, bad)
	{
		struct err err;
		assert_int_equal(nodes_step(r->w.nodes, &row->step, r->w.now, &err), -1);
		assert_int_equal(err.cls, ERR_TERMINAL);
		assert_non_null(strstr(err.text, row->want));
	}
	world_done(&r->w);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_weather), cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(instant),     cmocka_unit_test(a_port_that_is_busy),
		cmocka_unit_test(wrong_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
