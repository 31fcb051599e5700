/*
 * Scenario files: what is read, what is filled in, and that everything wrong is named with
 * its line. Single steps as they come at run time.
 */
#include "tests/unit.h"

#include <string.h>

#include "sim/scenario/scenario.h"

#define OBJECT "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"

static const struct bad_row {
	const char *name, *text, *want;
} bad[] = {
	{"nothing", "", "the scenario is empty"},
	{"no YAML", "nodes: [", "line 2: not YAML"},
	{"only a comment", "# x\n---\n", "the scenario is empty"},
	{"an object first", "apiVersion: v1\nkind: Node\n",
	 "line 1: the first document must be the scenario"},
	{"no map", "- a\n", "line 1: object: must be an object"},
	{"a misspelt key", "title: x\nnodes:\n- name: a\n  cuont: 3\n",
	 "line 4: nodes[0].cuont: unknown key; did you mean count?"},
	{"a wrong type", "nodes:\n- name: a\n- {name: b, count: many}\n",
	 "line 3: nodes[1].count: must be an integer"},
	{"out of range", "nodes:\n- {name: a, count: 0}\n",
	 "line 2: nodes[0].count: out of range; use 1 to 20000"},
	{"a name that is none", "nodes:\n- {name: A_b}\n", "line 2: nodes[0].name: malformed"},
	{"a group twice", "nodes:\n- {name: a}\n- {name: b}\n- {name: a}\n",
	 "line 4: nodes[2].name: the group \"a\" is there twice"},
	{"a taint both ways",
	 "nodes:\n- name: a\n  startupTaints: [{key: k, clearedAfter: 1s, backAfter: 1s}]\n",
	 "line 3: nodes[0].startupTaints[0]: write clearedAfter or backAfter, not both"},
	{"no reference", "images:\n- {ref: 'a b'}\n", "line 2: images[0].ref: no image reference"},
	{"layers and a size", "images:\n- {ref: a, sizeMiB: 1, layers: [{name: x}]}\n",
	 "line 2: images[0]: write layers or sizeMiB, not both"},
	{"no such fault of a pull", "registries:\n- {host: h, fault: sad}\n",
	 "line 2: registries[0].fault: unknown value; use one of dns"},
	{"no such fault of the API", "faults:\n- kind: sad\n",
	 "line 2: faults[0].kind: unknown value"},
	{"a moment's fault for good", "faults:\n- kind: expire\n",
	 "line 2: faults[0]: expire happens at a moment"},
	{"slow without a delay", "faults:\n- kind: slow\n", "line 2: faults[0]: slow needs delay"},
	{"a step without its argument", "timeline:\n- {at: 1s, do: node-join}\n",
	 "line 2: timeline[0]: node-join needs node"},
	{"its second argument", "nodes: [{name: a}]\ntimeline:\n- {do: evict-image, node: a}\n",
	 "line 3: timeline[0]: evict-image needs image"},
	{"a node that cannot be",
	 "nodes: [{name: a, count: 2}]\ntimeline:\n- {do: node-join, node: a-002}\n",
	 "line 3: timeline[0].node: no group has a node a-002"},
	{"a node written short",
	 "nodes: [{name: a, count: 2}]\ntimeline:\n- {do: node-join, node: a-1}\n",
	 "line 3: timeline[0].node: no group has a node a-1"},
	{"`for` where nothing lasts",
	 "nodes: [{name: a}]\ntimeline:\n- {do: node-join, node: a, for: 1s}\n",
	 "line 3: timeline[0]: node-join does not last"},
	{"a moment's fault with `for`",
	 "timeline:\n- {do: api-fault, for: 1s, api: {kind: drop-watch}}\n",
	 "line 2: timeline[0]: drop-watch happens at a moment"},
	{"for and end",
	 "timeline:\n- {do: registry-fault, registry: h, fault: dns, for: 1s, end: true}\n",
	 "line 2: timeline[0]: `for` and `end` exclude each other"},
	{"asleep backwards", "timeline:\n- {do: clock-jump, by: -1s, clock: sleep}\n",
	 "line 2: timeline[0]: a sleep cannot go back"},
	{"an object of a step", "timeline:\n- do: apply\n  object: {kind: Namespace}\n",
	 "line 2: timeline[0]: needs apiVersion and kind"},
	{"an object of a kind that is not served", "title: x\n---\napiVersion: v1\nkind: Service\n",
	 "line 3: the object: needs apiVersion and kind"},
	{"an expectation without a name", "expect:\n- {phase: Ready}\n",
	 "line 2: expect[0].name: missing; it is required"},
};

static void what_is_refused(void **state)
{
	(void)state;
	FOREACH_ROW(struct bad_row, bad)
	{
		struct arena a = ARENA_INIT;
		struct sim_scenario s = {.seed = 77};
		struct err err = {.text = ""};
		assert_int_equal(scenario_read(row->text, strlen(row->text), &a, &s, &err), -1);
		if (strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("\"%s\" and not \"%s\"", err.text, row->want);
		assert_int_equal(err.cls, ERR_TERMINAL);
		assert_int_equal(s.seed, 77);
		arena_done(&a);
	}
}

static void read_ok(const char *text, struct arena *a, struct sim_scenario *ret)
{
	struct err err = {.text = ""};
	if (scenario_read(text, strlen(text), a, ret, &err) != 0)
		fail_msg("%s", err.text);
}

static void what_is_filled_in(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct sim_scenario s;
	read_ok("nodes: [{name: n}]\nfaults: [{kind: status}]\ntimeline: [{do: clock-jump, by: "
		"-1h}]\n"
		"expect: [{name: x}]\n",
		&a, &s);
	assert_true(s.any_image);
	assert_int_equal(s.image_size_mib, 50);
	assert_int_equal(s.nodes.at[0].count, 1);
	assert_string_equal(s.nodes.at[0].os, "linux");
	assert_int_equal(s.nodes.at[0].max_pods, 110);
	assert_int_equal(s.nodes.at[0].max_images, 50);
	assert_int_equal(s.nodes.at[0].heartbeat_s, 300);
	assert_int_equal(s.faults.at[0].percent, 100);
	assert_int_equal(s.timeline.at[0].by_ms, -3600000);
	assert_string_equal(s.timeline.at[0].clock, "wall");
	assert_string_equal(s.expect.at[0].kind, "CachedImage");
	arena_done(&a);
}

static void a_whole_file(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	struct sim_scenario s;
	read_ok("title: t\nseed: 7\nanyImage: false\nnodes:\n"
		"- {name: a, count: 3, labels: {z: '1', b: '2'}, taints: [{key: k, effect: "
		"NoSchedule}],\n"
		"   images: [nginx]}\n"
		"images: [{ref: nginx, layers: [{name: base, sizeMiB: 30}, {name: x, sizeMiB: "
		"5}]}]\n"
		"timeline:\n"
		"- {at: 10s, do: node-vanish, node: a-002, for: 5s}\n"
		"- {at: 1m, do: api-fault, api: {kind: status, code: 429, retryAfterSeconds: 2,\n"
		"   verbs: [create], resources: [pods]}, for: 3s}\n"
		"- do: apply\n  object:\n    apiVersion: v1\n    kind: Namespace\n"
		"    metadata: {name: q, labels: {a: 'x\"y'}}\n" OBJECT OBJECT "---\n",
		&a, &s);
	assert_int_equal(s.seed, 7);
	assert_false(s.any_image);
	assert_string_equal(s.nodes.at[0].labels.at[0].key, "b");
	assert_string_equal(s.nodes.at[0].taints.at[0].effect, "NoSchedule");
	assert_string_equal(s.nodes.at[0].images.at[0], "nginx");
	assert_int_equal(s.images.at[0].layers.at[1].size_mib, 5);
	assert_int_equal(s.timeline.n, 3);
	assert_int_equal(s.timeline.at[0].for_ms, 5000);
	assert_int_equal(s.timeline.at[1].api->code, 429);
	assert_string_equal(s.timeline.at[1].api->resources.at[0], "pods");
	assert_string_equal(s.timeline.at[2].object,
			    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":"
			    "{\"name\":\"q\",\"labels\":{\"a\":\"x\\\"y\"}}}");
	assert_int_equal(s.objects.n, 2);
	assert_string_equal(
		s.objects.at[0],
		"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}}");
	arena_done(&a);
}

static const struct step_row {
	const char *name, *json, *want; /* the error; "": fine */
} step_rows[] = {
	{"a step", "{\"do\":\"node-join\",\"node\":\"a-000\",\"at\":\"2s\"}", ""},
	{"an object",
	 "{\"do\":\"delete\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\","
	 "\"metadata\":{\"name\":\"x\",\"namespace\":\"y\"}}}",
	 ""},
	{"no JSON", "{", "a step must be a JSON object"},
	{"a list", "[]", "a step must be a JSON object"},
	{"no step", "{}", "do: missing"},
	{"an unknown step", "{\"do\":\"dance\"}", "do: unknown value"},
	{"an unknown key", "{\"do\":\"node-join\",\"nod\":\"a\"}",
	 "nod: unknown key; did you mean node?"},
	{"a missing argument", "{\"do\":\"image-set\"}", "step: image-set needs image"},
};

static void steps_at_run_time(void **state)
{
	(void)state;
	FOREACH_ROW(struct step_row, step_rows)
	{
		struct arena a = ARENA_INIT;
		struct sim_step s;
		struct err err = {.text = ""};
		int rc = scenario_read_step(row->json, strlen(row->json), &a, &s, &err);
		if (strncmp(err.text, row->want, strlen(row->want)) != 0)
			fail_msg("\"%s\" and not \"%s\"", err.text, row->want);
		assert_int_equal(rc, row->want[0] == '\0' && err.text[0] == '\0' ? 0 : -1);
		arena_done(&a);
	}
}

/* Steps that last say so in their documentation, and only they. */
static void for_is_documented(void **state)
{
	(void)state;
#define S(id, name, needs, doc)                                                                    \
	assert_int_equal(sim_step_kind(name), SIM_STEP_##id);                                      \
	assert_int_equal(sim_step_lasts(SIM_STEP_##id), strstr(doc, "`for`") != NULL);
	SIM_STEPS(S)
#undef S
	assert_int_equal(sim_step_kind("node"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),   cmocka_unit_test(what_is_filled_in),
		cmocka_unit_test(a_whole_file),      cmocka_unit_test(steps_at_run_time),
		cmocka_unit_test(for_is_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
