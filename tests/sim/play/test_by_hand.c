/*
 * What a scenario writes by hand: statuses of pods and nodes, pods mutated on create, against the
 * real store. Steps are read from JSON, as POST /sim/do does.
 */
#include "tests/unit.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "base/arena.h"

#include "sim/play/by_hand.h"

static struct store *store;
static struct by_hand *hand;
static struct arena arena;

static struct now at(int64_t ms)
{
	return (struct now){.boot_ms = 1000000 + ms, .wall_s = 1700000000 + ms / 1000};
}

static const struct resource *res(const char *plural)
{
	return resource_find("", "v1", plural);
}

static void make(const char *plural, const char *ns, const char *json)
{
	const struct object *made;
	struct api_error e = {0};
	cJSON *obj = cJSON_Parse(json);
	assert_non_null(obj);
	if (store_create(store, res(plural), ns, obj, at(0), &made, &e) != 0)
		fail_msg("%s", e.message);
	cJSON_Delete(obj);
}

static void make_pod(const char *name, const char *node, const char *image)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"a\",\"labels\":{\"own\":\"1\"}},"
		 "\"spec\":{\"nodeName\":\"%s\",\"containers\":[{\"name\":\"pull\",\"image\":\"%"
		 "s\"}]"
		 "}}",
		 name, node, image);
	make("pods", "a", json);
}

static const char *text(const char *plural, const char *ns, const char *name)
{
	const struct object *o = store_get(store, res(plural), ns, name);
	assert_non_null(o);
	return o->text->json;
}

static void has(const char *json, const char *part)
{
	if (strstr(json, part) == NULL)
		fail_msg("%s: not in %s", part, json);
}

static int step(const char *json, struct now now, struct err *err)
{
	struct sim_step s;
	struct err wrong = {.text = ""};
	if (scenario_read_step(json, strlen(json), &arena, &s, &wrong) != 0)
		fail_msg("%s: %s", json, wrong.text);
	return by_hand_step(hand, &s, now, err);
}

static void did(const char *json, int64_t ms)
{
	struct err err = {.text = ""};
	if (step(json, at(ms), &err) != 0)
		fail_msg("%s: %s", json, err.text);
}

static void refused(const char *json, const char *why)
{
	struct err err = {.text = ""};
	assert_int_equal(step(json, at(0), &err), -1);
	has(err.text, why);
}

static int setup(void **state)
{
	(void)state;
	store = store_new(1);
	hand = by_hand_new(store);
	arena = (struct arena)ARENA_INIT;
	make("namespaces", "", "{\"metadata\":{\"name\":\"a\"}}");
	for (const char *const *n = (const char *const[]){"n-000", "n-001", "n-b", NULL}; *n; n++) {
		char json[128];
		snprintf(json, sizeof(json),
			 "{\"metadata\":{\"name\":\"%s\"},\"status\":{\"conditions\":[{\"type\":"
			 "\"Ready\",\"status\":\"True\"},{\"type\":\"DiskPressure\"}]}}",
			 *n);
		make("nodes", "", json);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	by_hand_free(hand);
	store_free(store);
	arena_done(&arena);
	return 0;
}

static void a_status_is_merged(void **state)
{
	(void)state;
	make_pod("p", "n-000", "x:1");
	make_pod("q", "n-001", "y:1");
	make_pod("r", "n-b", "x:1");
	did("{\"do\":\"pod-status\",\"node\":\"n\",\"image\":\"x:1\",\"status\":{\"phase\":"
	    "\"Pending\","
	    "\"startTime\":\"$NOW-300\",\"containerStatuses\":[{\"name\":\"pull\",\"state\":"
	    "{\"waiting\":{\"reason\":\"ErrImagePull\",\"message\":\"no $IMAGE on $NODE\"}}}]}}",
	    0);
	has(text("pods", "a", "p"), "\"message\":\"no x:1 on n-000\"");
	has(text("pods", "a", "p"), "\"startTime\":\"2023-11-14T22:08:20Z\"");
	assert_null(strstr(text("pods", "a", "q"), "ErrImagePull")); /* another image */
	assert_null(strstr(text("pods", "a", "r"), "ErrImagePull")); /* n-b is of no group n */
	did("{\"do\":\"pod-status\",\"node\":\"n-000\",\"status\":{\"phase\":\"Failed\","
	    "\"startTime\":"
	    "null}}",
	    0);
	has(text("pods", "a", "p"), "\"phase\":\"Failed\"");
	has(text("pods", "a", "p"), "ErrImagePull");
	assert_null(strstr(text("pods", "a", "p"), "startTime"));
	refused("{\"do\":\"pod-status\",\"node\":\"n-000\",\"image\":\"z\",\"status\":{}}",
		"there is no such pod on n-000");
}

#define STAYS                                                                                      \
	"{\"do\":\"pod-status\",\"node\":\"n\",\"after\":\"2s\",\"status\":{\"reason\":"           \
	"\"ByHand\"}"

static void a_status_that_stays(void **state)
{
	(void)state;
	did(STAYS ",\"stays\":true}", 0);
	make_pod("p", "n-000", "x:1");
	make_pod("b", "n-b", "x:1");
	assert_int_equal(by_hand_turn(hand, at(100)), at(2000).boot_ms);
	assert_null(strstr(text("pods", "a", "p"), "ByHand"));
	assert_true(by_hand_turn(hand, at(2000)) == CLOCK_NEVER);
	has(text("pods", "a", "p"), "ByHand");
	assert_null(strstr(text("pods", "a", "b"), "ByHand"));
	make_pod("q", "n-001", "x:1");
	did(STAYS ",\"end\":true}", 0);
	assert_true(by_hand_turn(hand, at(9000)) == CLOCK_NEVER);
	assert_null(strstr(text("pods", "a", "q"), "ByHand"));
	refused(STAYS ",\"end\":true}", "no such step");
}

static void of_another_life(void **state)
{
	(void)state;
	const struct object *left;
	struct api_error e;
	const struct deletion d = {.grace_s = 0};
	did(STAYS ",\"stays\":true}", 0);
	make_pod("p", "n-000", "x:1");
	assert_int_equal(store_delete(store, res("pods"), "a", "p", &d, at(0), &left, &e), 0);
	did(STAYS ",\"end\":true}", 0);
	make_pod("p", "n-000", "x:1");
	by_hand_turn(hand, at(9000));
	assert_null(strstr(text("pods", "a", "p"), "ByHand"));
}

#define MUTATE                                                                                     \
	"{\"do\":\"pod-mutate\",\"image\":\"x:1\",\"pod\":{\"metadata\":{\"labels\":{\"l\":\"v\"}" \
	","                                                                                        \
	"\"annotations\":{\"k\":\"w\"}},\"spec\":{\"containers\":[{\"name\":\"agent\",\"image\":"  \
	"\"s\"},"                                                                                  \
	"{\"name\":\"pull\",\"image\":\"other:1\"}],\"initContainers\":[{\"name\":\"setup\","      \
	"\"image\":"                                                                               \
	"\"i:2\"}]}}"

static void pods_are_mutated(void **state)
{
	(void)state;
	make_pod("before", "n-000", "x:1");
	did(MUTATE "}", 0);
	make_pod("p", "n-000", "x:1");
	make_pod("else", "n-000", "y:1");
	const char *p = text("pods", "a", "p");
	has(p, "\"l\":\"v\"");
	has(p, "\"own\":\"1\"");
	has(p, "\"annotations\":{\"k\":\"w\"}");
	has(p, "{\"name\":\"agent\",\"image\":\"s\"");
	has(p, "{\"name\":\"pull\",\"image\":\"other:1\"");
	has(p, "\"initContainers\":[{\"name\":\"setup\",\"image\":\"i:2\"");
	has(p, "\"imagePullPolicy\":\"Always\""); /* of `s`, as of any container without a tag */
	assert_null(strstr(text("pods", "a", "before"), "agent"));
	assert_null(strstr(text("pods", "a", "else"), "agent"));
	did(MUTATE ",\"end\":true}", 0);
	make_pod("after", "n-000", "x:1");
	assert_null(strstr(text("pods", "a", "after"), "agent"));
}

static void a_node_by_hand(void **state)
{
	(void)state;
	did("{\"do\":\"node-status\",\"node\":\"n\",\"status\":{\"conditions\":[{\"type\":"
	    "\"Ready\","
	    "\"status\":\"False\",\"lastHeartbeatTime\":\"$NOW+60\"}],\"images\":[{\"names\":["
	    "\"a\"]}]}}",
	    0);
	for (const char *const *n = (const char *const[]){"n-000", "n-001", NULL}; *n; n++) {
		has(text("nodes", "", *n), "{\"type\":\"Ready\",\"status\":\"False\"");
		has(text("nodes", "", *n), "\"lastHeartbeatTime\":\"2023-11-14T22:14:20Z\"");
		has(text("nodes", "", *n), "\"type\":\"DiskPressure\"");
		has(text("nodes", "", *n), "\"images\":[{\"names\":[\"a\"]}]");
	}
	assert_null(strstr(text("nodes", "", "n-b"), "False"));
	refused("{\"do\":\"node-status\",\"node\":\"m\",\"status\":{}}", "there is no node m");
}

static void rules_are_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < BY_HAND_RULES_MAX; i++)
		did(MUTATE "}", 0);
	refused(MUTATE "}", "256 rules stay already");
}

static const struct wrong {
	const char *name, *json, *why;
} wrong_rows[] = {
	{"no status", "{\"do\":\"pod-status\",\"node\":\"n\"}", "pod-status needs status"},
	{"no node", "{\"do\":\"pod-status\",\"status\":{}}", "pod-status needs node"},
	{"no patch", "{\"do\":\"pod-mutate\"}", "pod-mutate needs pod"},
	{"a text", "{\"do\":\"pod-mutate\",\"pod\":\"[1]\"}", "step.pod: must be an object"},
	{"both",
	 "{\"do\":\"pod-status\",\"node\":\"n\",\"status\":{},\"stays\":true,\"for\":\"1s\"}",
	 "leave `for` out"},
	{"a node's", "{\"do\":\"node-status\",\"node\":\"n\",\"status\":{},\"stays\":true}",
	 "`stays` is pod-status's"},
};

static void wrong_steps(void **state)
{
	(void)state;
	FOREACH_ROW(struct wrong, wrong_rows)
	{
		struct sim_step s;
		struct err err = {.text = ""};
		assert_int_equal(scenario_read_step(row->json, strlen(row->json), &arena, &s, &err),
				 -1);
		has(err.text, row->why);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_status_is_merged), T(a_status_that_stays), T(of_another_life),
		T(pods_are_mutated),   T(a_node_by_hand),      T(rules_are_bounded),
		T(wrong_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
