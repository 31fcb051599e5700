/* Outcomes survive restarts, lost answers and lost events (behaviour.md 6, 10, 12, 16, 19). */
#include "tests/reconciler/core/rig.h"

#include "api/pullpod.h"

#define S 1000

static void rule_10_status_first_then_delete(void **state)
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
	assert_int_equal(r.acts.n_writes, 1);
	assert_int_equal(r.acts.n_deletes, 0);
	/* The write is lost: again, and still no delete. */
	core_written(r.core, "i", "i", WRITE_FAILED, 0, r.now);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_writes + r.acts.n_deletes, 0);
	rig_turn(&r, 1 * S);
	assert_int_equal(r.acts.n_writes, 1);
	rig_written(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	assert_string_equal(r.acts.deletes[0].pod_name, s->pod_name);
	assert_string_equal(r.acts.deletes[0].pod_uid, s->pod_name);
	/* Not deleted: asked again later. */
	core_deleted(r.core, s->pod_name, false, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	core_deleted(r.core, s->pod_name, true, r.now);
	core_gone(r.core, KIND_POD, s->pod_name, r.now);
	rig_turn(&r, 3600 * S);
	assert_int_equal(r.acts.n_deletes + r.acts.n_starts, 0);
	rig_done(&r);
}

static void rule_10_not_before_its_start_is_answered(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *s = rig_start(&r);
	rig_written(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_made(&r, s);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_done(&r);
}

/* Its pod was made, and its node with it was gone before the watch showed either. */
static void replaced_unseen(struct rig *r)
{
	rig_one_node(r);
	r->keep_pods = true;
	const struct core_start *s = rig_start(r);
	core_started(r->core, s->pod_name, START_MADE, NULL, r->now);
	rig_node_as(r, "a", "another", true, NULL, RIG_WALL_S + 1, "amd64");
	rig_turn(r, 2 * S);
	assert_int_equal(r->acts.n_starts, 0);
}

static void rule_10_came_and_went_unseen(void **state)
{
	struct rig r;
	(void)state;
	replaced_unseen(&r);
	/* A list that began before the pod was made says nothing of it. */
	core_listed(r.core, r.now.boot_ms - 3 * S, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	core_listed(r.core, r.now.boot_ms - S, r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);

	/* Without such a list, time tells. */
	replaced_unseen(&r);
	rig_turn(&r, 110 * S);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 10 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);

	/* On a node that stayed it is the pull that failed. */
	rig_one_node(&r);
	r.keep_pods = true;
	core_started(r.core, rig_start(&r)->pod_name, START_MADE, NULL, r.now);
	rig_turn(&r, 2 * S);
	core_listed(r.core, r.now.boot_ms, r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 40 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* The image is deleted while the create is under way, and the pod with it before the answer. */
static void rule_10_pod_deleted_before_the_answer(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const char *pod = rig_start(&r)->pod_name;
	core_gone(r.core, KIND_CACHEDIMAGE, "i", r.now);
	core_gone(r.core, KIND_POD, pod, r.now);
	core_started(r.core, pod, START_MADE, NULL, r.now);
	rig_turn(&r, 0);
	struct cachedimage again = rig_image_of("i", "1", "p");
	again.meta.uid = "another";
	rig_put_image(&r, &again);
	rig_turn(&r, 2 * S);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_6_asked_again_by_the_same_name(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	core_started(r.core, s->pod_name, START_FAILED, "no answer", r.now);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_turn(&r, 2 * S);
	assert_string_equal(rig_start(&r)->pod_name, s->pod_name);
	rig_done(&r);
}

/* A new process sees the pod and the status: counted once, whichever was first. */
static void rule_10_restart_counts_once(void **state)
{
	struct rig r;
	(void)state;
	for (int written = 0; written < 2; written++) {
		rig_one_node(&r);
		const struct core_start *s = rig_start(&r);
		rig_pod(&r, s, POD_NOT_FOUND);
		rig_written(&r);
		rig_turn(&r, 2 * S);
		if (written)
			rig_written(&r);
		rig_next_life(&r); /* the image before its node: any order will do */
		rig_pod(&r, s, POD_NOT_FOUND);
		rig_node(&r, "a");
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, 0);
		rig_written(&r);
		rig_turn(&r, 2 * S);
		rig_written(&r);
		assert_int_equal(r.api.failed_nodes.n, 1);
		assert_int_equal(r.api.failed_nodes.at[0].attempts, 1);
		rig_turn(&r, 0);
		rig_turn(&r, 34 * S);
		assert_string_equal(rig_start(&r)->pulls[0].attempt, "1");
		rig_done(&r);
	}
}

static struct cachedimage cached_on(const char *node, const char *reference, int64_t generation)
{
	static const char *at[1];
	struct cachedimage img = rig_image_of("i", "1", NULL);
	at[0] = node;
	img.status.phase = "Ready";
	img.status.observed_generation = generation;
	img.status.cached_image = reference;
	img.status.cached_nodes = (struct api_strings){at, 1};
	img.status.last_pulled_at = RIG_WALL_S - 100;
	return img;
}

struct adopt_row {
	const char *name, *reference;
	int64_t generation, node_created;
	bool cached;
};

static const struct adopt_row adopts[] = {
	{"ours", "i:1", 1, 5, true},
	{"ours, older generation, same reference", "i:1", 0, 5, true},
	{"another reference", "i:0", 1, 5, false},
	{"upstream's, of this generation", NULL, 1, 5, true},
	{"upstream's, of an older generation", NULL, 0, 5, false},
	{"a node created later", "i:1", 1, RIG_WALL_S - 99, false},
};

static void rule_16_what_status_says(void **state)
{
	(void)state;
	FOREACH_ROW(struct adopt_row, adopts)
	{
		struct rig r;
		rig_new(&r);
		struct cachedimage img = cached_on("a", row->reference, row->generation);
		rig_put_image(&r, &img);
		rig_node_as(&r, "a", "a", true, NULL, row->node_created, "amd64");
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, row->cached ? 0 : 1);
		rig_done(&r);
	}
}

static void installed(struct rig *r, const char *machine)
{
	struct node_condition ready = {"Ready", "True"};
	struct node n = {
		.meta = {.name = "a", .uid = "a", .created = RIG_WALL_S - 100000},
		.conditions = {&ready, 1},
		.os = "linux",
		.arch = "amd64",
		.machine = machine,
	};
	core_put(r->core, KIND_NODE, &n, r->now);
	rig_turn(r, 0);
}

static void rule_16_installed_again_under_the_same_node(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage img = cached_on("a", "i:1", 1);
	rig_put_image(&r, &img);
	rig_node(&r, "a");
	rig_lead(&r);
	installed(&r, NULL);
	installed(&r, "m1"); /* it was not known before */
	installed(&r, "m1");
	installed(&r, ""); /* some kubelets have none */
	installed(&r, "m1");
	assert_int_equal(r.acts.n_starts, 0);
	installed(&r, "m2");
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

/* A standby saw it: what the leader before wrote of the node is about the other installation. */
static void rule_16_installed_again_while_a_standby_looked(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		struct rig r;
		rig_new(&r);
		struct cachedimage img = cached_on("a", "i:1", 1);
		rig_put_image(&r, &img);
		installed(&r, "m1");
		rig_turn(&r, 60 * S);
		installed(&r, again ? "m2" : "m1");
		rig_lead(&r);
		rig_turn(&r, 1 * S);
		assert_string_equal(rig_starts(&r), again ? "a" : "");
		rig_done(&r);
	}
}

static void rule_16_a_changed_tag_starts_over(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_made(&r, s);
	rig_pod(&r, s, POD_CREATING);
	struct cachedimage img = rig_image_of("i", "2", "p");
	img.meta.generation = 2;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	/* The old pod belongs to nothing now; the new one comes when it is gone. */
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	assert_string_equal(r.acts.deletes[0].pod_name, s->pod_name);
	rig_turn(&r, 0);
	assert_string_equal(rig_start(&r)->pulls[0].reference, "i:2");
	rig_done(&r);
}

/* A failed pod goes on pulling until it is gone: its retry waits for that, however short the wait.
 */
static void rule_10_no_retry_beside_the_failed_pod(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	struct failure_backoff soon = {500, 500};
	struct pullpolicy p = {.meta = {.name = "p"},
			       .spec = {.max_concurrent_nodes = 9, .failure_backoff = &soon}};
	core_put(r.core, KIND_PULLPOLICY, &p, r.now);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	const struct core_start *s = rig_start(&r);
	rig_made(&r, s);
	rig_turn(&r, 0);
	rig_pod(&r, s, POD_NOT_FOUND);
	rig_turn(&r, 0);
	/* The API server refuses status writes for a while. */
	for (int i = 0; i < 20; i++) {
		for (size_t k = 0; k < r.acts.n_writes; k++)
			core_written(r.core, "i", "i", WRITE_FAILED, 0, r.now);
		r.acts.n_writes = 0;
		rig_turn(&r, 1 * S);
		assert_int_equal(r.acts.n_starts + r.acts.n_deletes, 0);
	}
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_turn(&r, 0);
	assert_string_equal(rig_start(&r)->pulls[0].attempt, "1");
	rig_done(&r);
}

/* The node was replaced while nobody looked: its pods run on the new one of that name. */
static void rule_12_pods_of_a_former_node(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_settle(&r);
	rig_image(&r, "j", "1", "p");
	rig_turn(&r, 0);
	r.keep_pods = true;
	const struct core_start *j = rig_start(&r);
	rig_made(&r, j);
	rig_pod(&r, j, POD_CREATING);
	rig_node_as(&r, "a", "other", true, NULL, r.now.wall_s, "amd64");
	rig_image(&r, "k", "1", "p");
	rig_turn(&r, 0);
	/* Deleted at once, and until it is gone it counts: two a node. */
	assert_int_equal(r.acts.n_deletes, 1);
	assert_string_equal(r.acts.deletes[0].pod_name, j->pod_name);
	const struct core_start *first = rig_start(&r);
	assert_string_equal(first->pulls[0].image_name, "i");
	assert_string_equal(first->node_uid, "other");
	core_gone(r.core, KIND_POD, j->pod_name, r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_start(&r)->pulls[0].image_name, "j");
	rig_done(&r);
}

/* Its image went before it was seen, and a webhook sent it to another node: that one waits. */
static void rule_10_a_pod_on_another_node_than_asked_for(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *s = rig_start(&r);
	core_gone(r.core, KIND_CACHEDIMAGE, "i", r.now);
	rig_image(&r, "i", "2", "p");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	struct core_start elsewhere = *s;
	elsewhere.node = "b";
	rig_pod(&r, &elsewhere, POD_CREATING);
	rig_turn(&r, 0);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_node(&r, "b");
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	core_started(r.core, s->pod_name, START_MADE, "", r.now);
	core_gone(r.core, KIND_POD, s->pod_name, r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "b");
	rig_done(&r);
}

/*
 * 8. A webhook sends the pod to a node that we did not ask for: nothing was pulled on ours, and what
 * becomes of ours concerns no other node.
 */
static void rule_8_a_pod_that_is_sent_elsewhere(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *s = rig_start(&r);
	struct core_start elsewhere = *s;
	rig_made(&r, s);
	elsewhere.node = "b";
	rig_pod(&r, &elsewhere, POD_PULLED);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_int_equal(r.api.nodes_ready, 0);
	assert_string_equal(r.api.failed_nodes.at[0].reason, "PodMutated");
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_node(&r, "c");
	rig_pod(&r, &elsewhere, POD_PULLED);
	rig_turn(&r, 2 * S);
	assert_string_equal(rig_starts(&r), "c");
	rig_done(&r);
}

static void put_tag(struct rig *r, const char *tag, int64_t generation)
{
	struct cachedimage img = rig_image_of("i", tag, "p");
	img.meta.generation = generation;
	img.meta.rv = 1000 + (uint64_t)generation;
	rig_put_image(r, &img);
}

/*
 * 16, 6. A tag that comes back begins at attempt 0, under the name of its first pod: not while
 * that one is there, whose end would be taken for the end of the new one.
 */
static void rule_16_a_tag_comes_back(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *first = rig_start(&r);
	rig_made(&r, first);
	rig_pod(&r, first, POD_CREATING);
	put_tag(&r, "2", 2);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	put_tag(&r, "1", 3);
	rig_turn(&r, 5 * S);
	assert_int_equal(r.acts.n_starts, 0);
	/* It ended before it was deleted: no evidence for what is wanted now. */
	rig_pod(&r, first, POD_PULLED);
	rig_turn(&r, 5 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pending");
	core_gone(r.core, KIND_POD, first->pod_name, r.now);
	rig_turn(&r, 0);
	assert_string_equal(rig_start(&r)->pod_name, first->pod_name);
	rig_done(&r);
}

/* 19. Beyond the 100 of failedNodes attempts are forgotten: a pod more, never a success. */
static void rule_19_more_failures_than_are_kept(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 500, 0);
	struct cachedimage img = rig_image_of("i", "1", "p");
	struct failed_node failed[FAILED_NODES_MAX];
	for (int i = 0; i < FAILED_NODES_MAX; i++)
		failed[i] = (struct failed_node){arena_printf(&r.keep, "n%03d", i), "Evicted", "x",
						 9, RIG_WALL_S - 1};
	img.status = (struct cachedimage_status){.phase = "Pending",
						 .cached_image = "i:1",
						 .failed_nodes = {failed, FAILED_NODES_MAX}};
	rig_put_image(&r, &img);
	for (int i = 0; i < FAILED_NODES_MAX + 5; i++)
		rig_node(&r, arena_printf(&r.keep, "n%03d", i));
	rig_lead(&r);
	size_t starts = 0;
	for (int i = 0; i < 20; i++, rig_turn(&r, 1 * S))
		for (size_t k = 0; k < r.acts.n_starts; k++, starts++) {
			assert_string_equal(r.acts.starts[k].pulls[0].attempt, "0");
			assert_true(strcmp(r.acts.starts[k].node, "n099") > 0);
		}
	/* The 100 keep their back-off of minutes. */
	assert_int_equal(starts, 5);
	rig_done(&r);
}

static void put_stray(struct rig *r, size_t n_labels)
{
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, "nobody"},
				  {PULLPOD_LABEL_NODE, "a"}};
	struct pod pod = {.meta = {.name = "stray", .uid = "u", .labels = {labels, n_labels}},
			  .node_name = "a",
			  .phase = "Succeeded"};
	core_put(r->core, KIND_POD, &pod, r->now);
}

static void rule_10_strays(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	put_stray(&r, 2);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 0);
	put_stray(&r, 3);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 1);
	rig_done(&r);
}

/* 6. Pods of upstream have no annotations: labels, node and image say what they are. */
static void rule_6_upstreams_pods(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "no", r.now);
	struct api_kv labels[] = {{PULLPOD_LABEL_MANAGED_BY, PULLPOD_MANAGED_BY},
				  {PULLPOD_LABEL_IMAGE, "i"},
				  {PULLPOD_LABEL_NODE, "a"}};
	struct pod_container c = {"puller", "docker.io/library/i:1"};
	struct pod pod = {.meta = {.name = "old", .uid = "u", .created = RIG_WALL_S},
			  .node_name = "a",
			  .containers = {&c, 1},
			  .phase = "Succeeded"};
	pod.meta.labels = (struct api_map){labels, 3};
	core_put(r.core, KIND_POD, &pod, r.now);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	rig_turn(&r, 0);
	assert_string_equal(r.acts.deletes[0].pod_name, "old");
	rig_done(&r);
}

/* 10. Two pods of a pair: one is to be deleted, and is wanted before that was asked for. */
static void rule_10_wanted_again_before_its_delete(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	r.keep_pods = true;
	const struct core_start *s = rig_start(&r);
	rig_made(&r, s);
	rig_pod(&r, s, POD_CREATING);
	struct core_start_pull pull = s->pulls[0];
	struct core_start other = *s;
	pull.attempt = "1";
	other.pod_name = "other";
	other.pulls = &pull;
	rig_pod(&r, &other, POD_CREATING);
	rig_pod(&r, s, POD_NOT_FOUND);
	rig_pod(&r, &other, POD_CREATING);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_deletes, 0);
	rig_pod(&r, &other, POD_PULLED);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	rig_turn(&r, 2 * S);
	assert_int_equal(r.acts.n_deletes, 1);
	assert_string_equal(r.acts.deletes[0].pod_name, "other");
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_10_status_first_then_delete),
		cmocka_unit_test(rule_10_not_before_its_start_is_answered),
		cmocka_unit_test(rule_10_came_and_went_unseen),
		cmocka_unit_test(rule_10_pod_deleted_before_the_answer),
		cmocka_unit_test(rule_6_asked_again_by_the_same_name),
		cmocka_unit_test(rule_10_restart_counts_once),
		cmocka_unit_test(rule_16_what_status_says),
		cmocka_unit_test(rule_16_installed_again_under_the_same_node),
		cmocka_unit_test(rule_16_installed_again_while_a_standby_looked),
		cmocka_unit_test(rule_16_a_changed_tag_starts_over),
		cmocka_unit_test(rule_10_no_retry_beside_the_failed_pod),
		cmocka_unit_test(rule_12_pods_of_a_former_node),
		cmocka_unit_test(rule_10_a_pod_on_another_node_than_asked_for),
		cmocka_unit_test(rule_8_a_pod_that_is_sent_elsewhere),
		cmocka_unit_test(rule_16_a_tag_comes_back),
		cmocka_unit_test(rule_19_more_failures_than_are_kept),
		cmocka_unit_test(rule_10_wanted_again_before_its_delete),
		cmocka_unit_test(rule_10_strays),
		cmocka_unit_test(rule_6_upstreams_pods),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
