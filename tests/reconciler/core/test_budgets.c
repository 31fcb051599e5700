/* Images that are too large, and nodes without room for them (behaviour 41). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/core/budgets.h"

#define S  1000
#define MB INT64_C(1000000)

static void put_policy(struct rig *r, const char *size, int64_t percent)
{
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 100,
					.max_pulls_per_node = 100,
					.max_image_size = size,
					.max_node_image_disk_percent = percent}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

struct listed {
	const char *name;
	int64_t bytes;
};

/* `fillers` more images of one byte. */
static void put_node(struct rig *r, const char *name, const char *runtime, const char *disk,
		     const struct listed *images, int fillers)
{
	struct node_condition ready = {"Ready", "True", r->now.wall_s};
	struct node n = {
		.meta = {.name = name, .uid = name, .created = RIG_WALL_S - 100000},
		.conditions = {&ready, 1},
		.os = "linux",
		.arch = "amd64",
		.runtime = runtime,
		.disk = disk,
	};
	n.images.at = arena_array(&r->keep, 64, sizeof(*n.images.at));
	for (int i = 0; images[i].name != NULL || fillers-- > 0; i += images[i].name != NULL) {
		struct node_image *at = &n.images.at[n.images.n++];
		bool named = images[i].name != NULL;
		at->size = named ? images[i].bytes : 1;
		at->names.at = arena_array(&r->keep, 1, sizeof(*at->names.at));
		at->names.at[0] =
			named ? images[i].name : arena_printf(&r->keep, "filler:%zu", n.images.n);
		at->names.n = 1;
	}
	node_trim(&n, &r->keep);
	core_put(r->core, KIND_NODE, &n, r->now);
}

#define NODE(r, name, ...)                                                                         \
	put_node(r, name, "containerd://1.7.20", "10G", (struct listed[]){__VA_ARGS__{0}}, 0)

static void put_image(struct rig *r, const char *name)
{
	struct cachedimage img = rig_image_of(name, "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	img.status = (struct cachedimage_status){0};
	rig_put_image(r, &img);
}

static void begin(struct rig *r)
{
	rig_lead(r);
	rig_turn(r, 0);
}

static size_t facts(const struct rig *r, enum core_fact_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < r->acts.n_facts; i++)
		n += r->acts.facts[i].kind == kind;
	return n;
}

static void rule_41_an_image_that_is_too_large(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, "1G", 0);
	put_image(&r, "i");
	NODE(&r, "z", {"i:1", 1200 * MB}, );
	NODE(&r, "a");
	begin(&r);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(facts(&r, FACT_TOO_LARGE), 1);
	rig_written(&r);
	/* Node z has it all the same. */
	assert_string_equal(r.api.phase, "Degraded");
	assert_string_equal(r.api.ready, "1/2");
	const struct api_condition *ready = rig_condition(&r, "Ready");
	assert_string_equal(ready->reason, "ImageTooLarge");
	assert_string_equal(ready->message, "image has 1.1 GB, maxImageSize of policy p is 1.0 GB");
	rig_condition(&r, "Stalled");
	rig_turn(&r, 3600 * S);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(facts(&r, FACT_TOO_LARGE), 0);
	/* What the policy allows later is pulled at once. */
	put_policy(&r, "2G", 0);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 5 * S);
	rig_turn(&r, 5 * S);
	assert_string_equal(r.api.phase, "Ready");
	rig_done(&r);
}

/* Where it is, nothing more is needed, however full the disk: it is pulled again there. */
static void rule_41_a_repull_needs_no_room(void **state)
{
	(void)state;
	static const char *const nodes[] = {"a"};
	struct rig r;
	rig_new(&r);
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_pulls_per_node = 9,
					.repull_interval = 3600 * S,
					.max_node_image_disk_percent = 50}};
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.status = (struct cachedimage_status){
		.observed_generation = 1,
		.cached_image = "i:1",
		.cached_nodes = {(const char **)(uintptr_t)nodes, 1},
		.last_pulled_at = RIG_WALL_S - 100,
	};
	rig_put_image(&r, &img);
	NODE(&r, "a", {"docker.io/library/i:1", 2000 * MB}, {"other:1", 500 * MB}, );
	begin(&r);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 3600 * S);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* Nobody knew; then it is pulled once, and by then everybody knows. */
static void rule_41_found_out_by_a_pull(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, "1G", 0);
	put_image(&r, "i");
	NODE(&r, "a");
	NODE(&r, "b");
	begin(&r);
	const struct core_start *s = rig_start(&r);
	assert_string_equal(s->node, "a");
	r.now.boot_ms += 500;
	NODE(&r, "a", {"i:1", 1200 * MB}, );
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(facts(&r, FACT_TOO_LARGE), 1);
	rig_done(&r);
}

struct room_row {
	const char *name, *runtime, *disk;
	int64_t percent, listed, fillers;
	bool starts;
};

/* The image has 100 MB compressed. */
static const struct room_row rooms[] = {
	{"plenty", "containerd://2.0", "10G", 50, 100 * MB, 0, true},
	{"four times what containerd lists", "containerd://2.0", "10G", 50, 1200 * MB, 0, false},
	{"just enough", "containerd://2.0", "10G", 50, 1140 * MB, 0, true},
	{"no limit", "containerd://2.0", "10G", 0, 9000 * MB, 0, true},
	{"the whole disk", "containerd://2.0", "10G", 100, 2300 * MB, 0, true},
	{"more than the disk", "containerd://2.0", "10G", 100, 2500 * MB, 0, false},
	{"CRI-O lists what is on the disk", "cri-o://1.34", "10G", 50, 4500 * MB, 0, true},
	{"too much of that", "cri-o://1.34", "10G", 50, 4700 * MB, 0, false},
	{"binary units", "containerd://2.0", "9765625Ki", 50, 1200 * MB, 0, false},
	{"no capacity told", "containerd://2.0", NULL, 50, 1200 * MB, 0, true},
	{"a capacity that is none", "containerd://2.0", "much", 50, 1200 * MB, 0, true},
	{"a list of 49 is whole", "containerd://2.0", "10G", 50, 1200 * MB, 48, false},
	{"a list of 50 may be cut", "containerd://2.0", "10G", 50, 1200 * MB, 49, true},
};

static void rule_41_room_on_the_disk(void **state)
{
	(void)state;
	FOREACH_ROW(struct room_row, rooms)
	{
		struct rig r;
		struct listed other[] = {{"other:1", row->listed}, {0}};
		rig_new(&r);
		put_policy(&r, NULL, row->percent);
		put_image(&r, "i");
		put_image(&r, "j");
		NODE(&r, "z", {"i:1", 100 * MB}, {"j:1", 100 * MB}, );
		put_node(&r, "a", row->runtime, row->disk, other, (int)row->fillers);
		begin(&r);
		if ((r.acts.n_starts != 0) != row->starts)
			fail_msg("%s: %zu", row->name, r.acts.n_starts);
		assert_int_equal(facts(&r, FACT_DISK_UNCHECKED), row->fillers == 49);
		rig_done(&r);
	}
}

/* What is being pulled counts, and what was pulled until the node lists it. */
static void rule_41_what_is_in_flight_counts(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, NULL, 50);
	put_image(&r, "i");
	put_image(&r, "j");
	NODE(&r, "z", {"i:1", 800 * MB}, {"j:1", 700 * MB}, );
	NODE(&r, "a");
	begin(&r);
	const struct core_start *s = rig_start(&r);
	assert_string_equal(s->pulls[0].image_name, "i");
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 60 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_starts, 0);
	/* It is gone before the node has ever listed it. */
	r.now.wall_s += 200;
	r.now.boot_ms += 200 * S;
	NODE(&r, "a", {"small:1", 1}, );
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* After ten minutes the node is left out, and the image can be Ready; with room it is taken up. */
static void rule_41_left_out_and_taken_up_again(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	put_policy(&r, NULL, 50);
	put_image(&r, "i");
	NODE(&r, "z", {"i:1", 100 * MB}, );
	NODE(&r, "a", {"other:1", 2000 * MB}, );
	begin(&r);
	rig_turn(&r, 599 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_written(&r);
	assert_string_equal(r.api.ready, "1/2");
	assert_true(r.next_ms <= r.now.boot_ms + 2 * S);
	rig_turn(&r, 2 * S);
	assert_int_equal(facts(&r, FACT_NO_ROOM), 1);
	rig_turn(&r, 10 * S);
	rig_turn(&r, 10 * S);
	assert_string_equal(r.api.ready, "1/1");
	assert_string_equal(r.api.phase, "Ready");
	assert_int_equal(r.api.nodes_skipped, 1);
	assert_null(api_condition_find(&r.api.conditions, "PlatformsMatched"));
	/* A new leader does not wait for ten minutes again. */
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	img.status = r.api;
	rig_restart(&r);
	put_policy(&r, NULL, 50);
	rig_put_image(&r, &img);
	NODE(&r, "z", {"i:1", 100 * MB}, );
	NODE(&r, "a", {"other:1", 2000 * MB}, );
	begin(&r);
	rig_turn(&r, 10 * S);
	rig_turn(&r, 10 * S);
	assert_string_equal(r.api.ready, "1/1");
	/* The image that took the room goes. */
	NODE(&r, "a", {"small:1", 1}, );
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 10 * S);
	rig_turn(&r, 10 * S);
	assert_string_equal(r.api.ready, "2/2");
	assert_int_equal(r.api.nodes_skipped, 0);
	/* What comes when the leader is not new any more waits for its ten minutes. */
	rig_turn(&r, 60 * S);
	NODE(&r, "b", {"other:1", 2000 * MB}, );
	rig_turn(&r, 10 * S);
	rig_turn(&r, 10 * S);
	assert_string_equal(r.api.ready, "2/3");
	rig_done(&r);
}

/* On nodes outside of the policy's nodeSelector the default policy holds, which has no limits. */
static void rule_41_where_the_policy_does_not_hold(void **state)
{
	struct rig r;
	struct api_kv pool = {"pool", "x"};
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_image_size = "1M",
					.node_selector = {&pool, 1}}};
	(void)state;
	rig_new(&r);
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	put_image(&r, "i");
	NODE(&r, "z", {"i:1", 100 * MB}, );
	NODE(&r, "a");
	begin(&r);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_41_an_image_that_is_too_large),
		cmocka_unit_test(rule_41_a_repull_needs_no_room),
		cmocka_unit_test(rule_41_found_out_by_a_pull),
		cmocka_unit_test(rule_41_room_on_the_disk),
		cmocka_unit_test(rule_41_what_is_in_flight_counts),
		cmocka_unit_test(rule_41_left_out_and_taken_up_again),
		cmocka_unit_test(rule_41_where_the_policy_does_not_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
