/*
 * Faults met in the field, told through core.h: webhooks' containers, dead nodes, nodes that take
 * no pods, unknown words of failure, changed timeouts, skewed clocks, images that do not fit.
 */
#include "tests/reconciler/core/rig.h"

#include "api/pullpod.h"

#define S   1000
#define MIN (60 * S)

static void put_pod(struct rig *r, const struct core_start *s, struct pod *pod)
{
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, s->pulls[0].image_name},
				  {PULLPOD_LABEL_NODE, s->node}};
	struct api_kv notes[] = {{PULLPOD_NOTE_ATTEMPT, s->pulls[0].attempt},
				 {PULLPOD_NOTE_IMAGE, s->pulls[0].image_name},
				 {PULLPOD_NOTE_IMAGE_UID, s->pulls[0].image_uid},
				 {PULLPOD_NOTE_NODE_UID, s->node_uid},
				 {PULLPOD_NOTE_REFERENCE, s->pulls[0].reference}};
	pod->meta.name = pod->meta.uid = s->pod_name;
	pod->meta.created = r->now.wall_s;
	pod->node_name = s->node;
	pod->start_time = r->now.wall_s;
	pod->meta.labels = (struct api_map){labels, 3};
	pod->meta.annotations = (struct api_map){notes, 5};
	core_put(r->core, KIND_POD, pod, r->now);
	core_started(r->core, s->pod_name, START_MADE, "", r->now);
}

/* A pod that waits in ErrImagePull with this text. */
static void fail_with(struct rig *r, const struct core_start *s, const char *reason,
		      const char *text)
{
	struct container_waiting w = {reason, text};
	struct container_status cs = {.name = PULLPOD_CONTAINER, .waiting = &w};
	struct pod pod = {.phase = "Pending", .container_statuses = {&cs, 1}};
	put_pod(r, s, &pod);
}

/* Nodes a, b, c under the default policy (1 node, 10 s); image i. */
static void three(struct rig *r)
{
	rig_new(r);
	for (const char *const *n = (const char *const[]){"a", "b", "c", NULL}; *n; n++)
		rig_node(r, *n);
	rig_image(r, "i", "1", NULL);
	rig_lead(r);
	rig_turn(r, 0);
}

static const char *message(struct rig *r)
{
	return rig_condition(r, "Ready")->message;
}

/* 3. NotReady for 40 s: the slot is free, the pod is deleted, the image is not to blame. */
static void rule_3_a_dead_node_keeps_no_slot(void **state)
{
	struct rig r;
	(void)state;
	three(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 20 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_node_as(&r, "a", "a", false, NULL, 1, "amd64");
	rig_turn(&r, 39 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 1 * S);
	assert_string_equal(rig_starts(&r), "b");
	rig_pod(&r, rig_start(&r), POD_CREATING);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pulling");
	assert_string_equal(message(&r), "0/3 nodes ready; NodeNotReady on a: the node became "
					 "NotReady during the pull");
	rig_turn(&r, 0);
	rig_done(&r);
}

/* 3. The blip that is over in time costs nothing. */
static void rule_3_a_blip_costs_nothing(void **state)
{
	struct rig r;
	(void)state;
	three(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_CREATING);
	rig_node_as(&r, "a", "a", false, NULL, 1, "amd64");
	rig_turn(&r, 39 * S);
	rig_node(&r, "a");
	rig_turn(&r, 60 * S);
	assert_int_equal(r.acts.n_starts + r.acts.n_deletes, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/* 3. Shut down: at once. */
static void rule_3_a_node_that_is_shut_down(void **state)
{
	struct rig r;
	(void)state;
	three(&r);
	rig_pod(&r, rig_start(&r), POD_CREATING);
	rig_turn(&r, 15 * S);
	rig_node_as(&r, "a", "a", true, "node.kubernetes.io/out-of-service", 1, "amd64");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/* 9. A pull on a node that is away is never a Timeout of the image. */
static void rule_9_no_timeout_on_a_dead_node(void **state)
{
	struct rig r;
	(void)state;
	three(&r);
	rig_pod(&r, rig_start(&r), POD_CREATING);
	rig_turn(&r, 30 * MIN - 10 * S);
	rig_node_as(&r, "a", "a", false, NULL, 1, "amd64");
	rig_turn(&r, 40 * S);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_string_equal(r.api.failed_nodes.at[0].reason, "NodeNotReady");
	assert_string_not_equal(r.api.phase, "Degraded");
	rig_done(&r);
}

/* 14. Three nodes that take no pods were paid for by one image: the next does not try them. */
static void rule_14_a_nodes_fault_is_the_nodes(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	for (const char *const *n = (const char *const[]){"a", "b", "c", "z", NULL}; *n; n++)
		rig_node(&r, *n);
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	for (const char *const *n = (const char *const[]){"a", "b", "c", NULL}; *n; n++) {
		assert_string_equal(rig_starts(&r), *n);
		rig_pod(&r, rig_start(&r), POD_EVICTED);
		rig_turn(&r, 0);
	}
	assert_string_equal(rig_starts(&r), "z");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "z");
	rig_pod(&r, rig_start(&r), POD_CREATING);
	/* Also once their back-off is over, others come first; and then one probe a node. */
	rig_image(&r, "k", "1", "p");
	rig_turn(&r, 60 * S);
	assert_string_equal(rig_starts(&r), "z");
	rig_done(&r);
}

static void rule_14_one_probe_a_node(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_turn(&r, 0);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 40 * S);
	/* Two images wait there, two would fit. */
	const struct core_start *probe = rig_start(&r);
	rig_pod(&r, probe, POD_CREATING);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_pod(&r, probe, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* A changed image may mean that something was mended: one probe goes at once. */
static void rule_14_a_change_of_an_image_probes(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_turn(&r, 0);
	rig_settle(&r);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.meta.generation = 2;
	img.spec.priority = 1;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* A restarted leader reads it from failedNodes. */
static void rule_14_a_nodes_fault_after_a_restart(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_turn(&r, 0);
	rig_written(&r);
	rig_next_life(&r);
	rig_node(&r, "a");
	rig_image(&r, "j", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 40 * S);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* 14. Unknown words, the same on two nodes: the image's fault, one probe a retry. */
static void rule_14_unknown_words_cost_two_pods(void **state)
{
	static const struct {
		const char *reason, *text;
	} rows[] = {
		{"SignatureValidationFailed", "image %s is not signed by key 4711"},
		{"ErrImagePull", "failed to pull: 412 Precondition Failed on node %s, id 7f3a91"},
		{"ErrImagePull", "schema1 manifests are not supported any more (%s)"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		rig_new(&r);
		rig_policy(&r, "p", 100, 0);
		for (const char *const *n = (const char *const[]){"n1", "n2", "n3", "n4", "n5",
								  "n6", "n7", "n8", NULL};
		     *n; n++)
			rig_node(&r, *n);
		rig_image(&r, "i", "1", "p");
		rig_lead(&r);
		rig_turn(&r, 0);
		size_t pods = 0;
		for (int s = 0; s < 45; s++) {
			for (size_t k = 0; k < r.acts.n_starts; k++, pods++) {
				struct core_start start = r.acts.starts[k];
				fail_with(&r, &start, rows[i].reason,
					  arena_printf(&r.keep, rows[i].text, start.node));
			}
			rig_turn(&r, 1 * S);
		}
		if (pods > 3)
			fail_msg("%s: %zu pods in 45 s", rows[i].text, pods);
		rig_done(&r);
	}
}

/* 9. Another pullTimeout counts for what is in flight, in both directions. */
static void rule_9_a_changed_timeout(void **state)
{
	(void)state;
	static const struct {
		int64_t minutes;
		bool ends;
	} rows[] = {{1, true}, {60, false}};
	for (size_t i = 0; i < 2; i++) {
		struct rig r;
		rig_one_node(&r);
		rig_pod(&r, rig_start(&r), POD_CREATING);
		rig_turn(&r, rows[i].ends ? 2 * MIN : 29 * MIN);
		struct pullpolicy p = {
			.meta = {.name = "p"},
			.spec = {.max_concurrent_nodes = 9, .pull_timeout = rows[i].minutes * MIN}};
		core_put(r.core, KIND_PULLPOLICY, &p, r.now);
		rig_turn(&r, 2 * MIN);
		rig_written(&r);
		assert_int_equal(r.api.failed_nodes.n, rows[i].ends);
		if (rows[i].ends)
			assert_string_equal(r.api.failed_nodes.at[0].reason, "Timeout");
		rig_done(&r);
	}
}

static const struct rig_listed has_it[] = {{{"i:1"}, 9 << 20}, {{"small:1"}, 1 << 20}, {{NULL}, 0}};
static const struct rig_listed lacks_it[] = {{{"small:1"}, 1 << 20}, {{NULL}, 0}};

/* Pulled now, listed after a moment, and lacking after `after`; by a clock that is ahead. */
static void lose(struct rig *r, int64_t after_ms, int64_t ahead_s)
{
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_turn(r, 0);
	rig_turn(r, 5 * S);
	rig_node_lists(r, "a", r->now.wall_s + ahead_s, has_it);
	rig_turn(r, after_ms);
	rig_node_lists(r, "a", r->now.wall_s + ahead_s, lacks_it);
	rig_turn(r, 0);
}

/* 18. A kubelet five minutes ahead proves nothing sooner than another. */
static void rule_18_a_clock_that_is_ahead(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct rig r;
		rig_one_node(&r);
		lose(&r, late ? 90 * S : 7 * S, 300);
		assert_int_equal(r.acts.n_starts, late);
		rig_done(&r);
	}
}

/* 9, 18. A second loss waits, a third one longer; it is said, and stays so. */
static void rule_9_losses_back_off(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	lose(&r, 90 * S, 0);
	assert_int_equal(r.acts.n_starts, 1); /* the first: at once */
	lose(&r, 90 * S, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 26 * S);
	rig_written(&r);
	assert_int_equal(r.api.failed_nodes.n, 1);
	assert_string_equal(r.api.failed_nodes.at[0].reason, "Evicting");
	assert_int_equal(r.api.failed_nodes.at[0].attempts, 2);
	assert_non_null(strstr(message(&r), "0/1 nodes ready; Evicting on a: the node removed"));
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 8 * S);
	assert_int_equal(r.acts.n_starts, 1);
	lose(&r, 90 * S, 0);
	rig_turn(&r, 53 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 14 * S);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	/* Ready, and it stays visible. */
	assert_string_equal(r.api.phase, "Ready");
	assert_int_equal(r.api.failed_nodes.at[0].attempts, 3);
	/* The next leader goes on counting. */
	rig_next_life(&r);
	rig_node_lists(&r, "a", r.now.wall_s, has_it);
	rig_lead(&r);
	rig_turn(&r, 20 * MIN);
	rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.api.failed_nodes.at[0].attempts, 4);
	rig_done(&r);
}

/*
 * 18. A tag that moved to something smaller than all that is listed is missed twice at most: then
 * its size has to be seen again.
 */
static void rule_18_a_tag_that_shrank(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	lose(&r, 90 * S, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	size_t started = 0;
	for (int i = 0; i < 40; i++) {
		rig_turn(&r, 5 * MIN);
		started += r.acts.n_starts;
		if (r.acts.n_starts != 0)
			rig_pod(&r, rig_start(&r), POD_PULLED);
		rig_turn(&r, 2 * MIN);
		assert_int_equal(r.acts.n_starts, 0);
		rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
	}
	assert_int_equal(started, 1);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	/* Listed again, it can be missed again. */
	rig_node_lists(&r, "a", r.now.wall_s, has_it);
	rig_turn(&r, 2 * MIN);
	rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* An image that stayed for an hour begins anew. */
static void rule_9_losses_are_forgotten(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	lose(&r, 90 * S, 0);
	assert_int_equal(r.acts.n_starts, 1);
	lose(&r, 61 * MIN, 0);
	assert_int_equal(r.acts.n_starts, 1);
	rig_done(&r);
}

/* 17a. From kubelet 1.35 on a listed image is no promise: one pod asks. */
static void rule_17a_one_pod_asks(void **state)
{
	(void)state;
	static const char *const versions[] = {"v1.34.4", "v1.35.0"};
	for (size_t i = 0; i < 2; i++) {
		struct rig r;
		rig_new(&r);
		rig_policy(&r, "p", 9, 0);
		struct node_condition ready = {"Ready", "True", RIG_WALL_S};
		const char *names[] = {"i:1"};
		struct node_image listed = {.names = {names, 1}, .size = 9};
		struct node n = {.meta = {.name = "a", .uid = "a"},
				 .conditions = {&ready, 1},
				 .images = {&listed, 1},
				 .kubelet_version = versions[i]};
		node_trim(&n, &r.keep);
		core_put(r.core, KIND_NODE, &n, r.now);
		struct cachedimage img = rig_image_of("i", "1", "p");
		struct api_name_ref secrets[] = {{"one"}, {"two"}};
		img.spec.image_pull_policy = "IfNotPresent";
		img.spec.image_pull_secrets = (struct api_name_refs){secrets, 1};
		rig_put_image(&r, &img);
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, i);
		if (i == 1) {
			rig_pod(&r, rig_start(&r), POD_PULLED);
			rig_turn(&r, 0);
			rig_settle(&r);
			/* Other secrets: another pod asks. */
			img.spec.image_pull_secrets.at = &secrets[1];
			img.meta.generation = 2;
			rig_put_image(&r, &img);
			rig_turn(&r, 1 * S);
			assert_int_equal(r.acts.n_starts, 1);
		}
		rig_done(&r);
	}
}

/* 20. What keeps a pull for a minute is said, with the node. */
static void rule_20_a_stuck_pull_is_named(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PENDING);
	rig_turn(&r, 59 * S);
	rig_written(&r);
	assert_string_equal(message(&r), "0/1 nodes ready");
	rig_turn(&r, 1 * S);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(message(&r), "0/1 nodes ready; NodeUnresponsive on a: kubelet did not "
					 "take the pull pod");
	rig_done(&r);
}

/* 20. So is a pod that cannot be created. */
static void rule_20_a_create_that_fails_is_named(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	for (int i = 0; i < 33; i++) {
		if (r.acts.n_starts != 0)
			core_started(r.core, r.acts.starts[0].pod_name, START_FAILED,
				     "HTTP 500: no space left", r.now);
		rig_turn(&r, 2 * S);
	}
	rig_written(&r);
	assert_string_equal(message(&r), "0/1 nodes ready; CreateFailed on a: HTTP 500: no space "
					 "left");
	rig_done(&r);
}

/* 3, 11. A pod that its kubelet does not take keeps the slot of its policy for 45 s. */
static void rule_11_an_untaken_pod_gives_its_slot_back(void **state)
{
	struct rig r;
	(void)state;
	three(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PENDING);
	rig_turn(&r, 44 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 1 * S);
	assert_string_equal(rig_starts(&r), "b");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	/* Taken after all: it counts again, and c waits. */
	rig_pod(&r, s, POD_CREATING);
	rig_turn(&r, 15 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	rig_done(&r);
}

/* 2. A candidate of the autoscaler comes last. */
static void rule_2_candidates_come_last(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	rig_node(&r, "b");
	struct node_taint t = {"DeletionCandidateOfClusterAutoscaler", "1", "PreferNoSchedule"};
	struct node_condition c = {"Ready", "True"};
	struct node n = {
		.meta = {.name = "a", .uid = "a"}, .taints = {&t, 1}, .conditions = {&c, 1}};
	core_put(r.core, KIND_NODE, &n, r.now);
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* etcd was restored from a backup in which the pod is still there: it is deleted once more. */
static void rule_10_deleted_and_there_again(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *s = rig_start(&r);
	rig_written(&r);
	rig_made(&r, s);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	core_deleted(r.core, s->pod_name, true, r.now);
	int64_t done_ms = r.now.boot_ms;
	core_listed(r.core, done_ms, r.now); /* may have been read before */
	rig_turn(&r, 10 * S);
	assert_int_equal(r.acts.n_deletes, 0);
	core_listed(r.core, done_ms + 1, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_writes,
			 1); /* the status is not on the list either, and comes first */
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	assert_string_equal(r.acts.deletes[0].pod_name, s->pod_name);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_10_deleted_and_there_again),
		cmocka_unit_test(rule_3_a_dead_node_keeps_no_slot),
		cmocka_unit_test(rule_3_a_blip_costs_nothing),
		cmocka_unit_test(rule_3_a_node_that_is_shut_down),
		cmocka_unit_test(rule_9_no_timeout_on_a_dead_node),
		cmocka_unit_test(rule_14_a_nodes_fault_is_the_nodes),
		cmocka_unit_test(rule_14_one_probe_a_node),
		cmocka_unit_test(rule_14_a_change_of_an_image_probes),
		cmocka_unit_test(rule_14_a_nodes_fault_after_a_restart),
		cmocka_unit_test(rule_14_unknown_words_cost_two_pods),
		cmocka_unit_test(rule_9_a_changed_timeout),
		cmocka_unit_test(rule_18_a_clock_that_is_ahead),
		cmocka_unit_test(rule_9_losses_back_off),
		cmocka_unit_test(rule_18_a_tag_that_shrank),
		cmocka_unit_test(rule_9_losses_are_forgotten),
		cmocka_unit_test(rule_17a_one_pod_asks),
		cmocka_unit_test(rule_20_a_stuck_pull_is_named),
		cmocka_unit_test(rule_20_a_create_that_fails_is_named),
		cmocka_unit_test(rule_11_an_untaken_pod_gives_its_slot_back),
		cmocka_unit_test(rule_2_candidates_come_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
