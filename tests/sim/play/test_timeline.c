/*
 * Steps: their order, who gets them, how `for` ends them; the answers of /sim/. Nodes and
 * registries are stand-ins that write down what they were told; store and faults are real.
 */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/play/api_faults.h"
#include "base/buf.h"
#include "sim/play/clockfile.h"
#include "sim/play/control.h"
#include "sim/nodes/nodes.h"
#include "sim/nodes/registry.h"
#include "sim/store/store.h"

static struct buf told;

/* ---- stand-ins ---- */

int nodes_step(struct nodes *n, const struct sim_step *step, struct now now, struct err *err)
{
	(void)n, (void)now;
	if (strcmp(step->node, "missing") == 0)
		return err_set(err, ERR_TERMINAL, "no such node: missing");
	buf_addf(&told, "%s%s %s;", step->end ? "end " : "", step->what, step->node);
	return 0;
}

int registries_step(struct registries *r, const struct sim_step *step, struct err *err)
{
	(void)r, (void)err;
	buf_addf(&told, "%s %s;", step->what,
		 step->registry != NULL ? step->registry : step->image);
	return 0;
}

int registries_find(struct registries *r, const char *reference, struct sim_manifest *ret)
{
	(void)r;
	assert_string_equal(reference, "nginx:latest");
	*ret = (struct sim_manifest){.digest_name = "docker.io/library/nginx@sha256:new"};
	return 0;
}

int64_t registries_pulls(struct registries *r, const char *reference)
{
	(void)r;
	assert_string_equal(reference, "nginx:latest");
	return 3;
}

const struct buf *nodes_starts(const struct nodes *n)
{
	static const char text[] = "{\"pod\":\"w\"}";
	static const struct buf starts = {.data = (char *)text, .len = sizeof(text) - 1};
	(void)n;
	return &starts;
}

size_t nodes_count(const struct nodes *n)
{
	(void)n;
	return 2;
}

struct node_view nodes_view(const struct nodes *n, size_t i)
{
	(void)n;
	return (struct node_view){.name = i == 0 ? "n-000" : "n-001", .exists = true, .pods = i};
}

int nodes_progress(const struct nodes *n, size_t i, const char *reference)
{
	(void)n;
	return strcmp(reference, "nginx:1") != 0 ? -1 : i == 0 ? 100 : 40;
}

struct nodes_counts nodes_counts(const struct nodes *n)
{
	(void)n;
	return (struct nodes_counts){.pulls_started = 3};
}

static void drop_watches(void *ctx, const struct sim_api_fault *rule)
{
	(void)ctx;
	buf_addf(&told, "drop %s;", rule->kind);
}

/* ---- a world ---- */

struct rig {
	struct sim_world world;
	struct sim_scenario scenario;
	struct arena arena;
	struct timeline *timeline;
	struct tally *tally, *asked;
	struct control control;
	char clock_file[64];
};

static struct now at(int64_t ms)
{
	return (struct now){.boot_ms = 1000000 + ms, .wall_s = 1700000000 + ms / 1000};
}

static void rig_init(struct rig *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	struct err err = {.text = ""};
	if (scenario_read(text, strlen(text), &r->arena, &r->scenario, &err) != 0)
		fail_msg("%s", err.text);
	snprintf(r->clock_file, sizeof(r->clock_file), "/tmp/drop-clock.%d", (int)getpid());
	r->world = (struct sim_world){.store = store_new(1),
				      .faults = faults_new(1),
				      .drop_watches = drop_watches,
				      .clock_file = r->clock_file};
	r->timeline = timeline_new(&r->world);
	r->tally = tally_new();
	r->asked = tally_new();
	r->control = (struct control){&r->world, &r->scenario, r->timeline, r->tally, r->asked};
	buf_clear(&told, 0);
	if (timeline_start(r->timeline, &r->scenario, at(0), &err) != 0)
		fail_msg("%s", err.text);
}

static void rig_done(struct rig *r)
{
	timeline_free(r->timeline);
	tally_free(r->tally);
	tally_free(r->asked);
	faults_free(r->world.faults);
	store_free(r->world.store);
	arena_done(&r->arena);
	unlink(r->clock_file);
	buf_done(&told);
}

static void expect_told(const char *want)
{
	assert_string_equal(told.len != 0 ? told.data : "", want);
	buf_clear(&told, 0);
}

#define NODES "nodes: [{name: n, count: 2}]\n"

/* ---- order ---- */

static void in_order_of_time(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, NODES "timeline:\n"
			   "- {at: 2s, do: node-replace, node: n-001}\n"
			   "- {at: 1s, do: image-remove, image: a}\n"
			   "- {at: 1s, do: node-join, node: n}\n"
			   "- {do: registry-heal, registry: h}\n");
	expect_told("");
	assert_int_equal(timeline_turn(r.timeline, at(0)), at(1000).boot_ms);
	expect_told("registry-heal h;");
	assert_int_equal(timeline_turn(r.timeline, at(999)), at(1000).boot_ms);
	expect_told("");
	assert_int_equal(timeline_turn(r.timeline, at(1500)), at(2000).boot_ms);
	expect_told("image-remove a;node-join n;");
	assert_true(timeline_turn(r.timeline, at(9000)) == CLOCK_NEVER);
	expect_told("node-replace n-001;");
	assert_int_equal(timeline_counts(r.timeline).done, 4);
	assert_string_equal(timeline_event(r.timeline, 2)->text, "node-join n");
	assert_int_equal(timeline_event(r.timeline, 3)->at_ms, 9000);
	assert_null(timeline_event(r.timeline, 4));
	rig_done(&r);
}

static const struct lasting_row {
	const char *name, *step, *begins, *ends;
} lasting[] = {
	{"not ready", "{do: node-notready, node: n-000, for: 1s}", "node-notready n-000;",
	 "node-ready n-000;"},
	{"vanished", "{do: node-vanish, node: n-000, for: 1s}", "node-vanish n-000;",
	 "node-join n-000;"},
	{"pressure", "{do: node-pressure, node: n, for: 1s}", "node-pressure n;",
	 "end node-pressure n;"},
	{"full", "{do: node-full, node: n, for: 1s}", "node-full n;", "end node-full n;"},
	{"cordoned", "{do: node-cordon, node: n, for: 1s}", "node-cordon n;", "end node-cordon n;"},
	{"a registry", "{do: registry-fault, registry: h, fault: dns, for: 1s}",
	 "registry-fault h;", "registry-heal h;"},
};

static void for_ends_it(void **state)
{
	(void)state;
	FOREACH_ROW(struct lasting_row, lasting)
	{
		struct rig r;
		char text[256];
		snprintf(text, sizeof(text), NODES "timeline:\n- %s\n", row->step);
		rig_init(&r, text);
		assert_int_equal(timeline_turn(r.timeline, at(100)), at(1000).boot_ms);
		expect_told(row->begins);
		assert_true(timeline_turn(r.timeline, at(1000)) == CLOCK_NEVER);
		expect_told(row->ends);
		rig_done(&r);
	}
}

static void the_old_ends_first(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "timeline:\n- {do: registry-fault, registry: h, fault: dns, for: 1s}\n"
		     "- {at: 1s, do: registry-fault, registry: h, fault: tls}\n");
	timeline_turn(r.timeline, at(0));
	timeline_turn(r.timeline, at(1000));
	expect_told("registry-fault h;registry-heal h;registry-fault h;");
	rig_done(&r);
}

/* ---- faults of the API ---- */

static const struct fault_request get_pod = {"get", "pods", "a", "x"};

static void api_faults_end(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r,
		 "timeline:\n- {do: api-fault, api: {kind: hang}, for: 2s}\n"
		 "- {do: api-fault, api: {kind: reset}, for: 1s}\n"
		 "- {at: 3s, do: api-fault, api: {kind: reset}}\n"
		 "- {at: 3s, do: api-fault, api: {kind: hang}, for: 3s}\n"
		 "- {at: 4s, do: api-heal}\n- {at: 5s, do: api-fault, api: {kind: drop-watch}}\n");
	timeline_turn(r.timeline, at(0));
	assert_int_equal(faults_pick(r.world.faults, &get_pod).kind, API_FAULT_HANG);
	timeline_turn(r.timeline, at(1000));
	assert_int_equal(faults_pick(r.world.faults, &get_pod).kind, API_FAULT_HANG);
	timeline_turn(r.timeline, at(2000));
	assert_int_equal(faults_pick(r.world.faults, &get_pod).kind, API_FAULT_NONE);
	timeline_turn(r.timeline, at(3000));
	assert_int_equal(faults_pick(r.world.faults, &get_pod).kind, API_FAULT_RESET);
	timeline_turn(r.timeline, at(4000));
	assert_int_equal(faults_pick(r.world.faults, &get_pod).kind, API_FAULT_NONE);
	timeline_turn(r.timeline, at(6000));
	expect_told("drop drop-watch;");
	assert_int_equal(timeline_counts(r.timeline).failed, 0);
	rig_done(&r);
}

static void history_expires(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "timeline:\n- {at: 1s, do: api-fault, api: {kind: expire}}\n---\n"
		     "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
	uint64_t before = store_oldest(r.world.store);
	timeline_turn(r.timeline, at(1000));
	assert_true(store_oldest(r.world.store) > before);
	rig_done(&r);
}

/* ---- objects ---- */

static const struct object *get(const struct rig *r, const char *group, const char *plural,
				const char *name)
{
	const char *version = group[0] != '\0' ? "v1alpha1" : "v1";
	return store_get(r->world.store, resource_find(group, version, plural), "", name);
}

static void objects_come_and_go(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "timeline:\n"
		     "- at: 1s\n  do: apply\n  object:\n    apiVersion: v1\n    kind: Namespace\n"
		     "    metadata: {name: a, labels: {x: 'y'}}\n"
		     "- {at: 2s, do: delete, object: {apiVersion: v1, kind: Namespace, metadata: "
		     "{name: b}}}\n"
		     "- {at: 2s, do: delete, object: {apiVersion: v1, kind: Namespace, metadata: "
		     "{name: never}}}\n---\n"
		     "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {k: v}}\n---\n"
		     "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n---\n"
		     "apiVersion: drop.corewire.io/v1alpha1\nkind: CachedImage\n"
		     "metadata: {name: i}\nspec: {image: nginx}\nstatus: {phase: Ready}\n");
	assert_non_null(get(&r, "", "namespaces", "b"));
	assert_non_null(
		strstr(get(&r, API_GROUP, "cachedimages", "i")->text->json, "\"phase\":\"Ready\""));
	timeline_turn(r.timeline, at(1000));
	const char *json = get(&r, "", "namespaces", "a")->text->json;
	assert_non_null(strstr(json, "\"k\":\"v\""));
	assert_non_null(strstr(json, "\"x\":\"y\""));
	timeline_turn(r.timeline, at(2000));
	store_turn(r.world.store, at(60000));
	assert_null(get(&r, "", "namespaces", "b"));
	assert_int_equal(timeline_counts(r.timeline).failed, 1);
	assert_string_equal(timeline_event(r.timeline, 1)->text, "delete Namespace b");
	assert_true(timeline_event(r.timeline, 2)->failed);
	rig_done(&r);
}

static void a_refused_object_stops_the_start(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "title: x\n");
	struct arena a = ARENA_INIT;
	struct sim_scenario s;
	static const char text[] = "title: x\n---\napiVersion: v1\nkind: Secret\n"
				   "metadata: {name: s, namespace: nowhere}\n";
	assert_int_equal(scenario_read(text, strlen(text), &a, &s, NULL), 0);
	struct err err = {.text = ""};
	assert_int_equal(timeline_start(r.timeline, &s, at(0), &err), -1);
	assert_non_null(strstr(err.text, "Secret s: "));
	assert_non_null(strstr(err.text, "nowhere"));
	arena_done(&a);
	rig_done(&r);
}

static void restored(void *ctx, struct now now)
{
	(void)ctx, (void)now;
	buf_adds(&told, "restored;");
}

static void etcd_is_restored(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "timeline:\n- {at: 1s, do: etcd-restore}\n- {at: 2s, do: etcd-backup}\n"
		     "- {at: 3s, do: delete, object: {apiVersion: v1, kind: Namespace, metadata: "
		     "{name: b}}}\n"
		     "- {at: 4s, do: etcd-restore}\n---\n"
		     "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n");
	timeline_free(r.timeline);
	r.world.restored = restored;
	r.timeline = timeline_new(&r.world);
	struct err err;
	assert_int_equal(timeline_start(r.timeline, &r.scenario, at(0), &err), 0);
	timeline_turn(r.timeline, at(1000));
	assert_int_equal(timeline_counts(r.timeline).failed, 1); /* there is no backup yet */
	timeline_turn(r.timeline, at(3000));
	store_turn(r.world.store, at(3000));
	assert_null(get(&r, "", "namespaces", "b"));
	expect_told("");
	timeline_turn(r.timeline, at(4000));
	assert_non_null(get(&r, "", "namespaces", "b"));
	expect_told("restored;");
	rig_done(&r);
}

/* ---- clocks ---- */

static struct clock_offsets offsets(const struct rig *r)
{
	struct clock_offsets o = {0};
	int fd = open(r->clock_file, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &o, sizeof(o)), sizeof(o));
	close(fd);
	return o;
}

static void clocks_jump(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, "timeline:\n- {at: 1s, do: clock-jump, by: -1h, for: 1s}\n"
		     "- {at: 3s, do: clock-jump, by: 10s, clock: sleep}\n"
		     "- {at: 4s, do: clock-jump, by: 5s, clock: sleep}\n");
	timeline_turn(r.timeline, at(1000));
	assert_true(offsets(&r).wall == -3600 * 1000000000LL && offsets(&r).boot == 0);
	timeline_turn(r.timeline, at(2000));
	assert_true(offsets(&r).wall == 0);
	timeline_turn(r.timeline, at(4000));
	assert_true(offsets(&r).wall == 15 * 1000000000LL);
	assert_true(offsets(&r).boot == 15 * 1000000000LL);
	rig_done(&r);
}

/* ---- control ---- */

#define CACHED                                                                                     \
	"expect:\n- {name: i, phase: Ready}\n---\napiVersion: drop.corewire.io/v1alpha1\n"         \
	"kind: CachedImage\nmetadata: {name: i}\nspec: {image: nginx, tag: '1'}\n"                 \
	"status: {phase: Pulling, ready: 0/2, observedGeneration: 1}\n"

static const struct answer_row {
	const char *name, *method, *path, *body;
	int status;
	const char *says;
} answers[] = {
	{"one step", "POST", "/sim/do", "{\"do\":\"node-join\",\"node\":\"n-000\"}", 200,
	 "{\"done\":1,\"scheduled\":0}"},
	{"a list", "POST", "/sim/do",
	 "[{\"do\":\"node-join\",\"node\":\"n\"},{\"at\":\"1s\",\"do\":\"image-remove\",\"image\":"
	 "\"a\"}]",
	 200, "{\"done\":1,\"scheduled\":1}"},
	{"one wrong: none is done", "POST", "/sim/do",
	 "[{\"do\":\"node-join\",\"node\":\"n\"},{\"do\":\"dance\"}]", 400,
	 "step 1: do: unknown value"},
	{"no JSON", "POST", "/sim/do", "{", 400, "as JSON"},
	{"no step at all", "POST", "/sim/do", "[]", 200, "{\"done\":0,"},
	{"refused by the node", "POST", "/sim/do", "{\"do\":\"node-join\",\"node\":\"missing\"}",
	 400, "no such node: missing"},
	{"a method", "GET", "/sim/do", "", 405, "POST"},
	{"starts", "GET", "/sim/starts", "", 200, "{\"whole\":true,\"starts\":[{\"pod\":\"w\"}]}"},
	{"a path", "GET", "/sim/nothing", "", 404, "there are /sim/do"},
	{"truth: nodes", "GET", "/sim/truth", "", 200,
	 "{\"name\":\"n-001\",\"exists\":true,\"ready\":false,\"pods\":1"},
	{"truth: images", "GET", "/sim/truth", "", 200,
	 "{\"name\":\"i\",\"ref\":\"nginx:1\",\"on\":[\"n-000\"],\"pulling\":[\"n-001\"],"
	 "\"failing\":[],\"phase\":\"Pulling\",\"ready\":\"0/2\"}"},
	{"truth: counts", "GET", "/sim/truth", "", 200, "\"pullsStarted\":3"},
	{"truth: elapsed", "GET", "/sim/truth", "", 200, "{\"elapsedMs\":7000,"},
	{"requests", "GET", "/sim/requests", "", 200,
	 "{\"total\":1,\"rows\":[{\"client\":\"drop-puller\",\"verb\":\"create\",\"resource\":"
	 "\"pods\",\"count\":1}]}"},
	{"questions to registries", "GET", "/sim/registries", "", 200,
	 "{\"total\":1,\"rows\":[{\"registry\":\"docker.io\",\"verb\":\"HEAD\",\"resource\":"
	 "\"manifests\",\"count\":1}]}"},
	{"expectations", "GET", "/sim/expect", "", 200,
	 "{\"met\":false,\"missing\":[\"CachedImage i is Pulling, not Ready\"]}"},
	{"the scenario", "GET", "/sim/scenario", "", 200, "\"expect\":[{\"kind\":\"CachedImage\""},
};

static void control(void **state)
{
	(void)state;
	FOREACH_ROW(struct answer_row, answers)
	{
		struct rig r;
		struct buf out = {0};
		rig_init(&r, NODES CACHED);
		tally_count(r.tally,
			    &(struct fault_request){"create", "pods", "", "drop-puller/1"});
		tally_count(r.asked, &(struct fault_request){"HEAD", "manifests", "", "docker.io"});
		int status = control_answer(&r.control, row->method, row->path, row->body,
					    strlen(row->body), at(7000), &out);
		assert_int_equal(status, row->status);
		if (strstr(out.data, row->says) == NULL)
			fail_msg("%s and not %s", out.data, row->says);
		if (status == 400 && strstr(row->name, "none is done") != NULL)
			expect_told("");
		buf_done(&out);
		rig_done(&r);
	}
}

static const struct expect_row {
	const char *name, *expect, *status, *missing; /* NULL: met */
} expects[] = {
	{"met", "phase: Ready, ready: 2/2", "phase: Ready, ready: 2/2, observedGeneration: 1",
	 NULL},
	{"a cause", "phase: Degraded, cause: 'dns: '",
	 "phase: Degraded, observedGeneration: 1, conditions: [{type: Ready, status: 'False', "
	 "reason: "
	 "X, message: 'dns: h', lastTransitionTime: '2020-01-01T00:00:00Z'}]",
	 NULL},
	{"another cause", "cause: tls", "phase: Degraded, observedGeneration: 1",
	 "CachedImage i says \"\", not \"tls\""},
	{"fewer", "ready: 2/2", "phase: Ready, ready: 1/2, observedGeneration: 1",
	 "CachedImage i has 1/2 ready, not 2/2"},
	{"pulled so often", "pulls: 3", "phase: Ready, observedGeneration: 1", NULL},
	{"pulled less", "pulls: 2", "phase: Ready, observedGeneration: 1",
	 "CachedImage i was pulled 3 times, not 2"},
	{"what is there is new", "current: true",
	 "phase: Ready, cachedNodes: [new], observedGeneration: 1", NULL},
	{"what is there is old", "current: true",
	 "phase: Ready, cachedNodes: [new, old], observedGeneration: 1",
	 "CachedImage i: old does not have what the tag means now"},
	{"a status of an older spec", "phase: Ready", "phase: Ready, observedGeneration: 0",
	 "CachedImage i is without a status, not Ready"},
};

static void expectations(void **state)
{
	(void)state;
	FOREACH_ROW(struct expect_row, expects)
	{
		struct rig r;
		struct arena a = ARENA_INIT;
		char text[1024];
		snprintf(text, sizeof(text),
			 "expect: [{name: i, %s}]\n---\napiVersion: drop.corewire.io/v1alpha1\n"
			 "kind: CachedImage\nmetadata: {name: i}\nspec: {image: nginx}\nstatus: "
			 "{%s}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: new}\nstatus: "
			 "{images: [{names: ['docker.io/library/nginx@sha256:new']}]}\n---\n"
			 "apiVersion: v1\nkind: Node\nmetadata: {name: old}\nstatus: {images: "
			 "[{names: ['docker.io/library/nginx@sha256:old']}]}\n",
			 row->expect, row->status);
		rig_init(&r, text);
		struct api_strings missing = expect_missing(&r.scenario.expect, &r.world, &a);
		if (row->missing == NULL)
			assert_int_equal(missing.n, 0);
		else
			assert_string_equal(missing.n == 1 ? missing.at[0] : "met", row->missing);
		arena_done(&a);
		rig_done(&r);
	}
}

/* Of a DiscoveryPolicy: the number of images, and the message. */
static void expectations_of_discovery(void **state)
{
	(void)state;
	static const struct expect_row rows[] = {
		{"no status yet", "ready: '2'", "",
		 "DiscoveryPolicy p is without a status, not as it should be"},
		{"as it is to be", "ready: '2', cause: found 2",
		 "imageCount: 2, conditions: [{type: Ready, status: 'True', reason: Synced, "
		 "message: found 2, lastTransitionTime: '2020-01-01T00:00:00Z'}]",
		 NULL},
		{"too few", "ready: '3'",
		 "imageCount: 2, conditions: [{type: Ready, status: 'True', reason: Synced, "
		 "message: found 2, lastTransitionTime: '2020-01-01T00:00:00Z'}]",
		 "DiscoveryPolicy p has 2 ready, not 3"},
	};
	FOREACH_ROW(struct expect_row, rows)
	{
		struct rig r;
		struct arena a = ARENA_INIT;
		char text[1024];
		snprintf(text, sizeof(text),
			 "expect: [{kind: DiscoveryPolicy, name: p, %s}]\n---\napiVersion: "
			 "drop.corewire.io/v1alpha1\nkind: DiscoveryPolicy\nmetadata: {name: p}\n"
			 "spec: {sources: [{type: prometheus, prometheus: {endpoint: 'http://x', "
			 "query: up}}]}\nstatus: {%s}\n",
			 row->expect, row->status);
		rig_init(&r, text);
		struct api_strings missing = expect_missing(&r.scenario.expect, &r.world, &a);
		assert_string_equal(missing.n == 1 ? missing.at[0] : "met",
				    row->missing != NULL ? row->missing : "met");
		arena_done(&a);
		rig_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_of_time),
		cmocka_unit_test(for_ends_it),
		cmocka_unit_test(the_old_ends_first),
		cmocka_unit_test(api_faults_end),
		cmocka_unit_test(history_expires),
		cmocka_unit_test(objects_come_and_go),
		cmocka_unit_test(a_refused_object_stops_the_start),
		cmocka_unit_test(etcd_is_restored),
		cmocka_unit_test(clocks_jump),
		cmocka_unit_test(control),
		cmocka_unit_test(expectations),
		cmocka_unit_test(expectations_of_discovery),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
