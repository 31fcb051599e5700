/*
 * The store as its clients see it: versions, preconditions, finalizers, garbage collection,
 * namespaces, history. What a body may contain is test_admit.c's.
 */
#include "tests/sim/apiserver/rest_rig.h"
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#define CI(name)                                                                                   \
	"{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImage','metadata':{'name':'" name \
	"'},'spec':{'image':'docker.io/library/nginx'}}"
#define POD(name, more)                                                                            \
	"{'metadata':{'name':'" name "'" more                                                      \
	"},'spec':{'nodeName':'n','containers':[{'name':'c','image':'i'}]}}"

static void make(struct rig *r, const char *uri, const char *body)
{
	if (ask(r, "POST", uri, body) != 201)
		fail_msg("%s: %s", uri, r->answer.body.data);
}

static void test_writes_have_versions(void **state)
{
	struct rig r;
	char body[512], rv[32];
	(void)state;
	rig_init(&r);
	make(&r, IMAGES, CI("a"));
	assert_string_equal(at(&r, "metadata.generation"), "1");
	assert_string_equal(at(&r, "metadata.creationTimestamp"), "2026-01-01T00:00:00Z");
	snprintf(rv, sizeof(rv), "%s", at(&r, "metadata.resourceVersion"));
	assert_int_equal(ask(&r, "POST", IMAGES, CI("a")), 409);
	assert_string_equal(at(&r, "reason"), "AlreadyExists");
	/* A status does not move the generation, a spec does, nothing moves nothing. */
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a/status", "{'status':{'phase':'Pulling'}}"),
			 200);
	assert_string_equal(at(&r, "metadata.generation"), "1");
	assert_string_not_equal(at(&r, "metadata.resourceVersion"), rv);
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a", "{'spec':{'tag':'2'}}"), 200);
	assert_string_equal(at(&r, "metadata.generation"), "2");
	assert_string_equal(at(&r, "status.phase"), "Pulling");
	uint64_t before = store_rv(r.store);
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a", "{'spec':{'tag':'2'},'status':null}"), 200);
	assert_int_equal(store_rv(r.store), before);
	/* Who read an older version loses. */
	snprintf(body, sizeof(body), "{'metadata':{'resourceVersion':'%s'},'spec':{'tag':'3'}}",
		 rv);
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a", body), 409);
	assert_string_equal(at(&r, "reason"), "Conflict");
	rig_done(&r);
}

static const struct precondition_row {
	const char *name, *body;
	int code;
} preconditions[] = {
	{"another uid", "{'preconditions':{'uid':'x'}}", 409},
	{"another version", "{'preconditions':{'resourceVersion':'1'}}", 409},
	{"a version that is no number", "{'preconditions':{'resourceVersion':'x'}}", 409},
	{"no such policy", "{'propagationPolicy':'Sideways'}", 422},
	{"a negative grace", "{'gracePeriodSeconds':-5}", 400},
	{"no JSON", "{", 400},
	{"none", "", 200},
};

static void test_preconditions_of_deletes(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make(&r, IMAGES, CI("a"));
	FOREACH_ROW(struct precondition_row, preconditions)
	assert_int_equal(ask(&r, "DELETE", IMAGES "/a", row->body), row->code);
	assert_int_equal(ask(&r, "DELETE", IMAGES "/a", ""), 404);
	rig_done(&r);
}

static void test_grace_and_finalizers(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	/* A pod that runs stays until its kubelet removes it; without a node it goes at once. */
	make(&r, PODS, POD("p", ""));
	assert_int_equal(ask(&r, "DELETE", PODS "/p", "{'gracePeriodSeconds':5}"), 200);
	assert_string_equal(at(&r, "metadata.deletionTimestamp"), "2026-01-01T00:00:05Z");
	assert_int_equal(ask(&r, "GET", PODS "/p", ""), 200);
	assert_int_equal(ask(&r, "DELETE", PODS "/p", "{'gracePeriodSeconds':0}"), 200);
	assert_int_equal(ask(&r, "GET", PODS "/p", ""), 404);
	/* The last finalizer takes it along; new ones come too late. */
	make(&r, PODS, POD("q", ",'finalizers':['x.y/z']"));
	assert_int_equal(ask(&r, "DELETE", PODS "/q", "{'gracePeriodSeconds':0}"), 200);
	assert_int_equal(
		ask(&r, "PATCH", PODS "/q", "{'metadata':{'finalizers':['x.y/z','n.m/o']}}"), 422);
	assert_int_equal(ask(&r, "PATCH", PODS "/q", "{'metadata':{'finalizers':null}}"), 200);
	assert_int_equal(ask(&r, "GET", PODS "/q", ""), 404);
	rig_done(&r);
}

/* A set that owns an image, and that image a pod. Returns with all three there. */
static void make_family(struct rig *r)
{
	char body[1024], uid[64];
	make(r, SETS,
	     "{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImageSet','metadata':{"
	     "'name':'s'},'spec':{'images':[{'image':'nginx'}]}}");
	snprintf(uid, sizeof(uid), "%s", at(r, "metadata.uid"));
	snprintf(
		body, sizeof(body),
		"{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImage','metadata':{'name':"
		"'c','ownerReferences':[{'apiVersion':'drop.corewire.io/v1alpha1','kind':"
		"'CachedImageSet','name':'s','uid':'%s','blockOwnerDeletion':true}]},"
		"'spec':{'image':'nginx'}}",
		uid);
	make(r, IMAGES, body);
	snprintf(uid, sizeof(uid), "%s", at(r, "metadata.uid"));
	snprintf(body, sizeof(body),
		 "{'metadata':{'name':'p','ownerReferences':[{'apiVersion':"
		 "'drop.corewire.io/v1alpha1','kind':'CachedImage','name':'c','uid':'%s'}]},"
		 "'spec':{'containers':[{'name':'c','image':'i'}]}}",
		 uid);
	make(r, PODS, body);
	settle(r);
	assert_int_equal(ask(r, "GET", PODS "/p", ""), 200);
}

static const struct propagation_row {
	const char *name, *options;
	int set_at_once, set, image, pod; /* codes of a GET; after the collector: the last three */
} propagations[] = {
	{"background", "", 404, 404, 404, 404},
	{"foreground", "{'propagationPolicy':'Foreground'}", 200, 404, 404, 404},
	{"orphan", "{'propagationPolicy':'Orphan'}", 200, 404, 200, 200},
};

static void test_garbage_collection(void **state)
{
	(void)state;
	FOREACH_ROW(struct propagation_row, propagations)
	{
		struct rig r;
		rig_init(&r);
		make_family(&r);
		assert_int_equal(ask(&r, "DELETE", SETS "/s", row->options), 200);
		assert_int_equal(ask(&r, "GET", SETS "/s", ""), row->set_at_once);
		settle(&r);
		assert_int_equal(ask(&r, "GET", SETS "/s", ""), row->set);
		assert_int_equal(ask(&r, "GET", IMAGES "/c", ""), row->image);
		if (row->image == 200)
			assert_string_equal(at(&r, "metadata.ownerReferences"), "");
		assert_int_equal(ask(&r, "GET", PODS "/p", ""), row->pod);
		rig_done(&r);
	}
}

static void test_an_owner_that_never_was(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make(&r, IMAGES,
	     "{'apiVersion':'drop.corewire.io/"
	     "v1alpha1','kind':'CachedImage','metadata':{'name':'c',"
	     "'ownerReferences':[{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImageSet',"
	     "'name':'s','uid':'gone'}]},'spec':{'image':'nginx'}}");
	settle(&r);
	assert_int_equal(ask(&r, "GET", IMAGES "/c", ""), 404);
	rig_done(&r);
}

static void test_namespaces(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	assert_int_equal(ask(&r, "POST", "/api/v1/namespaces/none/pods", POD("p", "")), 404);
	make(&r, PODS, POD("p", ""));
	make(&r, PODS, POD("held", ",'finalizers':['x.y/z']"));
	make(&r, "/api/v1/namespaces/other/pods", POD("p", ""));
	assert_int_equal(ask(&r, "DELETE", "/api/v1/namespaces/ns", ""), 200);
	assert_string_equal(at(&r, "status.phase"), "Terminating");
	assert_int_equal(ask(&r, "POST", PODS, POD("late", "")), 403);
	settle(&r);
	/* Two pods that run have a grace; their kubelets end it. */
	assert_int_equal(ask(&r, "DELETE", PODS "/p", "{'gracePeriodSeconds':0}"), 200);
	assert_int_equal(ask(&r, "DELETE", PODS "/held", "{'gracePeriodSeconds':0}"), 200);
	settle(&r);
	assert_int_equal(ask(&r, "GET", "/api/v1/namespaces/ns", ""), 200);
	assert_int_equal(ask(&r, "PATCH", PODS "/held", "{'metadata':{'finalizers':null}}"), 200);
	settle(&r);
	assert_int_equal(ask(&r, "GET", "/api/v1/namespaces/ns", ""), 404);
	assert_int_equal(ask(&r, "GET", "/api/v1/namespaces/other/pods/p", ""), 200);
	rig_done(&r);
}

static void test_history_is_bounded(void **state)
{
	struct rig r;
	char body[128];
	(void)state;
	rig_init(&r);
	make(&r, "/api/v1/namespaces/ns/configmaps", "{'metadata':{'name':'c'}}");
	uint64_t first = store_rv(r.store);
	for (int i = 0; i < STORE_HISTORY + 10; i++) {
		snprintf(body, sizeof(body), "{'data':{'n':'%d'}}", i);
		assert_int_equal(ask(&r, "PATCH", "/api/v1/namespaces/ns/configmaps/c", body), 200);
	}
	assert_true(store_oldest(r.store) > first);
	assert_int_equal(store_rv(r.store) - store_oldest(r.store), STORE_HISTORY);
	assert_null(store_change_after(r.store, store_rv(r.store)));
	assert_int_equal(store_change_after(r.store, store_oldest(r.store))->rv,
			 store_oldest(r.store) + 1);
	rig_done(&r);
}

static void test_events_have_two_groups(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make(&r, "/apis/events.k8s.io/v1/namespaces/ns/events",
	     "{'metadata':{'name':'e'},'regarding':{'kind':'Pod','name':'p','namespace':'ns'},"
	     "'eventTime':'2026-01-01T00:00:00.000000Z','reportingController':'x/y',"
	     "'reportingInstance':'i','action':'a','reason':'R','note':'hello','type':'Normal'}");
	assert_int_equal(ask(&r, "GET", "/api/v1/namespaces/ns/events/e", ""), 200);
	assert_string_equal(at(&r, "message"), "hello");
	assert_string_equal(at(&r, "involvedObject.name"), "p");
	assert_int_equal(
		ask(&r, "PATCH", "/apis/events.k8s.io/v1/namespaces/ns/events/e",
		    "{'series':{'count':2,'lastObservedTime':'2026-01-01T00:00:01.000000Z'}}"),
		200);
	assert_string_equal(at(&r, "note"), "hello");
	assert_int_equal(ask(&r, "GET", "/api/v1/events", ""), 200);
	assert_string_equal(names(&r), "e");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_have_versions),
		cmocka_unit_test(test_preconditions_of_deletes),
		cmocka_unit_test(test_grace_and_finalizers),
		cmocka_unit_test(test_garbage_collection),
		cmocka_unit_test(test_an_owner_that_never_was),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_events_have_two_groups),
	};
	return cmocka_run_group_tests_name("drop_sim_store", tests, NULL, NULL);
}
