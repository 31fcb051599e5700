/*
 * kube/ against a real API server: lists by WatchList and by pages, resync, watches over
 * a compacted history, conflicts. $DROP_TEST_KUBECONFIG names the cluster (tests/cluster);
 * without it everything is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/client.h"
#include "kube/reflector_step.h"

#include "tests/kube/live.h"

#define CONFIG_MAPS "/api/v1/namespaces/default/configmaps"
#define OURS        "drop-test=live"
#define BURST       300
#define MANY        23

static bool live_ready(void *ctx)
{
	struct live_view *v = ctx;
	return v->synced > 0 && reflector_live(v->reflector);
}

static bool has_many(void *ctx)
{
	return ((struct live_view *)ctx)->objects.count == MANY;
}

static bool is_empty(void *ctx)
{
	return ((struct live_view *)ctx)->objects.count == 0;
}

static bool synced_twice(void *ctx)
{
	return ((struct live_view *)ctx)->synced >= 2;
}

static bool in_trouble(void *ctx)
{
	return ((struct live_view *)ctx)->troubles > 0;
}

static void create(struct kube *k, int i)
{
	char body[256];
	snprintf(body, sizeof(body),
		 "{\"metadata\":{\"name\":\"live-%d\",\"labels\":{\"drop-test\":\"live\"}}}", i);
	live_expect(k, KUBE_POST, CONFIG_MAPS, body, 201);
}

static void delete_all(struct kube *k)
{
	live_expect(k, KUBE_DELETE, CONFIG_MAPS "?labelSelector=drop-test%3Dlive", NULL, 200);
}

static void follow(struct kube *k, size_t page)
{
	struct live_view v;
	int before = k->watchlist_strikes;
	delete_all(k);
	for (int i = 0; i < MANY / 2; i++)
		create(k, i);
	live_view_start(k, &v, CONFIG_MAPS, OURS, page);
	live_until(k, live_ready, &v, "first sync");
	assert_int_equal(v.objects.count, MANY / 2);
	for (int i = MANY / 2; i < MANY; i++)
		create(k, i);
	live_until(k, has_many, &v, "created objects");
	int64_t asked = clock_boot_ms();
	reflector_resync(v.reflector);
	live_until(k, synced_twice, &v, "resync");
	assert_true(v.began_ms >= asked);
	assert_int_equal(v.synced, 2);
	/* Where WatchList was refused, it was tried just once. */
	assert_int_equal(v.begun, k->watchlist_strikes > before ? 3 : 2);
	assert_int_equal(v.objects.count, MANY);
	live_until(k, live_ready, &v, "watch after resync");
	delete_all(k);
	live_until(k, is_empty, &v, "deletions");
	assert_int_equal(v.gone, MANY);
	assert_int_equal(v.troubles, 0);
	live_view_stop(&v);
}

static void watchlist(void **state)
{
	struct kube *k = *state;
	follow(k, 0);
}

static void paged(void **state)
{
	struct kube *k = *state;
	int before = k->watchlist_strikes;
	k->watchlist_strikes = REFLECTOR_STRIKES_MAX;
	follow(k, 4);
	k->watchlist_strikes = before;
}

static void unknown_resource(void **state)
{
	struct live_view v;
	live_view_start(*state, &v, "/apis/nobody.example/v1/things", NULL, 0);
	live_until(*state, in_trouble, &v, "trouble");
	assert_non_null(strstr(v.trouble, "CustomResourceDefinitions"));
	assert_false(reflector_live(v.reflector));
	live_view_stop(&v);
}

static void conflict(void **state)
{
	struct kube *k = *state;
	delete_all(k);
	create(k, 1);
	struct live_answer r =
		live_send(k, KUBE_POST, CONFIG_MAPS, "{\"metadata\":{\"name\":\"live-1\"}}");
	assert_int_equal(r.code, 409);
	assert_string_equal(r.reason, "AlreadyExists");
	free(r.body);
	r = live_send(k, KUBE_PUT, CONFIG_MAPS "/live-1",
		      "{\"metadata\":{\"name\":\"live-1\",\"resourceVersion\":\"1\"}}");
	assert_int_equal(r.code, 409);
	assert_string_equal(r.reason, "Conflict");
	free(r.body);
	delete_all(k);
}

static void count_done(void *ctx, const struct kube_answer *a)
{
	*(int *)ctx += a->code == 200;
}

static bool burst_done(void *ctx)
{
	return *(int *)ctx == BURST;
}

/* Must 6: HTTP/2, everything of the write lane over one connection. */
static void burst(void **state)
{
	struct kube *k = *state;
	int done = 0;
	kube_close_lane(k, KUBE_WRITE);
	uint64_t connects = k->counters.connects;
	for (int i = 0; i < BURST; i++) {
		struct kube_request req = {.lane = KUBE_WRITE,
					   .path = CONFIG_MAPS,
					   .deadline_ms = clock_boot_ms() + LIVE_LIMIT_MS};
		kube_send(k, &req, count_done, &done);
	}
	live_until(k, burst_done, &done, "a burst of requests");
	assert_int_equal(k->counters.connects, connects + 1);
}

static void close_and_go_on(void **state)
{
	struct kube *k = *state;
	struct live_view v;
	live_view_start(k, &v, CONFIG_MAPS, OURS, 0);
	live_until(k, live_ready, &v, "first sync");
	kube_close_lane(k, KUBE_WATCH);
	kube_wait(k, NULL, 0, 0);
	assert_false(reflector_live(v.reflector));
	create(k, 2);
	live_until(k, live_ready, &v, "watch again");
	delete_all(k);
	live_until(k, is_empty, &v, "deletion");
	assert_int_equal(v.synced, 1); /* a broken connection is no reason to list */
	live_view_stop(&v);
}

/*
 * $DROP_TEST_EXPIRE is a command that restarts the API server with its history compacted
 * (tests/cluster/ctl.sh DIR expire): connections break, and the last version gets 410.
 */
static void expired(void **state)
{
	struct kube *k = *state;
	struct live_view v;
	const char *command = getenv("DROP_TEST_EXPIRE");
	if (command == NULL)
		skip();
	delete_all(k);
	live_view_start(k, &v, CONFIG_MAPS, OURS, 0);
	live_until(k, live_ready, &v, "first sync");
	assert_int_equal(system(command), 0);
	for (int i = 0; i < MANY; i++)
		create(k, i);
	live_until(k, has_many, &v, "objects after the restart");
	live_until(k, live_ready, &v, "watch after the restart");
	delete_all(k);
	live_until(k, is_empty, &v, "deletions after the restart");
	live_view_stop(&v);
}

static int setup(void **state)
{
	*state = live_kube();
	return 0;
}

static int teardown(void **state)
{
	kube_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watchlist),
		cmocka_unit_test(paged),
		cmocka_unit_test(unknown_resource),
		cmocka_unit_test(conflict),
		cmocka_unit_test(close_and_go_on),
		cmocka_unit_test(expired),
		cmocka_unit_test(burst),
	};
	if (getenv("DROP_TEST_KUBECONFIG") == NULL)
		return 77; /* skipped */
	return cmocka_run_group_tests_name("kube live", tests, setup, teardown);
}
