/* concurrencyScope Image: nodes and delays are counted for each image (behaviour 55). */
#include "tests/reconciler/core/rig.h"

#define S 1000

static void put_policy(struct rig *r, struct pullpolicy_spec spec)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"}, .spec = spec};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* Images i and j were pulled by some node before: no slow start. */
static void put_known(struct rig *r, const char *name, const char *tag, int64_t generation)
{
	static const char *const old[] = {"old"};
	struct cachedimage img = rig_image_of(name, tag, "p");
	img.meta.generation = generation;
	img.status = (struct cachedimage_status){
		.observed_generation = 1,
		.cached_image = arena_printf(&r->keep, "%s:1", name),
		.cached_nodes = {(const char **)(uintptr_t)old, 1},
		.last_pulled_at = RIG_WALL_S - 1000,
	};
	rig_put_image(r, &img);
}

static void begin(struct rig *r, struct pullpolicy_spec spec)
{
	rig_new(r);
	put_policy(r, spec);
	rig_node(r, "a");
	rig_node(r, "b");
	rig_node(r, "c");
	rig_node(r, "old");
	put_known(r, "i", "1", 1);
	put_known(r, "j", "1", 1);
	rig_lead(r);
	rig_turn(r, 0);
}

/* "i:a j:b": the images and nodes of the last turn's starts. */
static const char *starts(struct rig *r)
{
	const char *text = "";
	for (size_t i = 0; i < r->acts.n_starts; i++)
		text = arena_printf(&r->keep, "%s%s%s:%s", text, i ? " " : "",
				    r->acts.starts[i].pulls[0].image_name, r->acts.starts[i].node);
	return text;
}

static const struct row {
	const char *name;
	struct pullpolicy_spec spec;
	const char *starts;
} rows[] = {
	{"over all images", {.max_concurrent_nodes = 1, .max_pulls_per_node = 1}, "i:a"},
	{"over all images, as it says",
	 {.max_concurrent_nodes = 1, .max_pulls_per_node = 1, .concurrency_scope = "Policy"},
	 "i:a"},
	{"each image on one node",
	 {.max_concurrent_nodes = 1, .max_pulls_per_node = 1, .concurrency_scope = "Image"},
	 "i:a j:b"},
	{"both images on one node",
	 {.max_concurrent_nodes = 1, .max_pulls_per_node = 2, .concurrency_scope = "Image"},
	 "i:a j:a"},
	{"each image on two nodes",
	 {.max_concurrent_nodes = 2, .max_pulls_per_node = 2, .concurrency_scope = "Image"},
	 "i:a i:b j:a j:b"},
	{"maxConcurrentPulls is over all images",
	 {.max_concurrent_nodes = 2,
	  .max_concurrent_pulls = 3,
	  .max_pulls_per_node = 2,
	  .concurrency_scope = "Image"},
	 "i:a i:b j:a"},
	{"a delay of each image",
	 {.max_concurrent_nodes = 9,
	  .max_pulls_per_node = 1,
	  .min_delay_between_pulls = 60 * S,
	  .concurrency_scope = "Image"},
	 "i:a j:b"},
	{"a delay over all images",
	 {.max_concurrent_nodes = 9, .max_pulls_per_node = 1, .min_delay_between_pulls = 60 * S},
	 "i:a"},
};

static void rule_55_what_is_counted(void **state)
{
	(void)state;
	for (size_t k = 0; k < ROWS(rows); k++) {
		struct rig r;
		begin(&r, rows[k].spec);
		if (strcmp(starts(&r), rows[k].starts) != 0)
			fail_msg("%s: %s", rows[k].name, starts(&r));
		rig_done(&r);
	}
}

/* The delay of one image goes on while the other is past its own. */
static void rule_55_delays_are_apart(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 9,
						.max_pulls_per_node = 9,
						.min_delay_between_pulls = 60 * S,
						.concurrency_scope = "Image"});
	rig_node(&r, "a");
	rig_node(&r, "b");
	put_known(&r, "i", "1", 1);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "i:a");
	rig_turn(&r, 30 * S);
	put_known(&r, "j", "1", 1);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "j:a");
	rig_turn(&r, 30 * S - 1);
	assert_string_equal(starts(&r), "");
	assert_true(r.next_ms <= r.now.boot_ms + 1);
	rig_turn(&r, 1);
	assert_string_equal(starts(&r), "i:b");
	rig_turn(&r, 30 * S - 1);
	assert_string_equal(starts(&r), "");
	rig_turn(&r, 1);
	assert_string_equal(starts(&r), "j:b");
	rig_done(&r);
}

/* A failure gives its node back to the image; the others of the policy are not concerned. */
static void rule_55_a_node_comes_free(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 1,
					   .max_pulls_per_node = 9,
					   .concurrency_scope = "Image"});
	size_t n;
	const struct core_start *s = rig_all_starts(&r, &n);
	assert_string_equal(starts(&r), "i:a j:a");
	rig_pod(&r, &s[1], POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "j:b");
	rig_pod(&r, &s[0], POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "i:b");
	rig_done(&r);
}

/* 12. A changed policy holds at once for what has not started. */
static void rule_55_the_scope_changes(void **state)
{
	struct rig r;
	(void)state;
	struct pullpolicy_spec spec = {.max_concurrent_nodes = 1, .max_pulls_per_node = 1};
	begin(&r, spec);
	assert_string_equal(starts(&r), "i:a");
	spec.concurrency_scope = "Image";
	put_policy(&r, spec);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "j:b");
	spec.concurrency_scope = "Policy";
	spec.max_concurrent_nodes = 2;
	put_policy(&r, spec);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "");
	spec.max_concurrent_nodes = 3;
	put_policy(&r, spec);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "i:c");
	rig_done(&r);
}

/* 11. The last start of each image is found in its own status and pods. */
static void rule_55_a_new_leader(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	struct pullpolicy_spec spec = {.max_concurrent_nodes = 9,
				       .max_pulls_per_node = 9,
				       .min_delay_between_pulls = 60 * S,
				       .concurrency_scope = "Image"};
	put_policy(&r, spec);
	rig_node(&r, "a");
	struct cachedimage i = rig_image_of("i", "1", "p"), j = rig_image_of("j", "1", "p");
	i.status.observed_generation = j.status.observed_generation = 1;
	i.status.last_attempted_at = RIG_WALL_S - 20;
	j.status.last_attempted_at = RIG_WALL_S - 70;
	rig_put_image(&r, &i);
	rig_put_image(&r, &j);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "j:a");
	rig_turn(&r, 38 * S);
	assert_string_equal(starts(&r), "");
	rig_turn(&r, 3 * S); /* whole seconds: one more may have passed */
	assert_string_equal(starts(&r), "i:a");
	rig_done(&r);
}

/* A pod of the former tag pulls until it is deleted, and its node counts for the image. */
static void rule_55_a_pod_that_leaves(void **state)
{
	struct rig r;
	(void)state;
	begin(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 1,
					   .max_pulls_per_node = 9,
					   .concurrency_scope = "Image"});
	size_t n;
	const struct core_start *s = rig_all_starts(&r, &n);
	assert_string_equal(starts(&r), "i:a j:a");
	rig_pod(&r, &s[0], POD_CREATING);
	rig_pod(&r, &s[1], POD_CREATING);
	r.keep_pods = true;
	put_known(&r, "i", "2", 2);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "");
	assert_int_equal(r.acts.n_deletes, 1);
	r.keep_pods = false;
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "i:a");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_55_what_is_counted),
		cmocka_unit_test(rule_55_delays_are_apart),
		cmocka_unit_test(rule_55_a_node_comes_free),
		cmocka_unit_test(rule_55_the_scope_changes),
		cmocka_unit_test(rule_55_a_new_leader),
		cmocka_unit_test(rule_55_a_pod_that_leaves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
