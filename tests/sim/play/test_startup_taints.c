/*
 * Whoever else writes the taints of new nodes, against the real store: what is on the Node when.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/arena.h"

#include "sim/play/startup_taints.h"

#define OURS  "{\"key\":\"cold\",\"effect\":\"NoSchedule\"}"
#define CLOUD "{\"key\":\"cloud\",\"value\":\"true\",\"effect\":\"NoSchedule\"}"
#define UNREG "{\"key\":\"karpenter.sh/unregistered\",\"effect\":\"NoExecute\"}"

static struct store *store;
static struct startup_taints *taints;
static struct arena arena;
static struct sim_scenario scenario;

static struct now at(int64_t ms)
{
	return (struct now){.boot_ms = 1000000 + ms, .wall_s = 1700000000 + ms / 1000};
}

static const struct resource *nodes(void)
{
	return resource_find("", "v1", "nodes");
}

static void setup(const char *groups)
{
	struct err err;
	arena = (struct arena)ARENA_INIT;
	const char *text = arena_printf(&arena, "nodes: %s\n", groups);
	if (scenario_read(text, strlen(text), &arena, &scenario, &err) != 0)
		fail_msg("%s", err.text);
	store = store_new(1);
	taints = startup_taints_new(store, &scenario);
}

static void teardown(void)
{
	startup_taints_free(taints);
	store_free(store);
	arena_done(&arena);
}

static void make(const char *name, const char *list, int64_t ms)
{
	const struct object *made;
	struct api_error e = {0};
	const char *json = arena_printf(
		&arena, "{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"taints\":[%s]}}", name, list);
	cJSON *obj = cJSON_Parse(json);
	if (store_create(store, nodes(), "", obj, at(ms), &made, &e) != 0)
		fail_msg("%s", e.message);
	cJSON_Delete(obj);
}

/* Somebody else writes the taints. */
static void put(const char *name, const char *list, int64_t ms)
{
	const struct object *made;
	struct api_error e = {0};
	const struct write w = {.res = nodes(), .ns = "", .name = name};
	cJSON *patch = cJSON_Parse(arena_printf(&arena, "{\"spec\":{\"taints\":[%s]}}", list));
	if (store_patch(store, &w, patch, at(ms), &made, &e) != 0)
		fail_msg("%s", e.message);
	cJSON_Delete(patch);
}

static void has_taints(const char *name, const char *want)
{
	const struct object *o = store_get(store, nodes(), "", name);
	cJSON *node = cJSON_ParseWithLength(o->text->json, o->text->len);
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(node, "spec");
	char *list = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(spec, "taints"));
	const char *wanted = arena_printf(&arena, "[%s]", want);
	assert_string_equal(list != NULL ? list : "[]", wanted);
	cJSON_free(list);
	cJSON_Delete(node);
}

static void another_controller_removes_its_taint(void **state)
{
	(void)state;
	setup("[{name: n, startupTaints: [{key: cold}, {key: cloud, clearedAfter: 2s}]}]");
	make("n-000", OURS "," CLOUD, 0);
	make("m-000", OURS "," CLOUD, 0); /* of no group */
	assert_true(startup_taints_left(store, &scenario, "n-000"));
	assert_false(startup_taints_left(store, &scenario, "m-000"));
	assert_int_equal(startup_taints_turn(taints, at(1999)), at(2000).boot_ms);
	has_taints("n-000", OURS "," CLOUD);
	assert_int_equal(startup_taints_turn(taints, at(2000)), CLOCK_NEVER);
	has_taints("n-000", OURS);
	has_taints("m-000", OURS "," CLOUD);
	put("n-000", "", 3000); /* nobody puts ours back */
	assert_int_equal(startup_taints_turn(taints, at(9000)), CLOCK_NEVER);
	has_taints("n-000", "");
	assert_false(startup_taints_left(store, &scenario, "n-000"));
	teardown();
}

static void somebody_puts_it_back(void **state)
{
	(void)state;
	setup("[{name: n, startupTaints: [{key: cold, backAfter: 3s}]}]");
	make("n-000", OURS, 0);
	assert_int_equal(startup_taints_turn(taints, at(5000)), CLOCK_NEVER);
	for (int64_t ms = 10000; ms < 50000; ms += 10000) {
		put("n-000", CLOUD, ms);
		put("n-000", CLOUD ",{\"key\":\"x\",\"effect\":\"NoExecute\"}", ms + 1);
		assert_int_equal(startup_taints_turn(taints, at(ms + 2)), at(ms + 3000).boot_ms);
		has_taints("n-000", CLOUD ",{\"key\":\"x\",\"effect\":\"NoExecute\"}");
		assert_int_equal(startup_taints_turn(taints, at(ms + 3000)), CLOCK_NEVER);
		has_taints("n-000", CLOUD ",{\"key\":\"x\",\"effect\":\"NoExecute\"}," OURS);
	}
	teardown();
}

static void karpenter_registers(void **state)
{
	(void)state;
	setup("[{name: n, karpenter: 4s, startupTaints: [{key: cold}, {key: cloud, value: 'true', "
	      "clearedAfter: 1s}]}]");
	make("n-000", OURS "," CLOUD "," UNREG, 0);
	(void)startup_taints_turn(taints, at(1000));
	has_taints("n-000", OURS "," UNREG);
	put("n-000", UNREG, 2000); /* too early: Karpenter adds it again */
	(void)startup_taints_turn(taints, at(3999));
	has_taints("n-000", UNREG);
	(void)startup_taints_turn(taints, at(4000));
	has_taints("n-000", OURS);
	const struct object *o = store_get(store, nodes(), "", "n-000");
	assert_non_null(strstr(o->text->json, "\"karpenter.sh/registered\":\"true\""));
	put("n-000", "", 5000); /* now it stays away */
	assert_int_equal(startup_taints_turn(taints, at(99000)), CLOCK_NEVER);
	has_taints("n-000", "");
	teardown();
}

static void of_another_machine(void **state)
{
	(void)state;
	const struct object *left;
	const struct deletion d = {.grace_s = -1};
	struct api_error e;
	setup("[{name: n, startupTaints: [{key: cold, clearedAfter: 5s}]}]");
	make("n-000", OURS, 0);
	assert_int_equal(store_delete(store, nodes(), "", "n-000", &d, at(1000), &left, &e), 0);
	make("n-000", OURS, 2000);
	(void)startup_taints_turn(taints, at(5000)); /* of the first: not this one's */
	has_taints("n-000", OURS);
	(void)startup_taints_turn(taints, at(7000));
	has_taints("n-000", "");
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_controller_removes_its_taint),
		cmocka_unit_test(somebody_puts_it_back),
		cmocka_unit_test(karpenter_registers),
		cmocka_unit_test(of_another_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
