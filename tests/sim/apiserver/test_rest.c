/*
 * Requests and lists: what paths mean, which state a list shows, how it is paged, which
 * patches merge what. Rows are method, URI, body and the code that comes back.
 */
#include "tests/sim/apiserver/rest_rig.h"
#include "tests/unit.h"

#include <inttypes.h>
#include <string.h>

#include "sim/store/merge.h"

static const struct path_row {
	const char *name, *method, *uri;
	int code;
	const char *verb, *resource, *ns, *object, *sub;
} paths[] = {
	{"a collection", "GET", "/api/v1/nodes", 0, "list", "nodes", "", "", ""},
	{"across namespaces", "GET", "/api/v1/pods?limit=5", 0, "list", "pods", "", "", ""},
	{"a watch", "GET", "/api/v1/pods?watch=1", 0, "watch", "pods", "", "", ""},
	{"an object", "GET", "/api/v1/namespaces/a/pods/b", 0, "get", "pods", "a", "b", ""},
	{"a namespace", "GET", "/api/v1/namespaces/a", 0, "get", "namespaces", "", "a", ""},
	{"its status", "PATCH", "/api/v1/namespaces/a/status", 0, "patch", "namespaces", "", "a",
	 "status"},
	{"a group", "POST", IMAGES, 0, "create", "cachedimages", "", "", ""},
	{"a status", "PUT", IMAGES "/a/status", 0, "update", "cachedimages", "", "a", "status"},
	{"many", "DELETE", PODS, 0, "deletecollection", "pods", "ns", "", ""},
	{"an escaped name", "GET", "/api/v1/nodes/a%2Fb", 0, "get", "nodes", "", "a/b", ""},
	{"double slashes", "GET", "//api//v1/nodes/", 0, "list", "nodes", "", "", ""},
	{"no such resource", "GET", "/api/v1/things", 404},
	{"no such version", "GET", "/api/v9/nodes", 404},
	{"no such subresource", "GET", PODS "/p/log", 404},
	{"no status of it", "GET", "/api/v1/namespaces/a/configmaps/c/status", 404},
	{"too deep", "GET", PODS "/p/status/more", 404},
	{"far too deep", "GET", "/apis/a/b/c/d/e/f/g/h/i/j", 404},
	{"an object without its namespace", "GET", "/api/v1/pods/p", 404},
	{"in a namespace that it is not in", "GET", "/api/v1/namespaces/a/nodes", 404},
	{"a name with a NUL", "GET", "/api/v1/nodes/a%00b", 404},
	{"half an escape", "GET", "/api/v1/nodes/a%2", 404},
	{"created everywhere", "POST", "/api/v1/pods", 405},
	{"deleted everywhere", "DELETE", "/api/v1/pods", 405},
	{"an odd method", "BREW", "/api/v1/nodes", 405},
	{"a status deleted", "DELETE", IMAGES "/a/status", 405},
	{"a limit that is none", "GET", "/api/v1/nodes?limit=many", 400},
	{"a negative limit", "GET", "/api/v1/nodes?limit=-1", 400},
	{"a bool that is none", "GET", "/api/v1/nodes?watch=perhaps", 400},
	{"a broken query", "GET", "/api/v1/nodes?labelSelector=%zz", 400},
};

static void test_paths(void **state)
{
	(void)state;
	FOREACH_ROW(struct path_row, paths)
	{
		struct arena a = ARENA_INIT;
		struct target t;
		struct api_error e = {0};
		int rc = target_parse(row->method, row->uri, &a, &t, &e);
		assert_int_equal(rc == 0 ? 0 : e.code, row->code);
		if (rc == 0) {
			assert_string_equal(t.verb, row->verb);
			assert_string_equal(t.res->plural, row->resource);
			assert_string_equal(t.ns, row->ns);
			assert_string_equal(t.name, row->object);
			assert_string_equal(t.sub, row->sub);
		}
		arena_done(&a);
	}
}

static void make_pods(struct rig *r, const char *ns, int n)
{
	char uri[128], body[256];
	snprintf(uri, sizeof(uri), "/api/v1/namespaces/%s/pods", ns);
	for (int i = 0; i < n; i++) {
		snprintf(body, sizeof(body),
			 "{'metadata':{'name':'p%d','labels':{'odd':'%d'}},'spec':{'containers':[{"
			 "'name':'c','image':'i'}]}}",
			 i, i % 2);
		assert_int_equal(ask(r, "POST", uri, body), 201);
	}
}

static void test_pages_show_one_state(void **state)
{
	struct rig r;
	char uri[512], next[256], rv[32];
	(void)state;
	rig_init(&r);
	make_pods(&r, "ns", 5);
	make_pods(&r, "other", 2);
	assert_int_equal(ask(&r, "GET", PODS "?limit=2", ""), 200);
	assert_string_equal(names(&r), "p0 p1");
	assert_string_equal(at(&r, "metadata.remainingItemCount"), "3");
	snprintf(next, sizeof(next), "%s", at(&r, "metadata.continue"));
	snprintf(rv, sizeof(rv), "%s", at(&r, "metadata.resourceVersion"));
	/* What happens between the pages is not seen by them. */
	assert_int_equal(ask(&r, "DELETE", PODS "/p3", ""), 200);
	make_pods(&r, "ns", 0);
	assert_int_equal(ask(&r, "POST", PODS,
			     "{'metadata':{'name':'p2a'},'spec':{'containers':[{'name':'c',"
			     "'image':'i'}]}}"),
			 201);
	snprintf(uri, sizeof(uri), PODS "?limit=9&continue=%s", next);
	assert_int_equal(ask(&r, "GET", uri, ""), 200);
	assert_string_equal(names(&r), "p2 p3 p4");
	assert_string_equal(at(&r, "metadata.resourceVersion"), rv);
	assert_string_equal(at(&r, "metadata.continue"), "");
	assert_int_equal(ask(&r, "GET", "/api/v1/pods", ""), 200);
	assert_string_equal(names(&r), "p0 p1 p2 p2a p4 p0 p1");
	/* Until it is forgotten. */
	store_expire(r.store);
	assert_int_equal(ask(&r, "GET", uri, ""), 410);
	assert_string_equal(at(&r, "reason"), "Expired");
	rig_done(&r);
}

static const struct list_row {
	const char *name, *query;
	int code;
	const char *items;
} lists[] = {
	{"now", "", 200, "p0 p1 p2"},
	{"any version", "?resourceVersion=0&limit=1", 200, "p0 p1 p2"},
	{"a label", "?labelSelector=odd%3D1", 200, "p1"},
	{"a label, in pages", "?labelSelector=odd%3D0&limit=1", 200, "p0"},
	{"a field", "?fieldSelector=metadata.name%3Dp2", 200, "p2"},
	{"at least this", "?resourceVersion=5&resourceVersionMatch=NotOlderThan", 200, "p0 p1 p2"},
	{"exactly then", "?resourceVersion=4&resourceVersionMatch=Exact", 200, "p0"},
	{"a version that will be", "?resourceVersion=999", 504, ""},
	{"a version that is none", "?resourceVersion=x", 400, ""},
	{"match without version", "?resourceVersionMatch=Exact", 422, ""},
	{"exactly any", "?resourceVersion=0&resourceVersionMatch=Exact", 422, ""},
	{"a match that is none", "?resourceVersion=4&resourceVersionMatch=Roughly", 422, ""},
	{"initial events", "?sendInitialEvents=true", 422, ""},
	{"a token that is none", "?continue=x", 400, ""},
	{"a token without a name", "?continue=4.ns.", 400, ""},
	{"a token and a version", "?continue=4.ns.p0&resourceVersion=4", 400, ""},
	{"a selector that is none", "?labelSelector=%21%21", 400, ""},
};

static void test_lists(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make_pods(&r, "ns", 3);
	assert_int_equal(store_rv(r.store), 6);
	FOREACH_ROW(struct list_row, lists)
	{
		char uri[256];
		snprintf(uri, sizeof(uri), PODS "%s", row->query);
		assert_int_equal(ask(&r, "GET", uri, ""), row->code);
		assert_string_equal(names(&r), row->items);
	}
	rig_done(&r);
}

static void test_many_are_deleted(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make_pods(&r, "ns", 4);
	make_pods(&r, "other", 1);
	assert_int_equal(ask(&r, "DELETE", PODS "?labelSelector=odd%3D1", ""), 200);
	assert_string_equal(names(&r), "p1 p3");
	assert_int_equal(ask(&r, "GET", "/api/v1/pods", ""), 200);
	assert_string_equal(names(&r), "p0 p2 p0");
	rig_done(&r);
}

static const struct patch_row {
	const char *name;
	bool strategic;
	const char *target, *patch, *want;
} patches[] = {
	{"set, remove, nest", false, "{'a':1,'b':2}", "{'a':null,'c':{'d':{'e':null,'f':1}}}",
	 "{'b':2,'c':{'d':{'f':1}}}"},
	{"lists are replaced", false, "{'l':[{'name':'x'}]}", "{'l':[1]}", "{'l':[1]}"},
	{"an object instead of a text", false, "{'a':'t'}", "{'a':{'b':1}}", "{'a':{'b':1}}"},
	{"strategic: by key", true, "{'containers':[{'name':'x','image':'1'},{'name':'y'}]}",
	 "{'containers':[{'name':'x','image':'2'},{'name':'z'}]}",
	 "{'containers':[{'name':'x','image':'2'},{'name':'y'},{'name':'z'}]}"},
	{"strategic: other lists", true, "{'args':['a','b']}", "{'args':['c']}", "{'args':['c']}"},
	{"strategic: delete one", true, "{'conditions':[{'type':'A'},{'type':'B'}]}",
	 "{'conditions':[{'$patch':'delete','type':'A'}]}", "{'conditions':[{'type':'B'}]}"},
	{"strategic: replace a list", true, "{'volumes':[{'name':'a'}]}",
	 "{'volumes':[{'name':'b'},{'$patch':'replace'}]}", "{'volumes':[{'name':'b'}]}"},
	{"strategic: replace an object", true, "{'o':{'a':1,'b':2}}",
	 "{'o':{'$patch':'replace','c':3}}", "{'o':{'c':3}}"},
	{"strategic: finalizers are a set", true, "{'finalizers':['a']}",
	 "{'finalizers':['b','a']}", "{'finalizers':['a','b']}"},
	{"strategic: texts go", true, "{'finalizers':['a','b']}",
	 "{'$deleteFromPrimitiveList/finalizers':['a']}", "{'finalizers':['b']}"},
	{"strategic: keys stay", true, "{'s':{'a':1,'b':2}}", "{'s':{'$retainKeys':['a']}}",
	 "{'s':{'a':1}}"},
	{"strategic: an order is no content", true, "{'a':1}", "{'$setElementOrder/containers':[]}",
	 "{'a':1}"},
};

static cJSON *parse(const char *text)
{
	char copy[512];
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *p = copy; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	cJSON *tree = cJSON_Parse(copy);
	assert_non_null(tree);
	return tree;
}

static void test_patches(void **state)
{
	(void)state;
	FOREACH_ROW(struct patch_row, patches)
	{
		cJSON *target = parse(row->target), *patch = parse(row->patch),
		      *want = parse(row->want);
		(row->strategic ? merge_strategic : merge_patch)(target, patch);
		char *got = cJSON_PrintUnformatted(target), *right = cJSON_PrintUnformatted(want);
		assert_string_equal(got, right);
		cJSON_free(got);
		cJSON_free(right);
		cJSON_Delete(target);
		cJSON_Delete(patch);
		cJSON_Delete(want);
	}
}

static void test_types_of_bodies(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make_pods(&r, "ns", 1);
	assert_int_equal(ask_typed(&r, "PATCH", PODS "/p0", "application/apply-patch+yaml", "{}"),
			 415);
	assert_int_equal(ask_typed(&r, "POST", PODS, "application/vnd.kubernetes.protobuf", "x"),
			 415);
	assert_int_equal(ask_typed(&r, "PATCH", PODS "/p0",
				   "application/strategic-merge-patch+json",
				   "{'metadata':{'labels':{'a':'b'}}}"),
			 200);
	assert_int_equal(ask(&r, "POST", PODS, "[]"), 400);
	assert_int_equal(ask(&r, "POST", PODS, "nothing"), 400);
	assert_int_equal(ask(&r, "PATCH", PODS "/p0", "[]"), 400);
	rig_done(&r);
}

static void test_dry_runs(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make_pods(&r, "ns", 1);
	uint64_t before = store_rv(r.store);
	assert_int_equal(
		ask(&r, "POST", "/api/v1/namespaces?dryRun=All", "{'metadata':{'name':'n'}}"), 201);
	assert_string_equal(at(&r, "metadata.name"), "n");
	assert_int_equal(
		ask(&r, "PATCH", PODS "/p0?dryRun=All", "{'metadata':{'labels':{'a':'b'}}}"), 200);
	assert_string_equal(at(&r, "metadata.labels.a"), "b");
	assert_int_equal(ask(&r, "DELETE", PODS "/p0?dryRun=All", ""), 200);
	assert_int_equal(ask(&r, "DELETE", PODS "/p0", "{'dryRun':['All']}"), 200);
	assert_int_equal(store_rv(r.store), before);
	assert_int_equal(ask(&r, "DELETE", PODS "/p0?dryRun=Some", ""), 400);
	assert_int_equal(ask(&r, "DELETE", PODS "/p0", ""), 200);
	assert_int_equal(ask(&r, "GET", PODS "/p0", ""), 404);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),    cmocka_unit_test(test_pages_show_one_state),
		cmocka_unit_test(test_lists),    cmocka_unit_test(test_many_are_deleted),
		cmocka_unit_test(test_patches),  cmocka_unit_test(test_types_of_bodies),
		cmocka_unit_test(test_dry_runs),
	};
	return cmocka_run_group_tests_name("drop_sim_rest", tests, NULL, NULL);
}
