/* What nodes say they have: not pulled again (behaviour.md 17), or noticed to be lost (18, 19). */
#include "tests/reconciler/core/rig.h"

#include "reconciler/rules/presence.h"

#define S      1000
#define MB     ((int64_t)1000 * 1000)
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void rule_18_sizes_are_rounded_down(void **state)
{
	(void)state;
	static const int64_t at[] = {1,    1023,     1024,     2047,      2048,
				     2049, 12345678, 87654321, INT32_MAX, (int64_t)1 << 40};
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		int64_t got = presence_bytes(presence_size_of(at[i]));
		assert_true(got <= at[i] && got >= at[i] - at[i] / 1000);
	}
	assert_int_equal(presence_size_of(0), 1);
	assert_int_equal(presence_size_of(-5), 1);
	assert_true(presence_bytes(presence_size_of(INT64_MAX)) > 0);
}

struct proof_row {
	const char *name;
	struct presence p;
	int64_t size; /* ours, as the node said once; 0: never */
	bool want;
};

#define PULLED 1000
#define OTHERS .n = 3, .smallest = 5 * MB

static const struct proof_row proofs[] = {
	{"all that it takes", {.ready = true, .heartbeat_s = 1061, OTHERS}, 6 * MB, true},
	{"not ready", {.ready = false, .heartbeat_s = 1061, OTHERS}, 6 * MB, false},
	{"too soon", {.ready = true, .heartbeat_s = 1060, OTHERS}, 6 * MB, false},
	{"no heartbeat", {.ready = true, OTHERS}, 6 * MB, false},
	{"no smaller one: ours may be cut off",
	 {.ready = true, .heartbeat_s = 1061, OTHERS},
	 4 * MB,
	 false},
	{"one of the same size", {.ready = true, .heartbeat_s = 1061, OTHERS}, 5 * MB, false},
	{"our size is not known", {.ready = true, .heartbeat_s = 1061, OTHERS}, 0, false},
	{"five names: ours may be hidden",
	 {.ready = true, .heartbeat_s = 1061, .names_full = true, OTHERS},
	 6 * MB,
	 false},
	{"nothing is listed", {.ready = true, .heartbeat_s = 1061}, 6 * MB, false},
};

static void rule_18_proof(void **state)
{
	(void)state;
	FOREACH_ROW(struct proof_row, proofs)
	{
		presence_size size = row->size != 0 ? presence_size_of(row->size) : 0;
		assert_int_equal(presence_disproved(&row->p, size, PULLED), row->want);
	}
}

struct there_row {
	const char *name;
	const char *policy, *tag, *digest; /* of image "i" */
	const char *listed;
	bool pulled; /* a pull is started all the same */
};

static const struct there_row theres[] = {
	{"IfNotPresent", "IfNotPresent", "1", NULL, "docker.io/library/i:1", false},
	{"Never", "Never", "1", NULL, "docker.io/library/i:1", false},
	{"Always: the tag may have moved", "Always", "1", NULL, "docker.io/library/i:1", true},
	{"Always by default", NULL, "1", NULL, "docker.io/library/i:1", true},
	{"a digest never moves", "Always", NULL, DIGEST, "docker.io/library/i@" DIGEST, false},
	{"no tag is latest", "IfNotPresent", NULL, NULL, "docker.io/library/i:latest", false},
	{"another tag", "IfNotPresent", "1", NULL, "docker.io/library/i:12", true},
	{"another repository", "IfNotPresent", "1", NULL, "docker.io/library/hi:1", true},
	{"another registry", "IfNotPresent", "1", NULL, "example.com/library/i:1", true},
	{"part of a name", "IfNotPresent", "1", NULL, "example.com/docker.io/library/i:1", true},
};

static void rule_17_what_is_there_is_not_pulled(void **state)
{
	(void)state;
	FOREACH_ROW(struct there_row, theres)
	{
		struct rig r;
		rig_new(&r);
		struct rig_listed lists[] = {{{"x:1", row->listed}, 9 * MB}, {{NULL}, 0}};
		rig_node_lists(&r, "a", RIG_WALL_S, lists);
		struct cachedimage img = rig_image_of("i", row->tag, NULL);
		img.spec.digest = row->digest;
		img.spec.image_pull_policy = row->policy;
		rig_put_image(&r, &img);
		rig_lead(&r);
		rig_turn(&r, 0);
		assert_string_equal(rig_starts(&r), row->pulled ? "a" : "");
		rig_written(&r);
		assert_string_equal(r.api.phase, row->pulled ? "Pulling" : "Ready");
		if (row->digest != NULL)
			assert_string_equal(r.api.resolved_digest, DIGEST);
		rig_done(&r);
	}
}

static struct cachedimage if_not_present(void)
{
	struct cachedimage img = rig_image_of("i", "1", "p");
	img.spec.image_pull_policy = "IfNotPresent";
	return img;
}

static const struct rig_listed has_it[] = {{{"i:1"}, 9 * MB}, {{"x:1"}, 5 * MB}, {{NULL}, 0}};
static const struct rig_listed lacks_it[] = {{{"x:1"}, 5 * MB}, {{NULL}, 0}};

/* It comes while the pair waits, or backs off: no pod any more. Another node is not helped. */
static void rule_17_it_comes_by_itself(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	rig_node(&r, "a");
	rig_node(&r, "b");
	rig_node(&r, "c");
	struct cachedimage img = if_not_present();
	rig_put_image(&r, &img);
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_pod(&r, rig_start(&r), POD_EVICTED);
	rig_node_lists(&r, "a", r.now.wall_s, has_it);
	rig_node_lists(&r, "b", r.now.wall_s, has_it);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "c");
	rig_written(&r);
	rig_turn(&r, 2 * S);
	rig_written(&r);
	assert_string_equal(r.api.ready, "2/3");
	assert_int_equal(r.api.failed_nodes.n, 0);
	rig_done(&r);
}

/*
 * The pod does not say the digest: the Node is read once it lists the tag, by one GET for the
 * image; what comes of it for another reference, or for nobody who asked, is not taken.
 */
static void rule_19_digest_of_the_node(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	const struct core_start *s = rig_start(&r);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_resolves, 0);
	core_resolved(r.core, "i", s->pulls[0].image_uid, s->pulls[0].reference, true, DIGEST);
	rig_node_lists(&r, "a", r.now.wall_s, has_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_resolves, 1);
	assert_string_equal(r.acts.resolves[0].node, "a");
	assert_string_equal(r.acts.resolves[0].reference, s->pulls[0].reference);
	/* One at a time; one that was not answered is asked again at the next look. */
	rig_node_lists(&r, "a", r.now.wall_s + 1, has_it);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_resolves, 0);
	assert_null(r.api.resolved_digest);
	core_resolved(r.core, "i", s->pulls[0].image_uid, s->pulls[0].reference, false, NULL);
	rig_node_lists(&r, "a", r.now.wall_s + 2, has_it);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_resolves, 1);
	core_resolved(r.core, "i", s->pulls[0].image_uid, s->pulls[0].reference, true, DIGEST);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.resolved_digest, DIGEST);
	rig_node_lists(&r, "a", r.now.wall_s + 3, has_it);
	rig_turn(&r, 3 * S);
	assert_int_equal(r.acts.n_resolves, 0);
	rig_done(&r);
}

/* What a pod has not told before a restart is still read afterwards. */
static void rule_19_digest_after_a_restart(void **state)
{
	struct rig r;
	(void)state;
	rig_one_node(&r);
	rig_pod(&r, rig_start(&r), POD_PULLED);
	rig_turn(&r, 0);
	rig_written(&r);
	rig_turn(&r, 3 * S);
	rig_written(&r);
	assert_string_equal(r.api.ready, "1/1");
	assert_null(r.api.resolved_digest);
	rig_next_life(&r);
	rig_node(&r, "a");
	rig_lead(&r);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_resolves, 0);
	rig_node_lists(&r, "a", r.now.wall_s, has_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	assert_int_equal(r.acts.n_resolves, 1);
	rig_done(&r);
}

/* What was there without a pull costs no request. */
static void rule_19_no_digest_without_a_pull(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 1, 0);
	struct cachedimage img = if_not_present();
	rig_put_image(&r, &img);
	rig_node_lists(&r, "a", RIG_WALL_S, has_it);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_node_lists(&r, "a", RIG_WALL_S + 9, has_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts + r.acts.n_resolves, 0);
	rig_done(&r);
}

/* A node that is not targeted does not come into cachedNodes, and one that is joins at once. */
static void rule_17_targeted_nodes_only(void **state)
{
	struct rig r;
	(void)state;
	rig_new(&r);
	rig_policy(&r, "p", 9, 0);
	struct api_kv label = {"pool", "a"};
	struct cachedimage img = if_not_present();
	img.spec.node_selector = (struct api_map){&label, 1};
	rig_put_image(&r, &img);
	rig_node_lists(&r, "a", RIG_WALL_S, has_it);
	rig_lead(&r);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_int_equal(r.api.cached_nodes.n, 0);
	img.spec.node_selector.n = 0;
	img.meta.generation = 2;
	rig_put_image(&r, &img);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_starts, 0);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	rig_done(&r);
}

/* Pulled at the rig's time, then listed, a minute later. */
static void pulled_and_listed(struct rig *r)
{
	rig_one_node(r);
	rig_pod(r, rig_start(r), POD_PULLED);
	rig_turn(r, 0);
	rig_written(r);
	rig_turn(r, 30 * S);
	rig_node_lists(r, "a", r->now.wall_s, has_it);
	rig_turn(r, 0);
	assert_int_equal(r->acts.n_starts + r->acts.n_facts, 0);
}

static void rule_18_evicted_and_pulled_again(void **state)
{
	struct rig r;
	(void)state;
	pulled_and_listed(&r);
	rig_turn(&r, 600 * S);
	rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.facts[0].kind, FACT_EVICTED);
	assert_string_equal(r.acts.facts[0].node, "a");
	/* 6. Not attempt 0 again. */
	const struct core_start *s = rig_start(&r);
	assert_string_equal(s->pulls[0].attempt,
			    arena_printf(&r.keep, "r%lld", (long long)r.now.wall_s));
	rig_written(&r);
	assert_string_equal(r.api.phase, "Pulling");
	assert_int_equal(r.api.cached_nodes.n, 0);
	rig_pod(&r, s, POD_PULLED);
	rig_turn(&r, 0);
	rig_written(&r);
	assert_string_equal(r.api.phase, "Ready");
	/* The same list as before the pull proves nothing about it. */
	rig_node_lists(&r, "a", r.now.wall_s + 59, lacks_it);
	rig_turn(&r, 0);
	assert_int_equal(r.acts.n_facts, 0);
	rig_done(&r);
}

/* 11. Lost on three nodes at once: pulled again one by one. */
static void rule_18_under_pacing(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct rig r;
	(void)state;
	rig_new(&r);
	struct cachedimage img = if_not_present();
	rig_put_image(&r, &img);
	for (int i = 0; i < 3; i++)
		rig_node_lists(&r, names[i], RIG_WALL_S, has_it);
	rig_policy(&r, "p", 1, 0);
	rig_lead(&r);
	rig_turn(&r, 600 * S);
	assert_int_equal(r.acts.n_starts, 0);
	for (int i = 0; i < 3; i++)
		rig_node_lists(&r, names[i], r.now.wall_s, lacks_it);
	rig_turn(&r, 0);
	assert_string_equal(rig_starts(&r), "a");
	rig_done(&r);
}

static void rule_18_unknown_is_not_absent(void **state)
{
	struct rig r;
	(void)state;
	/* Cut off, for all we know. */
	static const struct rig_listed larger[] = {{{"x:1"}, 50 * MB}, {{NULL}, 0}};
	static const struct rig_listed five_names[] = {
		{{"u:1", "v:1", "w:1", "x:1", "y:1"}, 5 * MB}, {{NULL}, 0}};
	static const struct rig_listed empty[] = {{{NULL}, 0}};
	static const struct rig_listed *const lists[] = {larger, five_names, empty};
	for (int i = 0; i < 3; i++) {
		pulled_and_listed(&r);
		rig_turn(&r, 600 * S);
		rig_node_lists(&r, "a", r.now.wall_s, lists[i]);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts + r.acts.n_facts, 0);
		/* A smaller one comes in sight. */
		rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
		rig_turn(&r, 0);
		assert_int_equal(r.acts.n_starts, 1);
		rig_done(&r);
	}
}

/* The standby reads along: what it saw listed it can miss when it takes over. */
static void rule_18_noticed_by_the_next_leader(void **state)
{
	struct rig r;
	(void)state;
	pulled_and_listed(&r);
	rig_turn(&r, 1200 * S);
	for (int warm = 0; warm < 2; warm++) {
		rig_next_life(&r);
		if (warm)
			rig_node_lists(&r, "a", r.now.wall_s - 300, has_it);
		rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
		rig_lead(&r);
		rig_turn(&r, 0);
		/* The cold one does not know our size there: unknown, and nothing happens. */
		assert_int_equal(r.acts.n_starts, warm);
	}
	rig_done(&r);
}

/* 16, 18. The node lost it, or was installed again, while nobody looked: another lists its size. */
static void rule_18_lost_while_nobody_looked(void **state)
{
	static const struct rig_listed large[] = {
		{{"i:1"}, 20 * MB}, {{"x:1"}, 5 * MB}, {{NULL}, 0}};
	struct rig r;
	(void)state;
	pulled_and_listed(&r);
	rig_turn(&r, 1200 * S);
	for (int others = 0; others < 2; others++) {
		rig_next_life(&r);
		if (others)
			rig_node_lists(&r, "b", r.now.wall_s, large);
		rig_node_lists(&r, "a", r.now.wall_s, lacks_it);
		rig_lead(&r);
		rig_turn(&r, 0);
		size_t on_a = 0;
		for (size_t i = 0; i < r.acts.n_facts; i++)
			on_a += r.acts.facts[i].kind == FACT_EVICTED &&
				strcmp(r.acts.facts[i].node, "a") == 0;
		assert_int_equal(on_a, others);
	}
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_18_sizes_are_rounded_down),
		cmocka_unit_test(rule_18_proof),
		cmocka_unit_test(rule_17_what_is_there_is_not_pulled),
		cmocka_unit_test(rule_17_it_comes_by_itself),
		cmocka_unit_test(rule_19_digest_of_the_node),
		cmocka_unit_test(rule_19_digest_after_a_restart),
		cmocka_unit_test(rule_19_no_digest_without_a_pull),
		cmocka_unit_test(rule_17_targeted_nodes_only),
		cmocka_unit_test(rule_18_evicted_and_pulled_again),
		cmocka_unit_test(rule_18_under_pacing),
		cmocka_unit_test(rule_18_unknown_is_not_absent),
		cmocka_unit_test(rule_18_noticed_by_the_next_leader),
		cmocka_unit_test(rule_18_lost_while_nobody_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
