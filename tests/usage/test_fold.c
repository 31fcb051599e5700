/*
 * usage/fold.c and what it is made of: which events count, for what hour, what a restart keeps, and
 * that nobody can fill it (behaviour 52).
 */
#include "tests/usage/world.h"

#include "api/pullpod.h"
#include "usage/deflated.h"
#include "usage/demand_state.h"
#include "usage/shown.h"
#include "usage/waiting_saved.h"

/* Time passes, watched. */
static void pass(struct world *w, int64_t seconds)
{
	for (int64_t end = w->now + seconds; w->now < end;) {
		w->now += end - w->now < 300 ? end - w->now : 300;
		usage_tick(w->u, w->now, true);
	}
}

/* By the ranking; -1: not ranked. */
static double value_of(const struct world *w, const char *image)
{
	const struct waiting_how how = {.young_hours = WAITING_YOUNG_HOURS};
	struct arena a = ARENA_INIT;
	struct waiting_saved *all;
	double value = -1;
	const char *name = ref_normal(&a, image);
	size_t n = waiting_saved_rank(w->u->demand, NULL, &how, &a, &all);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].image, name) == 0)
			value = all[i].value;
	arena_done(&a);
	return value;
}

static void rule_52_counts(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	use(w, "a:1");
	use(w, "docker.io/library/a:1");
	assert_int_equal(uses_of(w, "a:1"), 2);
	assert_true(value_of(w, "a:1") > 0);
	/* A higher count of the same event adds what is new; the same again nothing. */
	struct pulled e = event(w, "a:1");
	see(w, &e);
	e.count = 4;
	e.rv = ++w->rv;
	see(w, &e);
	assert_int_equal(uses_of(w, "a:1"), 6);
	e.rv = ++w->rv;
	see(w, &e);
	assert_int_equal(uses_of(w, "a:1"), 6);
	/* Combined events are one use of the image that is named, and others of nobody knows which.
	 */
	struct pulled c = event(w, "b:1");
	c.combined = true;
	c.count = 11;
	see(w, &c);
	assert_int_equal(uses_of(w, "b:1"), 1);
	assert_int_equal(w->u->outcomes[USAGE_uncovered], 9); /* it was written with count 1 */
	c.count = 12;
	c.rv = ++w->rv;
	see(w, &c);
	assert_int_equal(uses_of(w, "b:1"), 2);
	/* One event adds so many at most. */
	struct pulled many = event(w, "c:1");
	many.count = 1000000000;
	see(w, &many);
	assert_int_equal(uses_of(w, "c:1"), USAGE_COUNT_MAX);
	/* Nodes that do not exist have none. */
	struct pulled lost = event(w, "d:1");
	lost.node = "n9";
	see(w, &lost);
	assert_int_equal(uses_of(w, "d:1"), 0);
	assert_int_equal(w->u->outcomes[USAGE_unknown_node], 1);
	world_free(w);
}

static void rule_52_a_pod_with_20_containers(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	/* kubelet writes 25 events of a pod, four for each container. */
	for (int i = 0; i < 6; i++) {
		assert_int_equal(w->u->outcomes[USAGE_uncovered], 0);
		char image[16];
		snprintf(image, sizeof(image), "c%d:1", i);
		struct pulled e = event(w, image);
		e.pod_uid = "pod";
		see(w, &e);
		assert_int_equal(uses_of(w, image), 1);
	}
	assert_int_equal(w->u->outcomes[USAGE_uncovered], 1);
	/* A container that starts again and again has one event, whose count says how often. */
	struct pulled again = event(w, "x:1");
	for (again.count = 1; again.count < 20; again.count++) {
		again.rv = ++w->rv;
		see(w, &again);
	}
	assert_int_equal(uses_of(w, "x:1"), 19);
	assert_int_equal(w->u->outcomes[USAGE_uncovered], 1);
	world_free(w);
}

static void rule_52_own_pods(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	struct pulled e = event(w, "a:1");
	e.ns = "drop-system";
	e.container = "pull";
	see(w, &e);
	assert_int_equal(uses_of(w, "a:1"), 0);
	assert_true(value_of(w, "a:1") == -1);
	w->listed = false;
	struct pulled alone = event(w, "b:1");
	alone.ns = "drop-system";
	alone.container = "pull";
	see(w, &alone);
	struct pulled batch = event(w, "c:1");
	batch.ns = "drop-system";
	batch.container = "pull-3";
	see(w, &batch);
	size_t b_timed = 0, c_timed = 0;
	for (size_t b = 0; b < USAGE_BUCKETS; b++) {
		b_timed += image_of(w, "b:1")->pulls[b];
		c_timed += image_of(w, "c:1")->pulls[b];
	}
	assert_int_equal(b_timed, 1);
	assert_int_equal(c_timed, 0);
	/* The same container name in another namespace is a workload's. */
	struct pulled other = event(w, "d:1");
	other.container = "pull";
	see(w, &other);
	assert_int_equal(uses_of(w, "d:1"), 1);
	world_free(w);
}

static void rule_52_only_what_a_node_has(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	w->listed = false;
	use(w, "evil:1");
	assert_false(image_of(w, "evil:1")->real);
	assert_true(value_of(w, "evil:1") == -1);
	pass(w, 2 * HOUR);
	assert_true(value_of(w, "evil:1") == -1);
	/* A node lists it: its uses count, also those of the running hour that came before. */
	use(w, "good:1");
	const char *names[] = {NULL};
	struct node node = {.meta = {.name = "n2", .uid = "n2"}};
	names[0] = "good:1";
	struct node_image listed = {.names = {names, 1}};
	node.images = (struct node_images){&listed, 1};
	node_trim(&node, &w->a);
	usage_node_seen(w->u, &node, NULL);
	assert_true(image_of(w, "good:1")->real);
	assert_true(value_of(w, "good:1") > 0);
	assert_false(image_of(w, "evil:1")->real);
	world_free(w);
}

static int timed_pulls(const struct world *w, const char *image)
{
	int timed = 0;
	for (size_t b = 0; b < USAGE_BUCKETS; b++)
		timed += image_of(w, image)->pulls[b];
	return timed;
}

static void rule_52_cold_pulls(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	static const struct {
		const char *name, *image;
		bool listed, was_pulled;
		double seconds;
		int timed;   /* of the image, after it */
		int64_t ago; /* that it was written */
	} rows[] = {
		{"a pull of what the node does not have", "a:1", false, true, 10, 1},
		{"the same image again: it was there", "a:1", false, true, 0.3, 1},
		{"there", "b:1", true, false, -1, 0},
		{"an image with policy Always that was there", "c:1", true, true, 0.4, 0},
		{"a slow look at what was there", "d:1", true, true, 10, 0},
		{"a pull that was listed before its event came", "e:1", true, true, 10, 1, 60},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		unit_say(rows[i].name);
		w->listed = rows[i].listed;
		struct pulled e = event(w, rows[i].image);
		e.was_pulled = rows[i].was_pulled;
		e.seconds = rows[i].seconds;
		e.created_s -= rows[i].ago;
		see(w, &e);
		assert_int_equal(timed_pulls(w, rows[i].image), rows[i].timed);
	}
	world_free(w);
}

/* A list is in the order of names: the pull may come after a start that found its image. */
static void rule_52_a_pull_that_is_listed_late(void **state)
{
	(void)state;
	struct world *w = world_new();
	usage_list_begin(w->u, w->now);
	struct pulled pull = event(w, "a:1"), later = event(w, "a:1"), look = event(w, "a:1");
	pull.created_s = w->now - 600;
	later.created_s = w->now - 300;
	later.was_pulled = false;
	look.created_s = w->now - 100;
	see(w, &later);
	assert_int_equal(timed_pulls(w, "a:1"), 0);
	see(w, &pull);
	assert_int_equal(timed_pulls(w, "a:1"), 1);
	see(w, &look); /* however long it took: the pull before it is known */
	assert_int_equal(timed_pulls(w, "a:1"), 1);
	usage_list_end(w->u);
	world_free(w);
}

/* Seconds that were waited, by day: only of workloads, kept over a restart, forgotten with time. */
static void rule_52_what_was_waited(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	w->listed = false;
	struct pulled e = event(w, "a:1"), there = event(w, "a:1"), own = event(w, "a:1");
	there.was_pulled = false;
	own.ns = "drop-system";
	own.container = PULLPOD_CONTAINER;
	see(w, &e);
	see(w, &there);
	see(w, &own);
	assert_true(usage_image_waited(image_of(w, "a:1")) == 12);
	restart(w);
	assert_true(usage_image_waited(image_of(w, "a:1")) == 12);
	pass(w, 3 * DAY);
	struct pulled again = event(w, "a:1");
	see(w, &again);
	assert_true(usage_image_waited(image_of(w, "a:1")) == 24);
	restart(w);
	pass(w, 6 * DAY);
	assert_true(usage_image_waited(image_of(w, "a:1")) == 12);
	pass(w, 3 * DAY);
	assert_true(usage_image_waited(image_of(w, "a:1")) == 0);
	world_free(w);
}

/* What was stored before the seconds that were waited were: it is read all the same. */
static void rule_52_usage_of_the_first_version(void **state)
{
	(void)state;
	static const char raw[] = "drop usage 1"
				  "\5\1\144\144"    /* version, creation, hour, hour */
				  "\1\2\0"          /* coverage */
				  "\1\3a:1\1\0\144" /* one image, real, no size, last */
				  "\1\0\7"          /* one hour with seven uses */
				  "\0\0\0";         /* pulls, namespaces, elsewhere */
	struct usage *u = usage_new("drop-system", NULL, NULL);
	struct buf bytes = {0};
	struct err err;
	deflated_add(&bytes, raw, sizeof(raw) - 1);
	assert_int_equal(usage_restore(u, 0, bytes.data, bytes.len, (struct now){1, 1}, &err), 0);
	assert_int_equal(u->rv, 5);
	const struct usage_image *image = usage_image_find(&u->images, ref_hash("a:1"));
	assert_non_null(image);
	assert_int_equal(usage_image_uses(&u->images, image, 0), 7);
	assert_true(usage_image_waited(image) == 0);
	buf_done(&bytes);
	usage_free(u);
}

/* 70 pools: what finds no place is counted in the pool without a name, all of it. */
static void rule_52_nodes_of_many_pools(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct arena a = ARENA_INIT;
	struct shown_pool *pools;
	list(w);
	for (int i = 0; i < 140; i++) {
		struct node node = {.meta = {.name = arena_printf(&w->a, "p%d", i),
					     .uid = "u",
					     .created = BEGIN}};
		struct api_kv label = {"pool", arena_printf(&w->a, "pool-%d", i / 2)};
		node.meta.labels = (struct api_map){&label, 1};
		usage_node_seen(w->u, &node, "pool");
	}
	pass(w, 2 * HOUR);
	uint64_t nodes = 0;
	const struct demand_pool *rest = demand_find_pool(w->u->demand, "");
	for (size_t i = 0; i < w->u->demand->n_pools; i++)
		nodes += w->u->demand->pools[i]->nodes;
	assert_int_equal(w->u->demand->n_pools, DEMAND_POOLS_MAX);
	assert_int_equal(nodes, 142);
	assert_int_equal(rest->nodes, 142 - 2 * (DEMAND_POOLS_MAX - 1));
	/* People are told the same. */
	assert_int_equal(usage_shown_pools(w->u, &a, &pools), DEMAND_POOLS_MAX);
	for (size_t i = 0; i < DEMAND_POOLS_MAX; i++)
		assert_int_equal(pools[i].nodes, w->u->demand->pools[i]->nodes);
	arena_done(&a);
	world_free(w);
}

static void rule_52_what_people_are_shown(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct arena a = ARENA_INIT;
	struct shown_image *shown;
	list(w);
	for (int i = 0; i < 3; i++)
		use(w, "often:1");
	use(w, "once:1");
	w->listed = false;
	for (int i = 0; i < 5; i++)
		use(w, "evil:1");
	assert_int_equal(usage_shown_images(w->u, &a, &shown), 3);
	assert_ptr_equal(shown[0].image, image_of(w, "often:1"));
	assert_int_equal(shown[0].starts, 3);
	assert_true(shown[0].value == value_of(w, "often:1") && shown[0].value > shown[1].value);
	assert_ptr_equal(shown[1].image, image_of(w, "once:1"));
	/* That of no node is worth nothing, however often it was started. */
	assert_ptr_equal(shown[2].image, image_of(w, "evil:1"));
	assert_true(shown[2].value == 0 && shown[2].starts == 5 && !shown[2].image->real);
	arena_done(&a);
	world_free(w);
}

/* A day and a half of uses of three images, by the hour. */
static void days(struct world *w, int hours)
{
	for (int h = 0; h < hours; h++) {
		for (int i = 0; i < 1 + h % 5; i++)
			use(w, "a:1");
		if (h % 24 == 9)
			use(w, "b:1");
		pass(w, HOUR);
	}
}

static void rule_52_a_restart_loses_nothing(void **state)
{
	(void)state;
	struct world *plain = world_new(), *w = world_new();
	struct pulled missed[20];
	list(plain);
	list(w);
	days(plain, 30);
	days(w, 30);
	/* Stopped for 40 minutes, over the end of an hour; then all events of the hour are listed.
	 */
	pass(plain, HOUR / 2);
	pass(w, HOUR / 2);
	struct pulled before = event(w, "a:1");
	see(w, &before);
	use(plain, "a:1");
	restart(w);
	for (size_t i = 0; i < ROWS(missed); i++) {
		pass(plain, 120);
		w->now = plain->now;
		missed[i] = event(w, i % 2 == 0 ? "a:1" : "b:1");
		missed[i].was_pulled = false;
		use(plain, i % 2 == 0 ? "a:1" : "b:1");
	}
	usage_list_begin(w->u, w->now);
	see(w, &before); /* it was folded: not again */
	for (size_t i = ROWS(missed); i-- > 0;)
		see(w, &missed[i]);
	usage_list_end(w->u);
	pass(plain, 3 * HOUR);
	pass(w, 3 * HOUR);
	assert_int_equal(uses_of(w, "a:1"), uses_of(plain, "a:1"));
	assert_int_equal(uses_of(w, "b:1"), uses_of(plain, "b:1"));
	assert_true(value_of(w, "a:1") > 0);
	assert_float_equal(value_of(w, "a:1"), value_of(plain, "a:1"), 1e-6);
	assert_float_equal(value_of(w, "b:1"), value_of(plain, "b:1"), 1e-6);
	assert_true(coverage_whole(&w->u->coverage, BEGIN, w->now));
	world_free(w);
	world_free(plain);
}

static void rule_52_a_long_outage_is_a_gap(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	days(w, 3);
	restart(w);
	w->now += 3 * HOUR;
	list(w);
	assert_false(coverage_whole(&w->u->coverage, BEGIN, w->now));
	assert_int_equal(w->u->coverage.n, 1);
	/* An event in the list that is older than the outage proves that none is missing. */
	pass(w, HOUR);
	w->now += 3 * HOUR;
	usage_list_begin(w->u, w->now);
	struct pulled old = event(w, "a:1");
	old.created_s = w->now - 3 * HOUR - 60;
	see(w, &old);
	usage_list_end(w->u);
	assert_int_equal(w->u->coverage.n, 1);
	world_free(w);
}

static void rule_52_clocks(void **state)
{
	(void)state;
	struct world *w = world_new();
	const struct now start = {.wall_s = BEGIN, .boot_ms = 1000};
	assert_int_equal(usage_time(w->u, start), BEGIN);
	list(w);
	/* A node's clock is years off: the hour is that of the API server's clock. */
	struct pulled e = event(w, "a:1");
	e.count = 2;
	e.last_s = BEGIN + 400 * (int64_t)DAY;
	see(w, &e);
	assert_int_equal(uses_of(w, "a:1"), 2);
	/* Our clock is set by a day: not believed until an event says so. */
	struct now set = {.wall_s = BEGIN + DAY, .boot_ms = 61000};
	assert_int_equal(usage_time(w->u, set), BEGIN + 60);
	w->u->newest_s = BEGIN + DAY;
	assert_int_equal(usage_time(w->u, set), BEGIN + DAY);
	/* And back, which loses the hours that have not come yet, and says that they are unknown.
	 */
	usage_tick(w->u, BEGIN + DAY, true);
	w->u->newest_s = BEGIN;
	set = (struct now){.wall_s = BEGIN + 120, .boot_ms = 121000};
	assert_int_equal(usage_time(w->u, set), BEGIN + 120);
	assert_int_equal(w->u->coverage.since_s, 0);
	list(w);
	w->now = BEGIN + 120;
	use(w, "b:1");
	assert_int_equal(uses_of(w, "b:1"), 1);
	world_free(w);
}

static void rule_52_nobody_fills_it(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	for (int i = 0; i < 50; i++)
		use(w, "a:1");
	w->listed = false;
	for (int i = 0; i < 100000; i++) {
		char image[32], ns[32];
		snprintf(image, sizeof(image), "forged/%d:1", i);
		snprintf(ns, sizeof(ns), "ns-%d", i);
		struct pulled e = event(w, image);
		e.ns = arena_strdup(&w->a, ns);
		see(w, &e);
	}
	assert_true(w->u->images.n <= USAGE_IMAGES_MAX);
	assert_int_equal(uses_of(w, "a:1"), 50);
	/* One image, started ten thousand times in one namespace. */
	w->listed = true;
	for (int i = 0; i < 100000; i++)
		use(w, "busy:1");
	assert_int_equal(uses_of(w, "busy:1"), UINT16_MAX);
	assert_int_equal(image_of(w, "busy:1")->n_in, 1);
	assert_true(value_of(w, "busy:1") > 0);
	/* More namespaces than have a place. */
	for (int i = 0; i < 20; i++) {
		char ns[32];
		snprintf(ns, sizeof(ns), "team-%d", i);
		struct pulled e = event(w, "shared:1");
		e.ns = arena_strdup(&w->a, ns);
		see(w, &e);
	}
	assert_int_equal(image_of(w, "shared:1")->n_in, USAGE_NAMESPACES_MAX);
	assert_int_equal(image_of(w, "shared:1")->elsewhere, 20 - USAGE_NAMESPACES_MAX);
	world_free(w);
}

static void rule_52_what_is_stored_fits(void **state)
{
	(void)state;
	struct world *w = world_new();
	list(w);
	for (int h = 0; h < 30; h++) {
		for (int i = 0; i < USAGE_IMAGES_MAX; i++) {
			char image[96];
			snprintf(image, sizeof(image), "registry-%d.example.com/a/long/name-%d:%x",
				 i % 7, i, i * 2654435761U);
			struct pulled e = event(w, image);
			e.seconds = 1 + (i * 7919 + h) % 100;
			if ((i * 31 + h * 17) % 5 < 2)
				see(w, &e);
			if (i % 500 == 0)
				arena_reset(&w->a);
		}
		pass(w, HOUR);
	}
	for (int part = 0; part < STORED_PARTS; part++) {
		struct buf out = {0};
		size_t lost = usage_store(w->u, part, &out);
		print_message("# part %d: %zu bytes, %zu of %zu images without room\n", part,
			      out.len, lost, w->u->images.n);
		assert_true(out.len <= STORED_PART_MAX);
		assert_true(out.len > 1000);
		buf_done(&out);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_52_counts),
		cmocka_unit_test(rule_52_a_pod_with_20_containers),
		cmocka_unit_test(rule_52_own_pods),
		cmocka_unit_test(rule_52_only_what_a_node_has),
		cmocka_unit_test(rule_52_cold_pulls),
		cmocka_unit_test(rule_52_a_pull_that_is_listed_late),
		cmocka_unit_test(rule_52_what_was_waited),
		cmocka_unit_test(rule_52_usage_of_the_first_version),
		cmocka_unit_test(rule_52_nodes_of_many_pools),
		cmocka_unit_test(rule_52_what_people_are_shown),
		cmocka_unit_test(rule_52_a_restart_loses_nothing),
		cmocka_unit_test(rule_52_a_long_outage_is_a_gap),
		cmocka_unit_test(rule_52_clocks),
		cmocka_unit_test(rule_52_nobody_fills_it),
		cmocka_unit_test(rule_52_what_is_stored_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
