/*
 * A store that is as in a backup again, as its clients see it: uids and versions are those of then,
 * versions are used twice, owners still own, watches go on from nowhere.
 */
#include "tests/sim/apiserver/rest_rig.h"
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "sim/store/copy.h"

#define CI(name)                                                                                   \
	"{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImage','metadata':{'name':'" name \
	"'},'spec':{'image':'docker.io/library/nginx'}}"

static struct rig r;
static struct store_copy *copy;

static int setup(void **state)
{
	(void)state;
	rig_init(&r);
	copy = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_copy_free(copy);
	rig_done(&r);
	return 0;
}

static void all_is_as_it_was(void **state)
{
	char uid[64], rv[32], tag_rv[32];
	(void)state;
	assert_int_equal(ask(&r, "POST", IMAGES, CI("a")), 201);
	snprintf(uid, sizeof(uid), "%s", at(&r, "metadata.uid"));
	snprintf(rv, sizeof(rv), "%s", at(&r, "metadata.resourceVersion"));
	assert_int_equal(ask(&r, "POST", IMAGES, CI("b")), 201);
	uint64_t version = store_rv(r.store);
	copy = store_copy_new(r.store);
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a", "{'spec':{'tag':'2'}}"), 200);
	snprintf(tag_rv, sizeof(tag_rv), "%s", at(&r, "metadata.resourceVersion"));
	assert_int_equal(ask(&r, "DELETE", IMAGES "/b", ""), 200);
	assert_int_equal(ask(&r, "POST", IMAGES, CI("c")), 201);
	for (int i = 0; i < 2; i++) { /* a backup is good for more than once */
		store_restore(r.store, copy);
		assert_true(store_rv(r.store) == version);
		assert_int_equal(ask(&r, "GET", IMAGES, ""), 200);
		assert_string_equal(names(&r), "a b");
		assert_true(strtoull(at(&r, "metadata.resourceVersion"), NULL, 10) == version);
		assert_int_equal(ask(&r, "GET", IMAGES "/a", ""), 200);
		assert_string_equal(at(&r, "metadata.uid"), uid);
		assert_string_equal(at(&r, "metadata.resourceVersion"), rv);
		assert_string_equal(at(&r, "metadata.generation"), "1");
		/* The version of the lost change is now another object's. */
		assert_int_equal(ask(&r, "PATCH", IMAGES "/b", "{'spec':{'tag':'9'}}"), 200);
		assert_string_equal(at(&r, "metadata.resourceVersion"), tag_rv);
	}
}

static void clients_from_the_future(void **state)
{
	char uri[160];
	(void)state;
	copy = store_copy_new(r.store);
	struct watch *w = watch(&r, IMAGES "?watch=true");
	assert_non_null(w);
	assert_int_equal(ask(&r, "POST", IMAGES, CI("a")), 201);
	assert_int_equal(ask(&r, "PATCH", IMAGES "/a", "{'spec':{'tag':'2'}}"), 200);
	snprintf(uri, sizeof(uri), IMAGES "?watch=true&resourceVersion=%s",
		 at(&r, "metadata.resourceVersion"));
	watch_close(w);
	store_restore(r.store, copy);
	assert_null(watch(&r, uri)); /* "Too large resource version" */
	w = watch(&r, IMAGES "?watch=true");
	assert_int_equal(ask(&r, "POST", IMAGES, CI("b")), 201);
	assert_string_equal(events(&r, w), "ADDED b");
	watch_close(w);
}

static void owners_own_again(void **state)
{
	char body[512];
	(void)state;
	assert_int_equal(ask(&r, "POST", SETS,
			     "{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImageSet',"
			     "'metadata':{'name':'s'},'spec':{'images':[{'image':'x.io/a'}]}}"),
			 201);
	snprintf(body, sizeof(body),
		 "{'apiVersion':'drop.corewire.io/v1alpha1','kind':'CachedImage',"
		 "'metadata':{'name':'a','ownerReferences':[{'apiVersion':'drop.corewire.io/"
		 "v1alpha1','kind':'CachedImageSet','name':'s','uid':'%s'}]},"
		 "'spec':{'image':'x.io/a'}}",
		 at(&r, "metadata.uid"));
	assert_int_equal(ask(&r, "POST", IMAGES, body), 201);
	copy = store_copy_new(r.store);
	assert_int_equal(ask(&r, "DELETE", SETS "/s", ""), 200);
	settle(&r);
	assert_int_equal(ask(&r, "GET", IMAGES "/a", ""), 404);
	store_restore(r.store, copy);
	settle(&r);
	assert_int_equal(ask(&r, "GET", IMAGES "/a", ""), 200);
	assert_int_equal(ask(&r, "DELETE", SETS "/s", ""), 200);
	settle(&r);
	assert_int_equal(ask(&r, "GET", IMAGES "/a", ""), 404);
}

#define POD(name)                                                                                  \
	"{'metadata':{'name':'" name "'},'spec':{'nodeName':'n','containers':[{'name':'c',"        \
	"'image':'i'}]}}"
#define EVICTION(name, options)                                                                    \
	"{'apiVersion':'policy/v1','kind':'Eviction','metadata':{'name':'" name "','namespace':"   \
	"'ns'}" options "}"

static const struct eviction {
	const char *name, *method, *pod, *body;
	int code;
	const char *message;
} evictions[] = {
	{"another name", "POST", "p", EVICTION("q", ""), 400,
	 "name in URL does not match name in Eviction object"},
	{"no such pod", "POST", "none", EVICTION("none", ""), 404, "pods \"none\" not found"},
	{"another uid", "POST", "p",
	 EVICTION("p", ",'deleteOptions':{'preconditions':{'uid':'x'}}"), 409,
	 "Precondition failed"},
	{"another kind", "POST", "p", "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'}}",
	 400, "Pod"},
	{"no body", "POST", "p", "", 400, ""},
	{"read", "GET", "p", "", 405, ""},
	{"deleted", "DELETE", "p", "", 405, ""},
	{"tried only", "POST", "p", EVICTION("p", ",'deleteOptions':{'dryRun':['All']}"), 201, ""},
};

static void pods_are_evicted(void **state)
{
	char uri[160];
	(void)state;
	assert_int_equal(ask(&r, "POST", PODS, POD("p")), 201);
	FOREACH_ROW(struct eviction, evictions)
	{
		snprintf(uri, sizeof(uri), PODS "/%s/eviction", row->pod);
		if (ask(&r, row->method, uri, row->body) != row->code)
			fail_msg("%s: %s", row->name, r.answer.body.data);
		assert_non_null(strstr(at(&r, "message"), row->message));
		assert_int_equal(ask(&r, "GET", PODS "/p", ""), 200);
		assert_string_equal(at(&r, "metadata.deletionTimestamp"), "");
	}
	assert_int_equal(ask(&r, "POST", PODS "/p/eviction", EVICTION("p", "")), 201);
	assert_string_equal(at(&r, "kind"), "Status");
	assert_string_equal(at(&r, "status"), "Success");
	assert_int_equal(ask(&r, "GET", PODS "/p", ""), 200);
	assert_string_not_equal(at(&r, "metadata.deletionTimestamp"), "");
	assert_int_equal(ask(&r, "POST", PODS "/p/eviction",
			     EVICTION("p", ",'deleteOptions':{'gracePeriodSeconds':0}")),
			 201);
	assert_int_equal(ask(&r, "GET", PODS "/p", ""), 404);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(clients_from_the_future, setup, teardown),
		cmocka_unit_test_setup_teardown(owners_own_again, setup, teardown),
		cmocka_unit_test_setup_teardown(pods_are_evicted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
