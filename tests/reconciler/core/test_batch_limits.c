/*
 * What shares a pod as policy and node allow it, on held nodes, after faults and in repulls; told
 * through core.h (behaviour 42).
 */
#include "tests/reconciler/core/rig.h"

#include "reconciler/core/model.h"

#define S   1000
#define MIN (60 * S)
#define MB  INT64_C(1000000)
#define N   4

static const char *const names[N] = {"i0", "i1", "i2", "i3"};
static const int64_t usual_bytes[N] = {100 * MB, 90 * MB, 80 * MB, 70 * MB};

/* What is not given is as roomy as it can be. */
static void put_policy(struct rig *r, struct pullpolicy_spec spec)
{
	if (spec.max_concurrent_nodes == 0)
		spec.max_concurrent_nodes = 9;
	if (spec.max_pulls_per_node == 0)
		spec.max_pulls_per_node = 9;
	if (spec.max_images_per_pod == 0)
		spec.max_images_per_pod = 20;
	spec.pull_timeout = 30 * MIN;
	struct pullpolicy p = {.meta = {.name = "p", .uid = "p"}, .spec = spec};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* Node old has pulled it. */
static struct cachedimage known(struct rig *r, const char *name)
{
	static const char *const old[] = {"old"};
	struct cachedimage img = rig_image_of(name, "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	img.status = (struct cachedimage_status){
		.observed_generation = 1,
		.cached_image = arena_printf(&r->keep, "%s:1", name),
		.cached_nodes = {(const char **)(uintptr_t)old, 1},
		.last_pulled_at = RIG_WALL_S - 1000,
	};
	return img;
}

static void put_known(struct rig *r, const char *name)
{
	struct cachedimage img = known(r, name);
	rig_put_image(r, &img);
}

/* Lists i0 .. i3 in these sizes, and the reference `more` in 10 MB. */
static void node_with(struct rig *r, const char *node, const int64_t bytes[N], const char *more)
{
	struct rig_listed lists[N + 2] = {0};
	for (size_t i = 0; i < N; i++)
		lists[i] = (struct rig_listed){
			{arena_printf(&r->keep, "docker.io/library/%s:1", names[i])}, bytes[i]};
	if (more != NULL)
		lists[N] = (struct rig_listed){{more}, 10 * MB};
	rig_node_lists(r, node, RIG_WALL_S, lists);
}

/* With a disk of 10 GB, and nothing on it. */
static void empty_node(struct rig *r, const char *name, const char *taint)
{
	struct node_taint t = {taint, "", "NoSchedule"};
	struct node_condition c = {"Ready", "True", r->now.wall_s, r->now.wall_s};
	struct node n = {
		.meta = {.name = name, .uid = name, .created = r->now.wall_s},
		.taints = {&t, taint != NULL},
		.conditions = {&c, 1},
		.os = "linux",
		.arch = "amd64",
		.runtime = "containerd://2.0",
		.disk = "10G",
	};
	core_put(r->core, KIND_NODE, &n, r->now);
}

/* "a:i0+i1 a:i2": the last turn's starts. */
static const char *starts(struct rig *r)
{
	const char *text = "";
	for (size_t i = 0; i < r->acts.n_starts; i++) {
		const struct core_start *s = &r->acts.starts[i];
		text = arena_printf(&r->keep, "%s%s%s", text, i > 0 ? " " : "", s->node);
		for (size_t k = 0; k < s->n_pulls; k++)
			text = arena_printf(&r->keep, "%s%c%s", text, k > 0 ? '+' : ':',
					    s->pulls[k].image_name);
	}
	return text;
}

/* Nodes old and a, images i0 .. i3. */
static void begin(struct rig *r, struct pullpolicy_spec spec, const int64_t bytes[N])
{
	rig_new(r);
	put_policy(r, spec);
	empty_node(r, "a", NULL);
	node_with(r, "old", bytes, NULL);
	for (size_t i = 0; i < N; i++)
		put_known(r, names[i]);
	rig_lead(r);
	rig_turn(r, 0);
}

static struct api_kv of_others[] = {{"no", "such-node"}};

static const struct row {
	const char *name;
	struct pullpolicy_spec spec;
	int64_t bytes[N]; /* 0: as usual */
	const char *starts;
} rows[] = {
	{"all of them", {0}, {0}, "a:i0+i1+i2+i3"},
	{"two and two", {.max_images_per_pod = 2}, {0}, "a:i0+i1 a:i2+i3"},
	{"one pod a node", {.max_images_per_pod = 2, .max_pulls_per_node = 1}, {0}, "a:i0+i1"},
	{"one pod of the policy",
	 {.max_images_per_pod = 2, .max_concurrent_pulls = 1},
	 {0},
	 "a:i0+i1"},
	{"40: no more than the largest",
	 {.max_bytes_per_second = "1M"},
	 {30 * MB, 40 * MB, 40 * MB, 100 * MB},
	 "a:i0+i1"},
	{"40: the largest is the first", {.max_bytes_per_second = "1M"}, {0}, "a:i0"},
	{"41: 800 MB unpacked on the disk", {.max_node_image_disk_percent = 8}, {0}, "a:i0+i1"},
	{"41: 700 MB; a smaller one goes along",
	 {.max_node_image_disk_percent = 7},
	 {0},
	 "a:i0+i3"},
	{"41: exactly as much",
	 {.max_node_image_disk_percent = 8},
	 {100 * MB, 100 * MB, 10 * MB, 10 * MB},
	 "a:i0+i1"},
	{"the node is not the policy's: the default has one image a pod",
	 {.node_selector = {of_others, 1}},
	 {0},
	 "a:i0 a:i1"},
	{"55: each image by itself", {.concurrency_scope = "Image"}, {0}, "a:i0+i1+i2+i3"},
};

static void rule_42_what_the_policy_allows(void **state)
{
	(void)state;
	FOREACH_ROW(struct row, rows)
	{
		struct rig r;
		begin(&r, row->spec, row->bytes[0] != 0 ? row->bytes : usual_bytes);
		if (strcmp(starts(&r), row->starts) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", row->name, starts(&r), row->starts);
		rig_done(&r);
	}
}

/* 40. What starts next waits for the bytes of all images of the pod. */
static void rule_42_bytes_of_a_pod(void **state)
{
	(void)state;
	static const int64_t bytes[N] = {30 * MB, 40 * MB, 40 * MB, 100 * MB};
	struct rig r;
	begin(&r, (struct pullpolicy_spec){.max_bytes_per_second = "1M"}, bytes);
	assert_string_equal(starts(&r), "a:i0+i1");
	rig_turn(&r, 69 * S);
	assert_string_equal(starts(&r), "");
	rig_turn(&r, S);
	assert_string_equal(starts(&r), "a:i2");
	rig_done(&r);
}

/* 11, 55. A pod that its kubelet does not take gives the place of each of its images back. */
static void rule_42_an_untaken_pod(void **state)
{
	(void)state;
	static const enum fate untaken[N] = {POD_PENDING, POD_PENDING, POD_PENDING, POD_PENDING};
	struct rig r;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){.max_concurrent_nodes = 1,
						.concurrency_scope = "Image"});
	empty_node(&r, "a", NULL);
	empty_node(&r, "b", NULL);
	node_with(&r, "old", usual_bytes, NULL);
	for (size_t i = 0; i < N; i++)
		put_known(&r, names[i]);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "a:i0+i1+i2+i3");
	rig_batch(&r, rig_start(&r), untaken);
	rig_turn(&r, 44 * S);
	assert_string_equal(starts(&r), "");
	rig_turn(&r, 2 * S);
	assert_string_equal(starts(&r), "b:i0+i1+i2+i3");
	rig_done(&r);
}

/* 40. How fast the node is cannot be told from a pod of several images. */
static void rule_42_no_speed_of_a_node(void **state)
{
	(void)state;
	static const enum fate done[N] = {POD_PULLED, POD_PULLED, POD_PULLED, POD_PULLED};
	struct rig r;
	begin(&r, (struct pullpolicy_spec){0}, usual_bytes);
	const struct core_start *s = rig_start(&r);
	rig_turn(&r, 40 * S);
	rig_batch(&r, s, done);
	rig_turn(&r, 0);
	assert_int_equal(r.core->bytes_per_s, 0);
	rig_done(&r);
}

/* 55. What one image waits for keeps it out of the pod of the others. */
static void rule_42_delays_of_each_image(void **state)
{
	(void)state;
	struct rig r;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){.min_delay_between_pulls = 60 * S,
						.concurrency_scope = "Image"});
	empty_node(&r, "a", NULL);
	empty_node(&r, "b", NULL);
	node_with(&r, "old", usual_bytes, NULL);
	put_known(&r, "i1");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "a:i1");
	put_known(&r, "i0");
	put_known(&r, "i2");
	rig_turn(&r, 30 * S);
	assert_string_equal(starts(&r), "a:i0+i2");
	rig_turn(&r, 30 * S);
	assert_string_equal(starts(&r), "b:i1");
	rig_turn(&r, 30 * S);
	assert_string_equal(starts(&r), "b:i0+i2");
	rig_done(&r);
}

/* Known in size, as node old lists it, but nobody has ever pulled it. */
static void rule_42_never_pulled(void **state)
{
	(void)state;
	struct rig r;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){0});
	empty_node(&r, "a", NULL);
	node_with(&r, "old", usual_bytes, "docker.io/library/fresh:1");
	put_known(&r, "i0");
	put_known(&r, "i1");
	struct cachedimage fresh = known(&r, "fresh");
	fresh.status = (struct cachedimage_status){0};
	rig_put_image(&r, &fresh);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "a:fresh a:i0+i1");
	rig_done(&r);
}

/* Other secrets, other podMetadata, another host: each alone. */
static void rule_42_unlike_the_others(void **state)
{
	(void)state;
	static struct api_name_ref secret[] = {{"s"}};
	static struct api_kv team[] = {{"team", "a"}};
	static struct pod_metadata labelled = {{team, 1}, {NULL, 0}};
	struct rig r;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){0});
	empty_node(&r, "a", NULL);
	node_with(&r, "old", usual_bytes, "ghcr.io/k:1");
	struct cachedimage secretive = known(&r, "i1"), marked = known(&r, "i2"),
			   other = known(&r, "k");
	secretive.spec.image_pull_secrets = (struct api_name_refs){secret, 1};
	marked.spec.pod_metadata = &labelled;
	other.spec.image = "ghcr.io/k";
	other.status.cached_image = "ghcr.io/k:1";
	put_known(&r, "i0");
	rig_put_image(&r, &secretive);
	rig_put_image(&r, &marked);
	put_known(&r, "i3");
	rig_put_image(&r, &other);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "a:i0+i3 a:i1 a:i2 a:k");
	rig_done(&r);
}

static struct cachedimage tolerant(struct rig *r, const char *name, const char *const keys[2])
{
	struct cachedimage img = known(r, name);
	struct api_toleration *t = arena_array(&r->keep, 2, sizeof(*t));
	size_t n = 0;
	for (; n < 2 && keys[n] != NULL; n++)
		t[n] = (struct api_toleration){keys[n], "Exists", NULL, "NoSchedule"};
	img.spec.tolerations = (struct api_tolerations){t, n};
	return img;
}

/* The pod has the tolerations of all of its images and of the policy, each once. */
static void rule_42_tolerations_are_united(void **state)
{
	(void)state;
	static struct api_toleration of_policy[] = {{"z", "Exists", NULL, "NoSchedule"},
						    {"x", "Exists", NULL, "NoSchedule"}};
	static const char *const of_image[][2] = {{"x", NULL}, {"y", "x"}};
	struct rig r;
	rig_new(&r);
	put_policy(&r, (struct pullpolicy_spec){.tolerations = {of_policy, 2}});
	empty_node(&r, "a", NULL);
	node_with(&r, "old", usual_bytes, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct cachedimage img = tolerant(&r, names[i], of_image[i]);
		rig_put_image(&r, &img);
	}
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "a:i0+i1");
	const struct api_tolerations *all = &r.acts.starts[0].tolerations;
	const char *keys = "";
	for (size_t i = 0; i < all->n; i++)
		keys = arena_printf(&r.keep, "%s%s", keys, all->at[i].key);
	assert_string_equal(keys, "xyz");
	rig_done(&r);
}

/* 5, 49. Each image has its own imagePullPolicy; the pod is for the system of its node. */
static void rule_42_each_in_its_own_way(void **state)
{
	(void)state;
	static const char *const systems[] = {"linux", "windows"};
	for (size_t i = 0; i < 2; i++) {
		struct node_condition c = {"Ready", "True", RIG_WALL_S, RIG_WALL_S};
		struct node n = {.meta = {.name = "a", .uid = "a", .created = RIG_WALL_S},
				 .conditions = {&c, 1},
				 .os = systems[i],
				 .arch = "amd64"};
		struct rig r;
		rig_new(&r);
		put_policy(&r, (struct pullpolicy_spec){0});
		core_put(r.core, KIND_NODE, &n, r.now);
		node_with(&r, "old", usual_bytes, NULL);
		put_known(&r, "i0");
		struct cachedimage always = known(&r, "i1");
		always.spec.image_pull_policy = "Always";
		rig_put_image(&r, &always);
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_string_equal(starts(&r), "a:i0+i1");
		const struct core_start *s = &r.acts.starts[0];
		assert_string_equal(s->pulls[0].pull_policy, "IfNotPresent");
		assert_string_equal(s->pulls[1].pull_policy, "Always");
		assert_int_equal(s->windows, i == 1);
		rig_done(&r);
	}
}

/* i0 and i1 are on nodes a and b, and pulled again each hour. */
static void repulls(struct rig *r)
{
	static const char *const both[] = {"a", "b"};
	rig_new(r);
	put_policy(r,
		   (struct pullpolicy_spec){.repull_interval = 60 * MIN, .repull_mode = "Always"});
	node_with(r, "a", usual_bytes, NULL);
	node_with(r, "b", usual_bytes, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct cachedimage img = known(r, names[i]);
		img.spec.image_pull_policy = "Always";
		img.status.cached_nodes.at = (const char **)(uintptr_t)both;
		img.status.cached_nodes.n = 2;
		rig_put_image(r, &img);
	}
	rig_lead(r);
	rig_turn(r, 0);
	assert_string_equal(starts(r), "");
	rig_turn(r, 2600 * S);
}

/* Repulls share a pod, too, under a new name each time; what failed on that node is alone. */
static void rule_42_repulls(void **state)
{
	(void)state;
	static const enum fate good[] = {POD_PULLED, POD_PULLED};
	static const enum fate bad[] = {POD_NOT_FOUND, POD_PULLED};
	struct rig r;
	size_t n;
	repulls(&r);
	assert_string_equal(starts(&r), "a:i0+i1 b:i0+i1");
	const struct core_start *first = rig_all_starts(&r, &n);
	assert_int_equal(first[0].pulls[1].attempt[0], 'r');
	rig_batch(&r, &first[0], bad);
	rig_batch(&r, &first[1], good);
	for (int i = 0; i < 3; i++)
		rig_turn(&r, S);
	/* The back-off of i0 on a is long over when all of them are due again. */
	rig_turn(&r, 60 * MIN);
	assert_string_equal(starts(&r), "a:i0 b:i0+i1 a:i1");
	assert_string_not_equal(r.acts.starts[1].pod_name, first[1].pod_name);
	rig_done(&r);
}

static void put_gating(struct rig *r, const char *name)
{
	struct cachedimage img = known(r, name);
	img.spec.gate_nodes = true;
	rig_put_image(r, &img);
}

/* Node h is held, for what is put next. */
static void held(struct rig *r)
{
	rig_new(r);
	core_hold_nodes(r->core, "cold", NULL, 3 * 60 * MIN);
	put_policy(r, (struct pullpolicy_spec){0});
	node_with(r, "old", usual_bytes, NULL);
	rig_lead(r);
	rig_turn(r, 0);
	empty_node(r, "h", "cold");
}

/* 14. The test pull of an image that the API server refused, on a node that is held. */
static void rule_42_a_test_pull_goes_alone(void **state)
{
	(void)state;
	struct rig r;
	size_t n;
	held(&r);
	put_gating(&r, "i0");
	put_gating(&r, "i1");
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "h:i0+i1");
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "no", r.now);
	rig_turn(&r, 0);
	assert_string_equal(starts(&r), "h:i0 h:i1");
	const struct core_start *alone = rig_all_starts(&r, &n);
	core_started(r.core, alone[0].pod_name, START_REFUSED, "no i0", r.now);
	rig_pod(&r, &alone[1], POD_PULLED);
	rig_turn(&r, 0);
	empty_node(&r, "h2", "cold");
	rig_turn(&r, 60 * MIN);
	for (size_t i = 0; i < r.acts.n_starts; i++)
		assert_int_equal(r.acts.starts[i].n_pulls, 1);
	assert_non_null(strstr(starts(&r), "h2:i1"));
	rig_done(&r);
}

/* 14. One pull tells whether a node that failed can pull again; nothing else is in its pod. */
static void rule_42_a_node_that_failed(void **state)
{
	(void)state;
	struct rig r;
	held(&r);
	put_gating(&r, "i3");
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_turn(&r, 0);
	put_gating(&r, "i0");
	put_gating(&r, "i1");
	rig_turn(&r, 60 * MIN);
	assert_string_equal(starts(&r), "h:i0");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_42_what_the_policy_allows),
		cmocka_unit_test(rule_42_bytes_of_a_pod),
		cmocka_unit_test(rule_42_an_untaken_pod),
		cmocka_unit_test(rule_42_no_speed_of_a_node),
		cmocka_unit_test(rule_42_delays_of_each_image),
		cmocka_unit_test(rule_42_never_pulled),
		cmocka_unit_test(rule_42_unlike_the_others),
		cmocka_unit_test(rule_42_tolerations_are_united),
		cmocka_unit_test(rule_42_each_in_its_own_way),
		cmocka_unit_test(rule_42_repulls),
		cmocka_unit_test(rule_42_a_test_pull_goes_alone),
		cmocka_unit_test(rule_42_a_node_that_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
