/* What the core tells (behaviour.md 4, 11, 22): each fact once, when it happens. */
#include "api/pullpod.h"
#include "reconciler/explain/explain.h"
#include "reconciler/core/image_stats.h"
#include "tests/reconciler/core/rig.h"

#define S 1000

/* The facts of the last turn: there is exactly this one. */
static const struct core_fact *only(struct rig *r, enum core_fact_kind kind)
{
	assert_int_equal(r->acts.n_facts, 1);
	const struct core_fact *f = &r->acts.facts[0];
	assert_int_equal(f->kind, kind);
	assert_string_equal(f->image, "i");
	assert_string_equal(f->image_uid, "i");
	return f;
}

static void rule_22_started_and_succeeded(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	assert_string_equal(only(&r, FACT_PULL_STARTED)->node, "a");
	const struct core_start *s = rig_start(&r);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_facts, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	const struct core_fact *f = only(&r, FACT_PULL_SUCCEEDED);
	assert_string_equal(f->node, "a");
	assert_int_equal(f->took_ms, 3 * S);
	rig_done(&r);
}

static void rule_22_failed_and_refused(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_NOT_FOUND);
	rig_turn(&r, 0);
	const struct core_fact *f = only(&r, FACT_PULL_FAILED);
	assert_string_equal(f->reason, "ErrImagePull");
	assert_string_equal(f->message, "image not found");
	rig_done(&r);

	rig_one_node(&r);
	core_started(r.core, rig_start(&r)->pod_name, START_REFUSED, "exceeded quota", r.now);
	rig_turn(&r, 0);
	f = only(&r, FACT_POD_REFUSED);
	assert_string_equal(f->reason, "PodRejected");
	assert_string_equal(f->message, "exceeded quota");
	rig_done(&r);
}

static void rule_11_policy_not_found(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_node(&r, "a");
	rig_image(&r, "i", "1", "no-such");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 2);
	assert_int_equal(r.acts.facts[0].kind, FACT_POLICY_NOT_FOUND);
	assert_string_equal(r.acts.facts[0].message, "no-such");
	rig_policy(&r, "no-such", 1, 0);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 0);
	/* It goes: said again. */
	core_gone(r.core, KIND_PULLPOLICY, "no-such", r.now);
	rig_turn(&r, 0);
	only(&r, FACT_POLICY_NOT_FOUND);
	rig_done(&r);
}

static void rule_4_no_nodes_is_said_once(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_image(&r, "i", "1", NULL);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_null(only(&r, FACT_NO_NODES)->node);
	rig_turn(&r, 60 * S);
	assert_int_equal(r.acts.n_facts, 0);
	/* Not by the next life either, which reads in status that it was. */
	rig_restart(&r);
	struct cachedimage img = rig_image_of("i", "1", NULL);
	img.status = r.api;
	rig_put_image(&r, &img);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 0);
	rig_node(&r, "a");
	rig_turn(&r, 0);
	only(&r, FACT_PULL_STARTED);
	core_gone(r.core, KIND_NODE, "a", r.now);
	rig_turn(&r, 0);
	only(&r, FACT_NO_NODES);
	rig_done(&r);
}

/* What metrics are made of: whose fault, what was pulled, and how long the kubelet says it took. */
static void facts_carry_what_is_measured(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	const struct core_fact *f = only(&r, FACT_PULL_SUCCEEDED);
	assert_string_equal(f->reference, "i:1");
	assert_int_equal(f->kubelet_s, -1); /* the pod says nothing of times */
	rig_done(&r);
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_NOT_FOUND);
	rig_turn(&r, 0);
	assert_int_equal(only(&r, FACT_PULL_FAILED)->fault, FAULT_IMAGE);
	rig_done(&r);
}

/* A node that joins later is warm once the last of its images is there; said once. */
static void a_new_node_becomes_warm(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	/* The first node was there before us: it is not new. */
	only(&r, FACT_PULL_SUCCEEDED);
	rig_node(&r, "b");
	rig_turn(&r, 5 * S);
	const struct core_start *s = rig_start(&r);
	rig_turn(&r, 7 * S);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 2);
	assert_int_equal(r.acts.facts[1].kind, FACT_NODE_WARM);
	assert_string_equal(r.acts.facts[1].node, "b");
	assert_null(r.acts.facts[1].image);
	assert_int_equal(r.acts.facts[1].took_ms, 12 * S);
	rig_node(&r, "b");
	rig_turn(&r, S);
	assert_int_equal(r.acts.n_facts, 0);
	rig_done(&r);
}

#define NODES 300

/* A pod of all images on that node, of an earlier leader: it has ended, and nobody looked so far. */
static void put_ended(struct rig *r, int node)
{
	struct core_start_pull pulls[PULLPOD_IMAGES_MAX];
	char *name = arena_printf(&r->keep, "node-%d", node);
	struct core_start s = {.pod_name = arena_printf(&r->keep, "pod-%d", node),
			       .node = name,
			       .node_uid = name,
			       .batch = "images",
			       .pulls = pulls,
			       .n_pulls = PULLPOD_IMAGES_MAX};
	enum fate fates[PULLPOD_IMAGES_MAX];
	for (int i = 0; i < PULLPOD_IMAGES_MAX; i++) {
		char *image = arena_printf(&r->keep, "i%d", i);
		pulls[i] = (struct core_start_pull){
			.image_name = image,
			.image_uid = image,
			.reference = arena_printf(&r->keep, "%s:1", image),
			.attempt = "0",
		};
		fates[i] = POD_PULLED;
	}
	rig_batch(r, &s, fates);
}

static size_t count_succeeded(const struct core_fact *facts, size_t n)
{
	size_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += facts[i].kind == FACT_PULL_SUCCEEDED;
	return sum;
}

static void rig_large(struct rig *r)
{
	rig_new(r);
	rig_policy(r, "p", NODES, 0);
	for (int i = 0; i < PULLPOD_IMAGES_MAX; i++)
		rig_image(r, arena_printf(&r->keep, "i%d", i), "1", "p");
	for (int i = 0; i < NODES; i++)
		rig_node(r, arena_printf(&r->keep, "node-%d", i));
}

/* Counters are made of facts: thousands of pulls that end in one turn are all told. */
static void rule_22_none_is_lost(void **state)
{
	struct rig r;
	(void)state;
	rig_large(&r);
	for (int i = 0; i < NODES; i++)
		put_ended(&r, i);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(count_succeeded(r.acts.facts, r.acts.n_facts), NODES * PULLPOD_IMAGES_MAX);
	rig_turn(&r, 0);
	assert_int_equal(count_succeeded(r.acts.facts, r.acts.n_facts), 0);
	rig_done(&r);
}

/* What is handed out before the turn is not handed out with it, and the rest is. */
static void rule_22_many_before_the_turn(void **state)
{
	struct rig r;
	const struct core_fact *facts = NULL;
	size_t n, pulls = PULLPOD_IMAGES_MAX;
	(void)state;
	rig_large(&r);
	rig_lead(&r);
	core_turn(r.core, r.now, (struct core_room){0}, &r.turn, &r.acts);
	put_ended(&r, 0);
	assert_int_equal(core_facts(r.core, 2 * pulls, &facts), 0);
	put_ended(&r, 1);
	n = core_facts(r.core, 2 * pulls, &facts);
	assert_int_equal(count_succeeded(facts, n), 2 * pulls);
	put_ended(&r, 2);
	assert_string_equal(facts[0].node, "node-0");
	core_turn(r.core, r.now, (struct core_room){0}, &r.turn, &r.acts);
	assert_int_equal(count_succeeded(r.acts.facts, r.acts.n_facts), pulls);
	assert_string_equal(r.acts.facts[0].node, "node-2");
	rig_done(&r);
}

static void image_stats_follow(void **state)
{
	struct rig r;
	struct image_stats *list;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	rig_node(&r, "a");
	rig_node(&r, "b");
	rig_image(&r, "i", "1", "p");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(core_image_stats(r.core, &r.turn, &list), 1);
	assert_string_equal(list[0].image, "i");
	assert_string_equal(list[0].reference, "i:1");
	assert_string_equal(list[0].policy, "p");
	assert_int_equal(list[0].targeted, 2);
	assert_int_equal(list[0].active, 1);
	assert_int_equal(list[0].waiting, 1);
	assert_int_equal(list[0].waiting_ms, r.now.boot_ms);
	int64_t since = list[0].waiting_ms;
	rig_pod(&r, rig_start(&r), POD_NOT_FOUND);
	rig_turn(&r, 3 * S);
	core_image_stats(r.core, &r.turn, &list);
	assert_int_equal(list[0].failures, 1);
	assert_true(list[0].degraded);
	struct explain_summary *told;
	assert_int_equal(explain_images(r.core, NULL, 9, r.now, &r.turn, &told), 1);
	assert_string_equal(told[0].cause, "image not found");
	assert_int_equal(list[0].ready, 0);
	assert_true(list[0].waiting_ms == 0 || list[0].waiting_ms == since);
	assert_true(core_has_node(r.core, "a"));
	assert_false(core_has_node(r.core, "c"));
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_22_started_and_succeeded),
		cmocka_unit_test(rule_22_failed_and_refused),
		cmocka_unit_test(rule_11_policy_not_found),
		cmocka_unit_test(rule_4_no_nodes_is_said_once),
		cmocka_unit_test(facts_carry_what_is_measured),
		cmocka_unit_test(a_new_node_becomes_warm),
		cmocka_unit_test(rule_22_none_is_lost),
		cmocka_unit_test(rule_22_many_before_the_turn),
		cmocka_unit_test(image_stats_follow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
