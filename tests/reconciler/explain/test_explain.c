/*
 * Why a pair waits: a story for every reason, and none without one; nodes that are left out, and
 * the plan of an image that does not exist. Pages, sums and the queue: test_lists.c.
 */
#include "tests/reconciler/core/rig.h"

#include "reconciler/explain/grid.h"

#define S 1000

/* RIG_WALL_S is 22:13:20 UTC. */
struct story {
	const char *name;
	void (*tell)(struct rig *r); /* of image i and, where it matters, node a */
	const char *node;            /* asked about */
	enum explain_reason want;
	const char *text;
};

static void nothing(struct rig *r)
{
	(void)r;
}

static void stand_by(struct rig *r)
{
	core_lead(r->core, false, r->now);
}

static void put_node(struct rig *r, const char *name, struct api_kv label, struct node_taint taint,
		     const char *pressure)
{
	struct node_condition c[] = {{"Ready", "True", 0}, {"DiskPressure", pressure, 0}};
	struct node n = {.meta = {.name = name, .uid = name, .created = 1},
			 .taints = {&taint, taint.key != NULL},
			 .conditions = {c, 2},
			 .os = "linux",
			 .arch = "amd64"};
	n.meta.labels = (struct api_map){&label, label.key != NULL};
	core_put(r->core, KIND_NODE, &n, r->now);
}

static void virtual_node(struct rig *r)
{
	put_node(r, "v", (struct api_kv){"type", "virtual-kubelet"}, (struct node_taint){0},
		 "False");
}

static void tainted(struct rig *r)
{
	put_node(r, "t", (struct api_kv){0}, (struct node_taint){"dedicated", "ci", "NoSchedule"},
		 "False");
}

static void tainted_plainly(struct rig *r)
{
	put_node(r, "t", (struct api_kv){0}, (struct node_taint){"gpu", "", "NoExecute"}, "False");
}

static void pressed(struct rig *r)
{
	put_node(r, "d", (struct api_kv){0}, (struct node_taint){0}, "True");
}

static void leaving(struct rig *r)
{
	struct node_taint t = {"karpenter.sh/disrupted", "", "PreferNoSchedule"};
	put_node(r, "l", (struct api_kv){0}, t, "False");
}

static void selective(struct rig *r)
{
	struct api_kv pool = {"pool", "x"};
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.generation = 2;
	img.spec.node_selector = (struct api_map){&pool, 1};
	rig_put_image(r, &img);
}

static void not_ready(struct rig *r)
{
	rig_node_as(r, "n", "n", false, NULL, 1, "amd64");
}

static void pulled(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_PULLED);
}

static void ended(struct rig *r, enum fate fate)
{
	rig_pod(r, rig_start(r), fate);
	rig_turn(r, 0);
}

static void evicted(struct rig *r)
{
	ended(r, POD_EVICTED);
}

static void image_fault(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_NOT_FOUND);
	rig_settle(r);
	rig_node(r, "b");
}

static void former_pod(struct rig *r)
{
	r->keep_pods = true;
	rig_pod(r, rig_start(r), POD_NOT_FOUND);
	rig_turn(r, 0);
}

static void no_platform(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_NO_PLATFORM);
	rig_turn(r, 0);
	rig_node(r, "b");
}

static void registry_fault(struct rig *r)
{
	rig_node(r, "b");
	rig_pod(r, rig_start(r), POD_NO_HOST);
	rig_turn(r, 0);
	rig_pod(r, rig_start(r), POD_NO_HOST);
	rig_turn(r, 0);
	rig_node(r, "c");
}

/* Another image has failed there, in an earlier life. */
static void node_fault(struct rig *r)
{
	struct failed_node failed = {.node = "a",
				     .reason = "OutOfcpu",
				     .message = "no room",
				     .attempts = 1,
				     .last_attempt_at = r->now.wall_s};
	struct cachedimage other = rig_image_of("j", "1", "p");
	other.status = (struct cachedimage_status){
		.phase = "Pending", .cached_image = "j:1", .failed_nodes = {&failed, 1}};
	rig_restart(r);
	rig_policy(r, "p", 9, 0);
	rig_node(r, "a");
	rig_put_image(r, &other);
	rig_image(r, "i", "1", "p");
	rig_lead(r);
	rig_turn(r, 0);
	assert_int_equal(r->acts.n_starts, 0);
}

static void refused(struct rig *r)
{
	core_started(r->core, rig_start(r)->pod_name, START_REFUSED, "exceeded quota", r->now);
	rig_turn(r, 0);
	rig_node(r, "b");
}

static void probing(struct rig *r)
{
	image_fault(r);
	rig_turn(r, 40 * S);
	assert_int_equal(r->acts.n_starts, 1);
	rig_node(r, "z");
}

static void slow(struct rig *r)
{
	rig_node(r, "b");
	rig_turn(r, 0);
}

/* Under another policy, with pulls on node b in the way. */
static void paced(struct rig *r, struct pullpolicy_spec spec)
{
	struct pullpolicy p = {.meta = {.name = "web"}, .spec = spec};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_node(r, "b");
	rig_node(r, "c");
	struct cachedimage img = rig_image_of("i", "1", "web");
	img.meta.generation = 2;
	rig_put_image(r, &img);
	rig_image(r, "h", "1", "web");
	rig_turn(r, 0);
}

static void few_nodes(struct rig *r)
{
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 1});
}

static void few_nodes_an_image(struct rig *r)
{
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 1, .concurrency_scope = "Image"});
}

static void delayed_image(struct rig *r)
{
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 9,
					  .min_delay_between_pulls = 60 * S,
					  .concurrency_scope = "Image"});
}

static void few_pulls(struct rig *r)
{
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 9, .max_concurrent_pulls = 1});
}

static void limited(struct rig *r, const char *size, int64_t percent, int64_t ms)
{
	struct node_condition ready = {"Ready", "True", 0};
	const char *name[] = {"i:1"};
	struct node_image listed = {{name, 1}, 600000000};
	struct node z = {.meta = {.name = "z", .uid = "z", .created = 1},
			 .conditions = {&ready, 1},
			 .os = "linux",
			 .arch = "amd64",
			 .images = {&listed, 1}};
	struct pullpolicy p = {.meta = {.name = "web", .uid = "web"},
			       .spec = {.max_concurrent_nodes = 9,
					.max_image_size = size,
					.max_node_image_disk_percent = percent}};
	struct cachedimage img = rig_image_of("i", "1", "web");
	img.meta.generation = 2;
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
	rig_pod(r, rig_start(r), POD_PULLED);
	node_trim(&z, &r->keep);
	core_put(r->core, KIND_NODE, &z, r->now);
	z.meta = (struct api_meta){.name = "b", .uid = "b", .created = 1};
	z.disk = "2G";
	z.images.n = 0;
	core_put(r->core, KIND_NODE, &z, r->now);
	rig_put_image(r, &img);
	rig_turn(r, 0);
	rig_turn(r, ms);
}

static void large(struct rig *r)
{
	limited(r, "500M", 0, 0);
}

static void full_disk(struct rig *r)
{
	limited(r, NULL, 50, 0);
}

static void left_out_by_disk(struct rig *r)
{
	limited(r, NULL, 50, 601 * S);
}

/* The image is large, and the one after it has to wait. */
static void paying(struct rig *r)
{
	rig_node_lists(r, "z", 0, (struct rig_listed[]){{{"i:1"}, 600000000}, {{0}, 0}});
	paced(r,
	      (struct pullpolicy_spec){.max_concurrent_nodes = 9, .max_bytes_per_second = "10M"});
}

static void delayed(struct rig *r)
{
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 9,
					  .min_delay_between_pulls = 60 * S});
}

/* 46. Image i gates; nodes b and c are held, and one at a time may pull. */
static void held_nodes(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "web");
	struct pullpolicy web = {.meta = {.name = "web"},
				 .spec = {.max_concurrent_nodes = 9, .max_held_nodes = 1}};
	rig_pod(r, rig_start(r), POD_PULLED);
	core_hold_nodes(r->core, "cold", NULL, (int64_t)RIG_WALL_S * S);
	core_put(r->core, KIND_PULLPOLICY, &web, r->now);
	img.spec.gate_nodes = true;
	img.meta.generation = 2;
	rig_put_image(r, &img);
	for (char name[] = "b"; *name <= 'c'; ++*name)
		put_node(r, name, (struct api_kv){0}, (struct node_taint){"cold", "", "NoSchedule"},
			 "False");
	rig_turn(r, 0);
}

/* The gating image i may be pulled on one held node at a time, and waits on node c. */
static void gating_first(struct rig *r)
{
	held_nodes(r);
	struct pullpolicy web = {
		.meta = {.name = "web"},
		.spec = {.max_concurrent_nodes = 9, .max_held_nodes = 1, .max_pulls_per_node = 1}};
	core_put(r->core, KIND_PULLPOLICY, &web, r->now);
	rig_image(r, "j", "1", "web"); /* on node a */
	rig_turn(r, 0);
	rig_image(r, "k", "1", "web");
	rig_turn(r, 0);
}

static void full_node(struct rig *r)
{
	rig_image(r, "j", "1", "p");
	rig_turn(r, 0);
	rig_image(r, "k", "1", "p");
	rig_turn(r, 0);
}

static void next(struct rig *r)
{
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_node(r, "b");
}

static void repull(struct rig *r)
{
	pulled(r);
	rig_turn(r, 10 * S);
	rig_settle(r);
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 1, .repull_interval = 5 * S}};
	core_put(r->core, KIND_PULLPOLICY, &p, r->now);
}

/* The registry is asked about a new reference, as nodes have two platforms; it tells this. */
static void two_platforms(struct rig *r, const char *platform)
{
	struct image_platform told = {platform, 0};
	struct core_told answer = {.known = true, .digest = "sha256:0", .platforms = {&told, 1}};
	core_allow_checks(r->core, true);
	rig_node_as(r, "b", "b", true, NULL, 1, "arm64");
	rig_turn(r, 0);
	if (platform != NULL)
		core_told(r->core, "i", "i", "i:1", &answer, r->now);
}

static void left_out(struct rig *r)
{
	two_platforms(r, "linux/amd64");
}

static void asked(struct rig *r)
{
	two_platforms(r, NULL);
}

static void suspended(struct rig *r)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	rig_node(r, "b");
	img.meta.generation = 2;
	img.spec.suspend = true;
	rig_put_image(r, &img);
}

static void windows(struct rig *r, const char *zone)
{
	struct pull_window_spec w = {.start = "22:30", .end = "06:00", .timezone = zone};
	paced(r, (struct pullpolicy_spec){.max_concurrent_nodes = 9,
					  .pull_windows = {&w, 1},
					  .new_nodes_in_windows = "Obey"});
}

static void shut(struct rig *r)
{
	windows(r, NULL);
}

static void no_zone(struct rig *r)
{
	windows(r, "Mars/Phobos");
}

static const struct story stories[] = {
	{"standby", stand_by, "a", EXPLAIN_NOT_LEADING, "unknown: this replica is a standby"},
	{"unknown node", nothing, "x", EXPLAIN_NO_NODE, "the node does not exist"},
	{"virtual", virtual_node, "v", EXPLAIN_VIRTUAL, "not targeted: virtual node"},
	{"selector", selective, "a", EXPLAIN_SELECTOR,
	 "not targeted: nodeSelector requires label pool=x"},
	{"taint", tainted, "t", EXPLAIN_TAINT,
	 "not targeted: taint dedicated=ci:NoSchedule is not tolerated"},
	{"taint without a value", tainted_plainly, "t", EXPLAIN_TAINT,
	 "not targeted: taint gpu:NoExecute is not tolerated"},
	{"no image for its platform", left_out, "b", EXPLAIN_PLATFORM,
	 "not targeted: no image for linux/arm64, image is linux/amd64 only"},
	{"the registry is asked", asked, "b", EXPLAIN_REGISTRY_ASKED,
	 "waiting for the registry's answer until 22:13:25 UTC at the latest"},
	{"pulling", nothing, "a", EXPLAIN_PULLING, "pulling since 22:13:20 UTC in pod pull-i-*"},
	{"cached", pulled, "a", EXPLAIN_CACHED, "cached since 22:13:20 UTC"},
	{"not ready", not_ready, "n", EXPLAIN_NOT_ELIGIBLE, "not eligible: NotReady"},
	{"disk pressure", pressed, "d", EXPLAIN_NOT_ELIGIBLE, "not eligible: DiskPressure"},
	{"about to go", leaving, "l", EXPLAIN_NOT_ELIGIBLE, "not eligible: BeingRemoved"},
	{"suspended", suspended, "b", EXPLAIN_SUSPENDED, "suspended by its own spec"},
	{"node back-off", evicted, "a", EXPLAIN_BACKOFF,
	 "backing off until 22:13:* UTC after the node ended the pull pod"},
	{"a node that takes no pods", node_fault, "a", EXPLAIN_NODE_FAULT,
	 "backing off until 22:13:* UTC after the node failed: OutOfcpu: no room (all images wait "
	 "on this node)"},
	{"refused", refused, "b", EXPLAIN_REJECTED,
	 "backing off until 22:13:* UTC after the API server refused the pod: exceeded quota"},
	{"bad tag, the node that found out", image_fault, "a", EXPLAIN_IMAGE_FAULT,
	 "backing off until 22:13:* UTC after image not found (all nodes wait)"},
	{"bad tag, another node", image_fault, "b", EXPLAIN_IMAGE_FAULT,
	 "backing off until 22:13:* UTC after image not found (all nodes wait)"},
	{"platform", no_platform, "b", EXPLAIN_PLATFORM_FAULT,
	 "backing off until 22:13:* UTC after no image for linux/amd64 (all linux/amd64 nodes "
	 "wait)"},
	{"registry", registry_fault, "c", EXPLAIN_REGISTRY_FAULT,
	 "backing off until 22:13:* UTC after dns: cannot resolve h (all images of docker.io "
	 "wait)"},
	{"another probes", probing, "z", EXPLAIN_PROBE,
	 "waiting for the test pull on * after image not found"},
	{"a pod is left", former_pod, "a", EXPLAIN_FORMER_POD,
	 "waiting for the pod of an earlier pull to be deleted"},
	{"slow start", slow, "b", EXPLAIN_SLOW_START,
	 "slow start: 1 of 1 pulls until the first succeeds"},
	{"maxConcurrentPulls", few_pulls, "c", EXPLAIN_POLICY_PULLS,
	 "waiting for policy web: 1 of 1 pulls"},
	{"maxImageSize", large, "b", EXPLAIN_TOO_LARGE,
	 "not pulled: 599 MB, policy web allows 500 MB"},
	{"maxNodeImageDiskPercent", full_disk, "b", EXPLAIN_DISK_BUDGET,
	 "no room: images use about 0 B of the allowed 1.0 GB"},
	{"maxNodeImageDiskPercent, for long", left_out_by_disk, "b", EXPLAIN_NO_ROOM,
	 "left out, no room: images use about 0 B of the allowed 1.0 GB"},
	{"maxBytesPerSecond", paying, "c", EXPLAIN_POLICY_BYTES,
	 "waiting for policy web: next pull at 22:14:20 UTC, 10 MB a second"},
	{"minDelayBetweenPulls", delayed, "c", EXPLAIN_POLICY_DELAY,
	 "waiting for policy web: next node at 22:14:20 UTC"},
	{"maxConcurrentNodes", few_nodes, "c", EXPLAIN_POLICY_NODES,
	 "waiting for policy web: 1 of 1 nodes pulling"},
	{"maxConcurrentNodes of an image", few_nodes_an_image, "c", EXPLAIN_POLICY_NODES,
	 "waiting for policy web: 1 of 1 nodes pulling this image"},
	{"minDelayBetweenPulls of an image", delayed_image, "c", EXPLAIN_POLICY_DELAY,
	 "waiting for policy web: next node of this image at 22:14:20 UTC"},
	{"maxHeldNodes", held_nodes, "c", EXPLAIN_HELD_NODES,
	 "waiting for policy web: 1 of 1 nodes with a startup taint pulling"},
	{"maxPullsPerNode", full_node, "a", EXPLAIN_NODE_PULLS,
	 "waiting for the node: 2 of 2 pulls"},
	{"gating images first", gating_first, "c", EXPLAIN_GATING_FIRST,
	 "waiting for 1 gating image of the node (maxPullsPerNode: 1)"},
	{"no pull window", shut, "c", EXPLAIN_SHUT,
	 "waiting for policy web: its pull windows open at 2023-11-14 22:30 UTC"},
	{"no such time zone", no_zone, "c", EXPLAIN_NO_ZONE,
	 "waiting for policy web: unknown time zone Mars/Phobos"},
	{"nothing in the way", next, "b", EXPLAIN_NEXT, "next in the queue"},
	{"a repull", repull, "a", EXPLAIN_NEXT, "repull: next in the queue"},
};

/* '*' stands for one word or the end. */
static bool matches(const char *pattern, const char *text)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '*') {
			if (*pattern != *text++)
				return false;
			continue;
		}
		while (*text != '\0' && *text != ' ')
			text++;
	}
	return *text == '\0';
}

/* The grid of the status page says the same of a pair that it has. */
static void same_in_grid(struct rig *r, const char *image, const char *node,
			 const struct explain *e)
{
	struct grid g;
	grid_make(r->core, 9, r->now, &r->keep, &g);
	for (size_t i = 0; i < g.n_rows; i++)
		for (size_t k = 0; k < g.n_columns; k++) {
			const struct grid_cell *cell = &g.rows[i].cells[k];
			if (strcmp(g.rows[i].image, image) != 0 ||
			    strcmp(g.columns[k].name, node) != 0)
				continue;
			assert_int_equal(cell->state, explain_infos[e->reason].group);
			if (cell->state != GROUP_DONE)
				assert_string_equal(explain_text(&cell->why, &r->keep),
						    explain_text(e, &r->keep));
		}
}

static void every_reason(void **state)
{
	bool seen[EXPLAIN_REASON_COUNT] = {false};
	(void)state;
	FOREACH_ROW(struct story, stories)
	{
		struct rig r;
		rig_one_node(&r);
		row->tell(&r);
		bool other = row->want == EXPLAIN_NODE_PULLS || row->want == EXPLAIN_GATING_FIRST;
		const char *image = other ? "k" : "i";
		const struct explain *e = explain_pair(r.core, image, row->node, r.now, &r.keep);
		assert_non_null(e);
		assert_string_equal(explain_infos[e->reason].name, explain_infos[row->want].name);
		const char *text = explain_text(e, &r.keep);
		if (!matches(row->text, text))
			assert_string_equal(text, row->text);
		same_in_grid(&r, image, row->node, e);
		seen[row->want] = true;
		rig_done(&r);
	}
	for (int i = 0; i < EXPLAIN_REASON_COUNT; i++)
		if (!seen[i])
			fail_msg("no story for %s", explain_infos[i].name);
}

static void rule_39_left_out_nodes_are_counted(void **state)
{
	struct rig r;
	struct explain_summary *list;
	(void)state;
	rig_one_node(&r);
	left_out(&r);
	tainted(&r);
	assert_int_equal(explain_images(r.core, NULL, 9, r.now, &r.keep, &list), 1);
	assert_int_equal(list[0].targeted, 1);
	assert_int_equal(list[0].left_out, 1);
	rig_done(&r);
}

static void plans(void **state)
{
	struct rig r;
	struct explain *list;
	(void)state;
	static const struct rig_listed has[] = {{{"new:1"}, 9}, {{NULL}, 0}};
	rig_one_node(&r);
	rig_node_lists(&r, "b", RIG_WALL_S, has);
	tainted(&r);
	rig_node(&r, "z");
	not_ready(&r);
	struct cachedimage img = rig_image_of("new", "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	size_t n = explain_plan(r.core, &img, 9, r.now, &r.keep, &list);
	const char *text = "";
	for (size_t i = 0; i < n; i++)
		text = arena_printf(&r.keep, "%s%s %s; ", text, list[i].node,
				    explain_infos[list[i].reason].name);
	/* z is new, b has it, t is not tolerated, n is not Ready. */
	assert_string_equal(text, "z Next; a Next; b Cached; n NotEligible; t Taint; ");
	/* Nothing came of it. */
	rig_turn(&r, 0);
	for (size_t i = 0; i < r.acts.n_starts; i++)
		assert_string_equal(r.acts.starts[i].pulls[0].image_name, "i");
	assert_null(explain_pair(r.core, "new", "a", r.now, &r.keep));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason),
		cmocka_unit_test(rule_39_left_out_nodes_are_counted),
		cmocka_unit_test(plans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
