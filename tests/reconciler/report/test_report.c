/*
 * reconciler/report/: which starts count as hit or miss, once a node and digest, and the sums
 * (behaviour 56).
 */
#include "tests/reconciler/core/rig.h"

#include <stdlib.h>

#include "reconciler/report/started.h"
#include "reconciler/report/stored.h"

#define NORMAL "docker.io/library/i:1"

/* Node a has image i, that we pulled; node b waits for it. */
static void pulled_on_a(struct rig *r)
{
	rig_new(r);
	rig_node(r, "a");
	rig_node(r, "b");
	rig_policy(r, "p", 1, 0);
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_turn(r, 1000);
}

static const struct row {
	const char *name;
	struct started start;
	bool counts, hit;
	double seconds;
} rows[] = {
	{"pulled by us, and there",
	 {.node = "a", .node_uid = "a", .by_us = true, .typical_s = 12},
	 true,
	 true,
	 12},
	{"the runtime pulled again what was there",
	 {.node = "a", .node_uid = "a", .typical_s = 12},
	 true,
	 true,
	 12},
	{"it was there before us",
	 {.node = "a", .node_uid = "a", .there_before = true, .typical_s = 12},
	 false,
	 false,
	 0},
	{"cold, on a node where it is to be",
	 {.node = "b", .node_uid = "b", .cold = true, .waited_s = 31},
	 true,
	 false,
	 31},
	{"removed, and pulled by the workload",
	 {.node = "a", .node_uid = "a", .cold = true, .waited_s = 31},
	 true,
	 false,
	 31},
	{"removed, as we know, and pulled again",
	 {.node = "b", .node_uid = "b", .again = true, .waited_s = 31},
	 true,
	 false,
	 31},
	{"it waited for the end of our pull",
	 {.node = "a", .node_uid = "a", .again = true, .by_us = true, .waited_s = 40},
	 true,
	 false,
	 40},
	{"a slow look; the core does not know any more when that pull was",
	 {.node = "a",
	  .node_uid = "a",
	  .again = true,
	  .by_us = true,
	  .waited_s = 40,
	  .pulled_at_s = 7,
	  .typical_s = 12},
	 true,
	 true,
	 12},
	{"read late, after a restart: a pull of the workload",
	 {.node = "a", .node_uid = "a", .again = true, .fetched = true, .waited_s = 3},
	 true,
	 false,
	 3},
	{"read late, after a restart: a slow look at what we brought",
	 {.node = "a",
	  .node_uid = "a",
	  .again = true,
	  .fetched = true,
	  .by_us = true,
	  .waited_s = 3,
	  .pulled_at_s = 7,
	  .typical_s = 12},
	 true,
	 true,
	 12},
	{"read late, and our pod had found it there",
	 {.node = "a",
	  .node_uid = "a",
	  .again = true,
	  .fetched = true,
	  .there_before = true,
	  .waited_s = 3},
	 false,
	 false,
	 0},
	{"a look at the registry that took long",
	 {.node = "a", .node_uid = "a", .again = true, .waited_s = 3, .typical_s = 12},
	 true,
	 true,
	 12},
	{"there without us", {.node = "b", .node_uid = "b", .typical_s = 12}, false, false, 0},
	{"another node of that name", {.node = "a", .node_uid = "x"}, false, false, 0},
	{"no such node", {.node = "z", .node_uid = "z", .cold = true}, false, false, 0},
	{"another image",
	 {.node = "a", .node_uid = "a", .image = "example.com/other:1", .cold = true},
	 false,
	 false,
	 0},
};

static void rule_56_what_a_start_means(void **state)
{
	struct rig r;
	(void)state;
	pulled_on_a(&r);
	FOREACH_ROW(struct row, rows)
	{
		struct started start = row->start;
		struct tally_start means;
		if (start.image == NULL)
			start.image = NORMAL;
		start.at_s = r.now.wall_s + 30; /* after the pull */
		assert_int_equal(started_means(r.core, &start, &means), row->counts);
		if (!row->counts)
			continue;
		assert_int_equal(means.hit, row->hit);
		assert_true(means.seconds == row->seconds);
		assert_string_equal(means.image, "i");
	}
	rig_done(&r);
}

/* What began to wait before the image was kept is none of ours. Times are whole seconds. */
static void rule_56_a_start_before_the_image_was_kept(void **state)
{
	static const struct {
		int64_t after_s;
		double waited_s;
		bool counts;
	} starts[] = {
		{0, 0.4, true}, {1, 1.5, true}, {0, 1.0, false}, {10, 9, true}, {10, 12, false}};
	struct rig r;
	struct tally_start means;
	(void)state;
	rig_new(&r);
	rig_node(&r, "a");
	rig_policy(&r, "p", 1, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.created = r.now.wall_s;
	rig_put_image(&r, &img);
	rig_lead(&r);
	rig_turn(&r, 0);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		const struct started s = {.node = "a",
					  .node_uid = "a",
					  .image = NORMAL,
					  .cold = true,
					  .at_s = img.meta.created + starts[i].after_s,
					  .waited_s = starts[i].waited_s};
		assert_int_equal(started_means(r.core, &s, &means), starts[i].counts);
	}
	rig_done(&r);
}

/* Before our pull ended it was there by somebody else's. */
static void rule_56_a_start_before_our_pull_is_no_hit(void **state)
{
	struct rig r;
	struct tally_start means;
	(void)state;
	pulled_on_a(&r);
	struct started start = {.node = "a", .node_uid = "a", .image = NORMAL};
	start.at_s = r.now.wall_s - 600;
	assert_false(started_means(r.core, &start, &means));
	/* Pulled again then, and nobody knows for how long. */
	start.again = true;
	start.waited_s = -1;
	assert_false(started_means(r.core, &start, &means));
	start.again = false;
	/* Without an event that times a pull, our own pulls say how long one takes. */
	start.by_us = true;
	assert_true(started_means(r.core, &start, &means));
	assert_true(means.hit && means.seconds >= 0);
	rig_done(&r);
}

/* By its digest and by what our pull took. What is not to be there, or was not yet, is nobody's. */
static void rule_56_of_which_image(void **state)
{
	static const char digest[] =
		"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static struct api_kv pool[] = {{"pool", "x"}};
	struct rig r;
	struct tally_start means;
	(void)state;
	rig_new(&r);
	rig_node(&r, "a");
	rig_policy(&r, "p", 9, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.created = r.now.wall_s - 50;
	rig_put_image(&r, &img);
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct core_start *s = rig_start(&r);
	r.image_id = arena_printf(&r.keep, "docker.io/library/i@%s", digest);
	rig_turn(&r, 7000);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 1000);
	struct started start = {.node = "a", .node_uid = "a", .image = NORMAL, .by_us = true};
	start.at_s = r.now.wall_s + 30;
	assert_true(started_means(r.core, &start, &means));
	assert_string_equal(means.digest, digest);
	assert_true(means.hit && means.seconds == 7);
	/* It began to wait before the CachedImage was made. */
	start = (struct started){.node = "a", .node_uid = "a", .image = NORMAL, .cold = true};
	start.at_s = r.now.wall_s;
	start.waited_s = 58; /* in that very second */
	assert_true(started_means(r.core, &start, &means));
	start.waited_s = 59;
	assert_false(started_means(r.core, &start, &means));
	start.waited_s = 5;
	img.spec.node_selector = (struct api_map){pool, 1};
	img.meta.generation = 2;
	img.meta.rv = 1000;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_false(started_means(r.core, &start, &means));
	rig_done(&r);
}

/* Where an earlier leader pulled it, a workload may have started before we counted. */
static void rule_56_after_a_restart_nothing_counts_again(void **state)
{
	struct rig r;
	struct tally_start means;
	(void)state;
	pulled_on_a(&r);
	struct started start = {.node = "a", .node_uid = "a", .image = NORMAL};
	start.at_s = r.now.wall_s + 7200;
	start.since_s = r.now.wall_s - 60;
	assert_true(started_means(r.core, &start, &means));
	start.since_s = r.now.wall_s + 3600;
	assert_false(started_means(r.core, &start, &means));
	/* Our pull was seen, and no start since. */
	start.by_us = true;
	assert_true(started_means(r.core, &start, &means));
	/* What waited did so whoever counts. */
	start.by_us = false;
	start.cold = true;
	assert_true(started_means(r.core, &start, &means));
	rig_done(&r);
}

static struct tally_start start_of(const char *image, const char *node, const char *digest,
				   bool hit, double seconds)
{
	return (struct tally_start){image, node, digest, 7200, hit, seconds};
}

static void rule_56_counted_once_a_node_and_digest(void **state)
{
	struct tally t = {0};
	struct tally_start hit = start_of("i", "a", "sha256:1", true, 10);
	(void)state;
	assert_false(tally_add(&t, &hit)); /* it does not count yet */
	tally_begin(&t, 7000, (struct hash_key){{1, 2}});
	assert_true(tally_add(&t, &hit));
	assert_false(tally_add(&t, &hit));
	hit.digest = "sha256:2";
	assert_true(tally_add(&t, &hit));
	hit.node_uid = "b";
	hit.at_s = 6999;
	assert_false(tally_add(&t, &hit));
	assert_int_equal(t.all.hits, 2);
	assert_true(t.all.saved_s == 20);
	tally_begin(&t, 9000, (struct hash_key){{1, 2}});
	assert_int_equal(t.all.hits, 0);
	tally_done(&t);
}

static void rule_56_sums_by_image_and_hour(void **state)
{
	struct tally t = {0};
	size_t n;
	(void)state;
	tally_begin(&t, 1, (struct hash_key){{1, 2}});
	struct tally_start starts[] = {
		start_of("i", "a", "1", true, 10),
		start_of("i", "b", "1", false, 40),
		start_of("j", "a", "2", true, 0),
		start_of("k", "a", "3", true, 100),
	};
	starts[3].at_s += 200 * 3600; /* it takes the place of an older hour */
	for (size_t i = 0; i < ROWS(starts); i++)
		assert_true(tally_add(&t, &starts[i]));
	const struct tally_image **images = tally_images(&t, &n);
	assert_int_equal(n, 3);
	assert_string_equal(images[0]->image, "k");
	assert_string_equal(images[1]->image, "i");
	assert_true(images[1]->sum.saved_s == 10 && images[1]->sum.waited_s == 40);
	assert_int_equal(images[2]->sum.untimed, 1);
	assert_int_equal(t.all.hits, 3);
	assert_int_equal(t.all.misses, 1);
	assert_int_equal(t.hours[202 % TALLY_HOURS].hour, 202);
	assert_int_equal(t.hours[2 % TALLY_HOURS].sum.misses, 1);
	free(images);
	tally_done(&t);
}

/* What is stored goes on as it was: sums, hours, what was counted, what waits for its first start.
 */
static void rule_56_stored(void **state)
{
	struct tally t = {0}, again = {0};
	struct tally_start hit = start_of("i", "a", "sha256:1", true, 10);
	struct buf bytes = {0};
	struct err err;
	(void)state;
	tally_begin(&t, 7000, (struct hash_key){{1, 2}});
	tally_add(&t, &hit);
	hit = start_of("j", "b", "sha256:2", false, 2.5);
	tally_add(&t, &hit);
	copies_pull(&t.copies, "c", "i:1", &(struct copies_pull){true, 12.5, 5000000});
	copies_pull(&t.copies, "d", "i:1", &(struct copies_pull){false, 0, 0});
	copies_use(&t.copies, "e", "i:1", 5000100);
	t.rv = 77;
	t.lost = 3;
	t.pulls = (struct tally_pulls){1, 2, 3};
	report_store(&t, &bytes);
	for (size_t len = 0; len < bytes.len; len++) /* cut off: all or nothing */
		assert_int_equal(report_restore(&again, bytes.data, len, &err), -1);
	assert_int_equal(report_restore(&again, bytes.data, bytes.len, &err), 0);
	assert_true(again.rv == 77 && again.since_s == 7000 && again.lost == 3);
	assert_true(again.pulls.avoided == 2 && again.pulls.avoided_bytes == 3);
	assert_true(again.all.hits == 1 && again.all.saved_s == 10 && again.all.waited_s == 2.5);
	assert_int_equal(again.by_image.count, 2);
	assert_int_equal(again.hours[2 % TALLY_HOURS].sum.misses, 1);
	assert_false(tally_add(&again, &hit));
	struct copy copy = copies_use(&again.copies, "c", "i:1", 5000100);
	assert_int_equal(copy.state, COPY_PULLED);
	assert_true(copy.seconds > 12.4 && copy.seconds < 12.6 && copy.at_s == 5000000);
	assert_int_equal(copies_use(&again.copies, "d", "i:1", 5000100).state, COPY_THERE);
	assert_int_equal(copies_use(&again.copies, "e", "i:1", 5000100).state, COPY_USED);
	assert_int_equal(copies_use(&again.copies, "f", "i:1", 5000100).state, COPY_UNKNOWN);
	buf_done(&bytes);
	tally_done(&t);
	tally_done(&again);
}

/* A later look changes nothing of what we brought; clocks of nodes may be a little ahead. */
static void rule_56_copies_of_one_image(void **state)
{
	struct copies c = {0};
	(void)state;
	copies_begin(&c, (struct hash_key){{1, 2}});
	copies_pull(&c, "a", "i:1", &(struct copies_pull){true, 12, 5000000});
	copies_pull(&c, "a", "i:1", &(struct copies_pull){false, 1, 5000100});
	struct copy copy = copies_use(&c, "a", "i:1", 4999990);
	assert_int_equal(copy.state, COPY_PULLED);
	assert_int_equal(copy.at_s, 5000000);
	assert_int_equal(copies_use(&c, "a", "i:1", 5000200).state, COPY_USED);
	copies_done(&c);
}

/* 400 nodes with 50 images each: what we brought is known of all of them but a few. */
static void rule_56_copies_keep_their_places(void **state)
{
	struct copies c = {0};
	int ours = 0;
	char node[16], image[16];
	(void)state;
	copies_begin(&c, (struct hash_key){{1, 2}});
	for (int use = 0; use < 2; use++)
		for (int n = 0; n < 20000; n++) {
			snprintf(node, sizeof(node), "n%d", n / 50);
			snprintf(image, sizeof(image), "i%d", n % 50);
			if (use)
				ours += copies_use(&c, node, image, 9).state == COPY_PULLED;
			else
				copies_pull(&c, node, image, &(struct copies_pull){true, 1, 5});
		}
	print_message("# of 20,000 copies %d were remembered\n", ours);
	assert_in_range(ours, 19950, 20000);
	copies_done(&c);
}

/* However much was counted: what is stored has its bound, and what waits for its start comes first.
 */
static void rule_56_what_is_stored_is_bounded(void **state)
{
	struct tally t = {0}, again = {0};
	struct buf bytes = {0};
	struct err err;
	char name[64];
	(void)state;
	tally_begin(&t, 1, (struct hash_key){{1, 2}});
	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof(name), "an-image-with-a-long-name-%d", i);
		copies_use(&t.copies, "a", name, 5000100);
		struct tally_start start = start_of(name, "a", name, true, 1);
		if (i < 2 * TALLY_IMAGES_MAX)
			tally_add(&t, &start);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "ours-%d", i);
		copies_pull(&t.copies, "b", name, &(struct copies_pull){true, i, i});
	}
	report_store(&t, &bytes);
	assert_true(bytes.len <= REPORT_STORED_MAX);
	assert_int_equal(report_restore(&again, bytes.data, bytes.len, &err), 0);
	int known = 0;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "ours-%d", i);
		known += copies_use(&again.copies, "b", name, 5000100).state == COPY_PULLED;
	}
	assert_int_equal(known, 1000);
	buf_done(&bytes);
	tally_done(&t);
	tally_done(&again);
}

static void rule_56_bounded(void **state)
{
	struct tally t = {0};
	char name[32];
	(void)state;
	tally_begin(&t, 1, (struct hash_key){{1, 2}});
	for (int i = 0; i < 3 * TALLY_IMAGES_MAX; i++) {
		snprintf(name, sizeof(name), "i%d", i);
		struct tally_start start = start_of(name, "a", name, true, 1);
		(void)tally_add(&t, &start);
	}
	assert_int_equal(t.by_image.count, TALLY_IMAGES_MAX);
	assert_int_equal(t.all.hits, 3 * TALLY_IMAGES_MAX);
	tally_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_56_what_a_start_means),
		cmocka_unit_test(rule_56_a_start_before_the_image_was_kept),
		cmocka_unit_test(rule_56_a_start_before_our_pull_is_no_hit),
		cmocka_unit_test(rule_56_after_a_restart_nothing_counts_again),
		cmocka_unit_test(rule_56_counted_once_a_node_and_digest),
		cmocka_unit_test(rule_56_sums_by_image_and_hour),
		cmocka_unit_test(rule_56_stored),
		cmocka_unit_test(rule_56_copies_keep_their_places),
		cmocka_unit_test(rule_56_copies_of_one_image),
		cmocka_unit_test(rule_56_of_which_image),
		cmocka_unit_test(rule_56_what_is_stored_is_bounded),
		cmocka_unit_test(rule_56_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
