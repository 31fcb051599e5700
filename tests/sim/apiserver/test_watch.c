/*
 * Watches: where they begin, what the selectors let through, bookmarks, WatchList, what is
 * forgotten (410), lags and ends.
 */
#include "tests/sim/apiserver/rest_rig.h"
#include "tests/unit.h"

#include <string.h>

#define MAPS "/api/v1/namespaces/ns/configmaps"

static void make(struct rig *r, const char *name, const char *label)
{
	char body[256];
	snprintf(body, sizeof(body), "{'metadata':{'name':'%s','labels':{'l':'%s'}}}", name, label);
	assert_int_equal(ask(r, "POST", MAPS, body), 201);
}

static void change(struct rig *r, const char *name, const char *label)
{
	char uri[128], body[128];
	snprintf(uri, sizeof(uri), MAPS "/%s", name);
	snprintf(body, sizeof(body), "{'metadata':{'labels':{'l':'%s'}}}", label);
	assert_int_equal(ask(r, "PATCH", uri, body), 200);
}

static void drop(struct rig *r, const char *name)
{
	char uri[128];
	snprintf(uri, sizeof(uri), MAPS "/%s", name);
	assert_int_equal(ask(r, "DELETE", uri, ""), 200);
}

static const struct start_row {
	const char *name, *query;
	int code;
	const char *first, *then; /* events at once, and after the changes */
} starts[] = {
	{"with what is there", "", 200, "ADDED a, ADDED b", "MODIFIED a, DELETED b, ADDED c"},
	{"any version", "&resourceVersion=0", 200, "ADDED a, ADDED b",
	 "MODIFIED a, DELETED b, ADDED c"},
	{"from a version", "&resourceVersion=4", 200, "ADDED b", "MODIFIED a, DELETED b, ADDED c"},
	{"from now", "&resourceVersion=5", 200, "", "MODIFIED a, DELETED b, ADDED c"},
	{"WatchList",
	 "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", 200,
	 "ADDED a, ADDED b, BOOKMARK END", "MODIFIED a, DELETED b, ADDED c"},
	{"no initial events", "&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", 200, "",
	 "MODIFIED a, DELETED b, ADDED c"},
	{"what is selected", "&labelSelector=l%3D1", 200, "ADDED a", "DELETED a, ADDED c"},
	{"one object", "&fieldSelector=metadata.name%3Db", 200, "ADDED b", "DELETED b"},
	{"before history", "&resourceVersion=1", 200, "ERROR 410", NULL},
	{"WatchList without match", "&sendInitialEvents=true", 422, NULL, NULL},
	{"match without WatchList", "&resourceVersionMatch=NotOlderThan", 422, NULL, NULL},
	{"a token", "&continue=x", 422, NULL, NULL},
	{"the future", "&resourceVersion=99", 504, NULL, NULL},
	{"no selector", "&labelSelector=%21%21", 400, NULL, NULL},
};

static void test_starts(void **state)
{
	(void)state;
	FOREACH_ROW(struct start_row, starts)
	{
		struct rig r;
		char uri[256];
		rig_init(&r); /* two namespaces: versions 2 and 3 */
		store_expire(r.store);
		make(&r, "a", "1");
		make(&r, "b", "2");
		snprintf(uri, sizeof(uri), MAPS "?watch=true%s", row->query);
		struct watch *w = watch(&r, uri);
		assert_int_equal(r.answer.code, row->code);
		if (w != NULL) {
			assert_string_equal(events(&r, w), row->first);
			if (row->then != NULL) {
				change(&r, "a", "3");
				drop(&r, "b");
				make(&r, "c", "1");
				assert_string_equal(events(&r, w), row->then);
			}
			watch_close(w);
		}
		rig_done(&r);
	}
}

/* The resourceVersion of a deletion's event is the deletion's own. */
static void test_versions_grow(void **state)
{
	struct rig r;
	struct buf out = {0};
	(void)state;
	rig_init(&r);
	make(&r, "a", "1");
	struct watch *w = watch(&r, MAPS "?watch=true&resourceVersion=4");
	drop(&r, "a");
	assert_false(watch_take(w, r.now, 1024, &out));
	assert_non_null(strstr(out.data, "\"resourceVersion\":\"5\""));
	assert_null(strstr(out.data, "\"resourceVersion\":\"4\""));
	buf_done(&out);
	watch_close(w);
	rig_done(&r);
}

static void test_who_does_not_read_expires(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	make(&r, "a", "1");
	struct watch *slow = watch(&r, MAPS "?watch=true&resourceVersion=4");
	struct watch *idle = watch(&r, "/api/v1/nodes?watch=true&resourceVersion=4");
	assert_string_equal(events(&r, idle), "");
	change(&r, "a", "2");
	store_expire(r.store);
	make(&r, "b", "1");
	assert_string_equal(events(&r, slow), "ERROR 410");
	/* Nothing of its kind was missed: forgetting the others' changes does it no harm. */
	assert_string_equal(events(&r, idle), "");
	assert_int_equal(ask(&r, "POST", "/api/v1/nodes", "{'metadata':{'name':'n'}}"), 201);
	assert_string_equal(events(&r, idle), "ADDED n");
	watch_close(slow);
	watch_close(idle);
	rig_done(&r);
}

static void test_wakes_whom_it_concerns(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	struct watch *maps = watch(&r, MAPS "?watch=true");
	assert_ptr_equal(watches_ready(r.watches, r.now), &r);
	assert_null(watches_ready(r.watches, r.now));
	assert_int_equal(ask(&r, "POST", "/api/v1/nodes", "{'metadata':{'name':'n'}}"), 201);
	assert_null(watches_ready(r.watches, r.now));
	make(&r, "a", "1");
	change(&r, "a", "2");
	assert_ptr_equal(watches_ready(r.watches, r.now), &r);
	assert_null(watches_ready(r.watches, r.now));
	watch_close(maps);
	assert_int_equal(watches_count(r.watches), 0);
	rig_done(&r);
}

static void test_bookmarks_and_the_end(void **state)
{
	struct rig r;
	(void)state;
	rig_init(&r);
	struct watch *w = watch(&r, MAPS "?watch=true&allowWatchBookmarks=true&timeoutSeconds=60&"
					 "resourceVersion=3");
	assert_string_equal(events(&r, w), "");
	int64_t due = watches_next_ms(r.watches);
	assert_int_equal(due, r.now.boot_ms + WATCH_BOOKMARK_MS);
	r.now.boot_ms = due;
	assert_ptr_equal(watches_ready(r.watches, r.now), &r);
	assert_string_equal(events(&r, w), "BOOKMARK");
	r.now.boot_ms += 60000 - WATCH_BOOKMARK_MS;
	struct buf out = {0};
	assert_true(watch_take(w, r.now, 1024, &out)); /* with a last bookmark */
	assert_non_null(strstr(out.data, "BOOKMARK"));
	buf_done(&out);
	watch_close(w);
	rig_done(&r);
}

static void test_faults_of_watches(void **state)
{
	struct rig r;
	uint64_t id;
	const char *maps[] = {"configmaps"};
	const struct sim_api_fault lag = {
		.kind = "lag-watch", .resources = {maps, 1}, .percent = 100, .delay_ms = 5000};
	const struct sim_api_fault cut = {.kind = "drop-watch", .resources = {maps, 1}};
	(void)state;
	rig_init(&r);
	struct watch *w = watch(&r, MAPS "?watch=true");
	struct watch *nodes = watch(&r, "/api/v1/nodes?watch=true");
	assert_int_equal(faults_add(r.faults, &lag, &id, NULL), 0);
	make(&r, "a", "1");
	assert_string_equal(events(&r, w), "");
	assert_int_equal(watches_next_ms(r.watches), r.now.boot_ms + WATCH_LAG_LOOK_MS);
	r.now.boot_ms += 5000;
	assert_string_equal(events(&r, w), "ADDED a");
	make(&r, "b", "1");
	assert_string_equal(events(&r, w), "");
	faults_remove(r.faults, id); /* and it is over at the next look */
	assert_string_equal(events(&r, w), "ADDED b");
	struct buf out = {0};
	watches_drop(r.watches, &cut);
	assert_true(watch_take(w, r.now, 1024, &out));
	assert_false(watch_take(nodes, r.now, 1024, &out));
	buf_done(&out);
	watch_close(w);
	watch_close(nodes);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts),
		cmocka_unit_test(test_versions_grow),
		cmocka_unit_test(test_who_does_not_read_expires),
		cmocka_unit_test(test_wakes_whom_it_concerns),
		cmocka_unit_test(test_bookmarks_and_the_end),
		cmocka_unit_test(test_faults_of_watches),
	};
	return cmocka_run_group_tests_name("drop_sim_watch", tests, NULL, NULL);
}
